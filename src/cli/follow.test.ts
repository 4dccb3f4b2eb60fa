import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from './client.ts';
import { EXIT } from './exit.ts';
import { type Asked, askTriage } from './follow.ts';
import { acting } from './output.ts';

type Reply = { status: number; body: object };

const failing = (status: number, error: string, message: string): Reply => ({
  status,
  body: { error, message },
});
const UNAVAILABLE = failing(503, 'database_unavailable', 'The database does not answer. Try again.');
const LIVE_LEAD: Reply = { status: 409, body: { error: 'lead_exists', details: { lead_id: 'lead-1' } } };

/** Asks for one triage; the API gives these replies in order. */
async function ask(
  ...replies: Reply[]
): Promise<{ asked: Asked | undefined; said: string; exitCode: unknown }> {
  const server = createServer((_request, response) => {
    const { status, body } = replies.shift() ?? failing(500, 'internal_error', 'Nobody expected this call.');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exitCodeBefore = process.exitCode;
  onTestFinished(() => {
    stderr.mockRestore();
    process.exitCode = exitCodeBefore;
    server.closeAllConnections();
    server.close();
  });
  const client = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'agos_key');
  let asked: Asked | undefined;
  await acting(false, async () => {
    asked = await askTriage(client, 'https://shop.example');
    return EXIT.ok;
  });
  return { asked, said: stderr.mock.calls.map(([text]) => text).join(''), exitCode: process.exitCode };
}

test.each([502, 503, 504])('an answer %i refuses no URL: the stack is not reachable', async (status) => {
  // sabotage: src/cli/follow.ts :: error.unreachable || error.status === 401) throw error; => error.status === 401) throw error;
  const away = { ...UNAVAILABLE, status };
  const { asked, exitCode, said } = await ask(away);
  expect([asked, exitCode]).toEqual([undefined, EXIT.unreachable]);
  expect(said).toBe('The database does not answer. Try again.\n');
});

test('servers that go away before a live lead is asked for again are not reachable either', async () => {
  const { asked, exitCode } = await ask(LIVE_LEAD, UNAVAILABLE);
  expect([asked, exitCode]).toEqual([undefined, EXIT.unreachable]);
});

test('a key that is not valid refuses the whole command with the one sentence of the API', async () => {
  // sabotage: src/cli/follow.ts :: || error.status === 401) throw error; => ) throw error;
  const { asked, exitCode, said } = await ask(
    failing(401, 'token_invalid', 'The bearer token is not valid.'),
  );
  expect([asked, exitCode]).toEqual([undefined, EXIT.refused]);
  expect(said).toBe('The bearer token is not valid.\n');
});

test('what the API has against one URL refuses that URL only', async () => {
  const { asked, exitCode } = await ask(failing(422, 'url_target_forbidden', 'That address is private.'));
  expect(asked).toMatchObject({ url: 'https://shop.example', refused: { code: 'url_target_forbidden' } });
  expect(exitCode).toBe(EXIT.ok);
});

test('a live lead is asked for again instead of being refused', async () => {
  const { asked } = await ask(LIVE_LEAD, { status: 202, body: { id: 'run-1' } });
  expect(asked).toEqual({ url: 'https://shop.example', refused: null, leadId: 'lead-1', runId: 'run-1' });
});
