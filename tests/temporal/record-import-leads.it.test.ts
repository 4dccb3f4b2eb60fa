import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import {
  IMPORT_CANCEL_SIGNAL,
  IMPORT_LEADS,
  IMPORT_LEADS_QUEUE,
  IMPORT_START,
} from '../../workflows/leads/import-leads/messages.ts';
import { type ImportRoom, startImportRoom } from '../support/import-room.ts';
import { createTenant } from '../support/tenant.ts';

const FOLDER = join(import.meta.dirname, '../../workflows/leads/import-leads/histories');
const CSV = `url\n${Array.from({ length: 6 }, (_, n) => `lead-${n}.example`).join('\n')}\n`;
/** Small steps, so that a history shows several calls of each activity. */
const LIMITS = {
  window: 2,
  pollMs: 50,
  pumpMs: 1,
  reportMs: 0,
  read: { chunkLines: 2, lines: 4, durationMs: 60_000 },
};

// Histories are kept from before a change, so that replay proves the change: they are only recorded on demand.
describe.runIf(process.env.AGOS_RECORD_HISTORIES)('histories of the lead import', () => {
  let room: ImportRoom;
  let settling: { stop(): Promise<void> };
  beforeAll(async () => {
    room = await startImportRoom();
    settling = room.settleEverything();
  });
  beforeEach(async () => {
    room.tenant = await createTenant(room.app.database);
  });
  afterAll(async () => {
    await settling?.stop();
    await room?.close();
  });

  const record = async (handle: WorkflowHandle, name: string): Promise<void> => {
    await handle.result();
    const history = await exportHistory(room.client, createDataConverter(undefined), handle.workflowId);
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, `${name}.json`), history);
  };

  test('completed', async () => {
    await room.startWorker('settled', LIMITS);
    const { handle } = await room.upload(CSV);
    await record(handle, 'completed');
  });

  test('failed', async () => {
    const { handle } = await room.upload('name,phone\nA,1\n');
    await record(handle, 'failed');
  });

  test('continued from a position', async () => {
    await room.stopWorker();
    const { id, handle, input } = await room.upload(CSV);
    await handle.terminate('started again below, as if it had continued');
    await room.startWorker('settled', LIMITS);
    const resume = {
      ...IMPORT_START,
      phase: 'triaging',
      offset_bytes: CSV.length,
      next_line: 8,
      lines_read: 6,
    };
    const again = await room.client.workflow.start(IMPORT_LEADS, {
      workflowId: handle.workflowId,
      taskQueue: IMPORT_LEADS_QUEUE,
      args: [{ ...input, batch_id: id, resume }],
    });
    await record(again, 'continued');
  });

  test('cancelled', async () => {
    await settling.stop();
    await room.startWorker('left open', { ...LIMITS, pumpMs: 60_000 });
    const { handle } = await room.upload(CSV);
    await expect.poll(async () => (await room.openScans()).size, { timeout: 15_000 }).toBe(2);
    await handle.signal(IMPORT_CANCEL_SIGNAL, { reason: 'Wrong file.' });
    await record(handle, 'cancelled');
  });
});
