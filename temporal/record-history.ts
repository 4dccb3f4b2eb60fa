import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';
import { readConfig } from '../src/runtime/config.ts';
import { createDataConverter } from './codec/data-converter.ts';
import { openClient, readTemporalTarget } from './connection.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/**
 * The history of a workflow as replay takes it: JSON with the SDK's flags, without which a changed
 * activity goes unnoticed, and decrypted, so that a stored one needs no key.
 */
export async function exportHistory(
  client: Client,
  dataConverter: DataConverter,
  workflowId: string,
): Promise<string> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const [codec] = dataConverter.payloadCodecs ?? [];
  const json: unknown = JSON.parse(historyToJSON(history));
  return `${JSON.stringify(codec ? await decrypted(json, codec) : json, null, 2)}\n`;
}

async function decrypted(value: unknown, codec: PayloadCodec): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => decrypted(one, codec)));
  if (typeof value !== 'object' || value === null) return value;
  if (isPayload(value)) {
    const [payload] = await codec.decode([PayloadMessage.fromObject(value) as Payload]);
    return PayloadMessage.toObject(PayloadMessage.fromObject(payload ?? {}), { bytes: String });
  }
  const fields = Object.entries(value).map(
    async ([name, field]) => [name, await decrypted(field, codec)] as const,
  );
  return Object.fromEntries(await Promise.all(fields));
}

function isPayload(value: object): value is { metadata: object; data: string } {
  return (
    'metadata' in value &&
    typeof value.metadata === 'object' &&
    'data' in value &&
    typeof value.data === 'string'
  );
}

async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [workflowId, file] = positionals;
  if (!workflowId || !file) throw new Error('usage: node temporal/record-history.ts WORKFLOW_ID FILE');
  const dataConverter = createDataConverter(readConfig().AGOS_PAYLOAD_KEYS);
  const client = openClient(readTemporalTarget(), dataConverter);
  try {
    const history = await exportHistory(client, dataConverter, workflowId);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, history);
    console.log(file);
  } finally {
    await client.connection.close();
  }
}

if (import.meta.main) await main();
