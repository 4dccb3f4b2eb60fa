import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import {
  CANCEL_SIGNAL,
  DECIDE_UPDATE,
  PROGRESS_QUERY,
  type TriageProgress,
} from '../../workflows/triage/triage-room/messages.ts';
import { TEST_CAPS } from '../support/requests.ts';
import { gate, holds } from '../support/stored-scanner.ts';
import { type Lead, startTriageRoom, type TriageRoom, WAITS_LONG } from '../support/triage-room.ts';

const FOLDER = join(import.meta.dirname, '../../workflows/triage/triage-room/histories');

// Histories are kept from before a change, so that replay proves the change: they are only recorded on demand.
describe.runIf(process.env.AGOS_RECORD_HISTORIES)('histories of the triage room', () => {
  let room: TriageRoom;
  beforeAll(async () => {
    room = await startTriageRoom();
  });
  afterAll(() => room?.close());

  const record = async (lead: Lead, name: string): Promise<void> => {
    await room.handle(lead).result();
    const history = await exportHistory(room.client, createDataConverter(room.payloadKeys), lead.workflowId);
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, `${name}.json`), history);
  };

  test('qualified', async () => {
    const lead = await room.lead('hartleys-plumbing');
    await room.triage(lead);
    await record(lead, 'qualified');
  });

  test('held', async () => {
    const lead = await room.lead('hartleys-plumbing', { on: { inspect: holds('browser_crashed') } });
    await room.triage(lead);
    await record(lead, 'held');
  });

  test('decided by a person', async () => {
    const lead = await room.lead('hartleys-plumbing', { industry: WAITS_LONG });
    await room.triage(lead);
    await room.untilAwaiting(lead);
    await room.gateway.update(lead.workflowId, DECIDE_UPDATE, {
      outcome: 'disqualified',
      reason: 'Known to us.',
    });
    await record(lead, 'decided');
  });

  test('paused', async () => {
    await room.startWorker({ caps: { ...TEST_CAPS, tenantMicroUsd: 450 } });
    const lead = await room.lead('hartleys-plumbing');
    await room.triage(lead);
    const paused = async () => (await room.handle(lead).query<TriageProgress>(PROGRESS_QUERY)).paused;
    await expect.poll(paused, { timeout: 20_000 }).not.toBeNull();
    await room.startWorker();
    await record(lead, 'paused');
  });

  test('cancelled', async () => {
    const at = gate();
    const lead = await room.lead('hartleys-plumbing', { on: { measure: at.behaviour } });
    await room.triage(lead);
    await at.reached;
    await room.handle(lead).signal(CANCEL_SIGNAL, { reason: 'Wrong lead.' });
    await record(lead, 'cancelled');
  });
});
