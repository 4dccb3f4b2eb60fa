import {
  condition,
  continueAsNew,
  defineSignal,
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';

/** The shape of Temporal's own sample of a sliding window: a child for each record, which signals its parent when done. */

export type WindowInput = {
  pageSize: number;
  windowSize: number;
  offset: number;
  end: number;
  processed: number;
  open: number[];
};

type Activities = {
  upsertRecord(index: number): Promise<void>;
};

const { upsertRecord } = proxyActivities<Activities>({ startToCloseTimeout: '30s' });
const reportCompletion = defineSignal<[number]>('reportCompletion');

/** Splits the records among partitions and waits for all of them. */
export async function processBatch(input: {
  records: number;
  partitions: number;
  pageSize: number;
  windowSize: number;
}): Promise<number> {
  const { records, partitions, pageSize, windowSize } = input;
  const size = Math.ceil(records / partitions);
  const windows = Array.from({ length: partitions }, (_, index) =>
    executeChild(slidingWindow, {
      workflowId: `${workflowInfo().workflowId}/window-${index}`,
      args: [
        {
          pageSize,
          windowSize,
          offset: index * size,
          end: Math.min(records, (index + 1) * size),
          processed: 0,
          open: [],
        },
      ],
    }),
  );
  const counts = await Promise.all(windows);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Keeps a window of children open, and goes on with an empty history after each page. */
export async function slidingWindow(input: WindowInput): Promise<number> {
  const open = new Set(input.open);
  let { processed } = input;
  setHandler(reportCompletion, (record) => {
    // A child that was counted before may report once more.
    if (open.delete(record)) processed += 1;
  });
  const page = Math.min(input.end, input.offset + input.pageSize);
  for (let record = input.offset; record < page; record += 1) {
    await condition(() => open.size < input.windowSize);
    open.add(record);
    await startChild(recordProcessor, {
      workflowId: `${workflowInfo().workflowId}/record-${record}`,
      args: [record],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  }
  if (page < input.end) {
    await continueAsNew<typeof slidingWindow>({ ...input, offset: page, processed, open: [...open] });
  }
  await condition(() => open.size === 0);
  return processed;
}

/** Works on one record; the sample sleeps here for 1 to 10 s, this one upserts the row. */
export async function recordProcessor(record: number): Promise<void> {
  await upsertRecord(record);
  const parent = workflowInfo().parent;
  if (parent) await getExternalWorkflowHandle(parent.workflowId).signal(reportCompletion, record);
}
