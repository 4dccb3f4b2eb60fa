import { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectWhenReady } from '../../temporal/ready.ts';
import {
  commandFor,
  ensureSearchAttributes,
  missingSearchAttributes,
} from '../../temporal/search-attributes.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const NAMES = ['AgosTenant', 'AgosArea', 'AgosLead', 'AgosStatus'];

describe('search attributes', () => {
  let server: TestServer;
  let connection: Connection;

  beforeAll(async () => {
    server = await startTestServer({});
    connection = await Connection.connect({ address: server.address });
  });
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  });

  test('a worker waits until they are there, says what to run, and goes on by itself', async () => {
    expect(await missingSearchAttributes(connection, 'default')).toEqual(NAMES);
    const said: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => said.push(line) });
    const waiting = connectWhenReady(server.target, log, new AbortController().signal);
    await expect
      .poll(() => said.join(''), { timeout: 10_000 })
      .toContain('temporal operator search-attribute create');
    expect(await ensureSearchAttributes(connection, 'default')).toEqual({ outcome: 'added' });
    await (await waiting).close();
    expect(said).toHaveLength(1);
    expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
    expect(await ensureSearchAttributes(connection, 'default')).toEqual({ outcome: 'present' });
  });

  test('a worker that is told to stop does not wait on', async () => {
    const target = { ...server.target, namespace: 'not-there' };
    const log = pino({ level: 'silent' });
    await expect(connectWhenReady(target, log, AbortSignal.timeout(500))).rejects.toThrow();
  });

  test('where the operator service is closed, as on Temporal Cloud, the command is printed', async () => {
    const refused = Object.assign(new Error('7 PERMISSION_DENIED'), { code: 7, details: '', metadata: {} });
    const operatorService = {
      listSearchAttributes: () => Promise.reject(refused),
      addSearchAttributes: () => Promise.reject(refused),
    } as unknown as Connection['operatorService'];
    const workflowService = {
      getSearchAttributes: async () => ({ keys: { AgosTenant: 2, AgosArea: 2 } }),
    } as unknown as Connection['workflowService'];
    expect(await ensureSearchAttributes({ operatorService, workflowService }, 'agency.a1b2c')).toEqual({
      outcome: 'refused',
      command:
        'tcld namespace search-attributes add --namespace agency.a1b2c --sa "AgosLead=Keyword" --sa "AgosStatus=Keyword"',
    });
    expect(commandFor('default', ['AgosLead'])).toBe(
      'temporal operator search-attribute create --namespace default --name AgosLead --type Keyword',
    );
  });
});
