import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import type { OwnedProcess } from '../owned.ts';

const START_TIMEOUT_MS = 30_000;

export type SearchAttributeType = 'Keyword' | 'KeywordList' | 'Text' | 'Int' | 'Double' | 'Bool' | 'Datetime';
export type SearchAttributes = Record<string, SearchAttributeType>;

/** Numbers of `temporal.api.enums.v1.IndexedValueType`. */
const TYPE_NUMBERS: Record<SearchAttributeType, number> = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
};

/**
 * Waits until a server that we started serves with these search attributes; else says what happened.
 * `start-dev` registers its own only in a new state file: those that came later are added here.
 */
export async function untilServing(
  address: string,
  searchAttributes: SearchAttributes,
  child: OwnedProcess,
): Promise<string | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let problem = 'nothing listens';
  while (Date.now() < deadline) {
    if (child.hasExited()) return await child.exited;
    if (await isListening(address)) {
      try {
        await addSearchAttributes({ address }, 'default', searchAttributes);
        return undefined;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    }
    await sleep(50);
  }
  return `not ready after ${START_TIMEOUT_MS / 1000} s: ${problem}`;
}

async function addSearchAttributes(
  options: ConnectionOptions,
  namespace: string,
  wanted: SearchAttributes,
): Promise<void> {
  await withConnection(options, async (connection) => {
    const missing = await listMissing(connection, namespace, Object.keys(wanted));
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, TYPE_NUMBERS[wanted[name]!]]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  });
}

async function listMissing(
  connection: Connection,
  namespace: string,
  wanted: readonly string[],
): Promise<string[]> {
  await connection.workflowService.describeNamespace({ namespace });
  if (wanted.length === 0) return [];
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return wanted.filter((name) => !(name in (customAttributes ?? {})));
}

/** Connects for one use; all of it has half a minute. */
export async function withConnection<T>(
  options: ConnectionOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ connectTimeout: '10s', ...options });
  try {
    return await connection.withDeadline(Date.now() + 30_000, () => use(connection));
  } finally {
    await connection.close();
  }
}

function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connectTcp(Number(port), host!);
    const answer = (listening: boolean) => (): void => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });
}
