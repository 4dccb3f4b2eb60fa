import { setTimeout as sleep } from 'node:timers/promises';
import type { temporal } from '@temporalio/proto';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { openClient, readTemporalTarget } from '../../temporal/connection.ts';
import { triageWorkflowId } from '../../workflows/triage/triage-room/messages.ts';
import type { BenchStack } from '../harness/stack.ts';
import type { Settled } from './follow-lead.ts';

/** One part of a lead's time: ms after the request was sent, ms that it waited for a worker, ms that it took. */
export type Part = { name: string; beginsMs: number; waitsMs: number; takesMs: number };

export type Marks = {
  tenant: string;
  leadId: string;
  /** In ms since 1970, as our client saw them. */
  sentMs: number;
  answeredMs: number;
} & Settled;

const NAMES: Record<string, string> = {
  beginTriage: 'lead marked as being scanned',
  fetchSite: 'fetch over HTTP',
  inspectPage: 'browser: phone and desktop, screenshots',
  measurePage: 'Lighthouse',
  checkLinks: 'links, beside Lighthouse',
  scoreAudit: 'score committed',
  summariseAudit: 'summary (no model)',
  writeReport: 'report',
  finishTriage: 'result committed',
};

/** Reads the history of a lead's scan and cuts its time into parts, the whole of it last. */
export async function partsOf(stack: BenchStack, marks: Marks): Promise<Part[]> {
  const client = openClient(readTemporalTarget(stack.variables), createDataConverter(undefined));
  try {
    const handle = client.workflow.getHandle(triageWorkflowId(marks.tenant, marks.leadId));
    // The event arrives before the workflow has heard that its last step is done.
    while ((await handle.describe()).status.name === 'RUNNING') await sleep(50);
    const { events } = await handle.fetchHistory();
    return toParts(events ?? [], marks);
  } finally {
    await client.connection.close();
  }
}

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

function toParts(
  events: readonly HistoryEvent[],
  { sentMs, answeredMs, committedMs, deliveredMs }: Marks,
): Part[] {
  const at = (event: HistoryEvent | undefined): number =>
    Number(event?.eventTime?.seconds) * 1000 + (event?.eventTime?.nanos ?? 0) / 1e6 - sentMs;
  const begun = at(events.find((event) => event.workflowExecutionStartedEventAttributes));
  const steps = events.flatMap((event): Part[] => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (!scheduled) return [];
    const of = (id: unknown) => String(id) === String(event.eventId);
    const started = events.find((one) => of(one.activityTaskStartedEventAttributes?.scheduledEventId));
    const done = events.find((one) => of(one.activityTaskCompletedEventAttributes?.scheduledEventId));
    const name = scheduled.activityType?.name ?? '';
    const begins = at(started);
    return [
      {
        name: NAMES[name] ?? name,
        beginsMs: begins,
        waitsMs: begins - at(event),
        takesMs: at(done) - begins,
      },
    ];
  });
  return [
    { name: 'request answered', beginsMs: 0, waitsMs: 0, takesMs: answeredMs - sentMs },
    { name: 'workflow started', beginsMs: 0, waitsMs: 0, takesMs: begun },
    ...steps,
    {
      name: 'event delivered',
      beginsMs: committedMs - sentMs,
      waitsMs: 0,
      takesMs: deliveredMs - committedMs,
    },
    { name: '**from request to event**', beginsMs: 0, waitsMs: 0, takesMs: deliveredMs - sentMs },
  ];
}
