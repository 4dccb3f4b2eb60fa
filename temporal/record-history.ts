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
 * activity goes unnoticed; decrypted, so that a stored one needs no key; without the machine's name and paths.
 */
export async function exportHistory(
  client: Client,
  dataConverter: DataConverter,
  workflowId: string,
): Promise<string> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const [codec] = dataConverter.payloadCodecs ?? [];
  const decoded = await mapObjects(JSON.parse(historyToJSON(history)), async (value) =>
    codec && isPayload(value) ? decrypt(codec, value) : value,
  );
  return `${JSON.stringify(await mapObjects(decoded, async (value) => anonymous(value)), null, 2)}\n`;
}

type JsonObject = Record<string, unknown>;

/** Replaces every object of a JSON value, the outer ones before what stands in them. */
async function mapObjects(
  value: unknown,
  replace: (value: JsonObject) => Promise<JsonObject>,
): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => mapObjects(one, replace)));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(await replace(value as JsonObject)).map(
    async ([name, field]) => [name, await mapObjects(field, replace)] as const,
  );
  return Object.fromEntries(await Promise.all(fields));
}

function isPayload(value: JsonObject): boolean {
  return typeof value.metadata === 'object' && typeof value.data === 'string';
}

async function decrypt(codec: PayloadCodec, value: JsonObject): Promise<JsonObject> {
  const [payload] = await codec.decode([PayloadMessage.fromObject(value) as Payload]);
  return PayloadMessage.toObject(PayloadMessage.fromObject(payload ?? {}), { bytes: String });
}

/** Failures lose their stack and, where it was encoded, get their message back in plain. */
function anonymous(value: JsonObject): JsonObject {
  const { encodedAttributes, ...rest } = value;
  if (typeof rest.identity === 'string') rest.identity = 'recorded';
  // A worker's own (sticky) queue is named after its machine.
  if (typeof rest.normalName === 'string') rest.name = 'recorded';
  if (typeof rest.stackTrace === 'string') rest.stackTrace = '';
  if (typeof encodedAttributes !== 'object' || encodedAttributes === null) return rest;
  const { data } = encodedAttributes as { data?: string };
  const { message } = JSON.parse(Buffer.from(data ?? '', 'base64').toString()) as { message: string };
  return { ...rest, message };
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
