import {
  connect,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../../../examples/server/authority.ts';

const UNAUTHENTICATED = '16';

export type TlsFront = {
  address: string;
  /** PEM of the authority that signed the front's certificate. */
  authority: string;
  /** How many calls came with the right key, and how many were refused. */
  calls: { admitted: number; refused: number };
  close(): Promise<void>;
};

/** Stands in for Temporal Cloud: gRPC over TLS that demands an API key and passes the rest on. */
export async function startTlsFront(upstream: string, apiKey: string): Promise<TlsFront> {
  const authority = await createAuthority();
  const term = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const { cert, key } = await authority.issue({ names: ['localhost'], ...term });
  const calls = { admitted: 0, refused: 0 };
  const behind = connect(`http://${upstream}`);
  const front = createSecureServer({ cert, key, ALPNProtocols: ['h2'] });
  const sessions = new Set<{ destroy(): void }>();
  front.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  front.on('stream', (stream, headers) => {
    const admitted = headers.authorization === `Bearer ${apiKey}`;
    calls[admitted ? 'admitted' : 'refused'] += 1;
    if (admitted) pass(behind, stream, headers);
    else refuse(stream);
  });
  const port = await listen(front);
  return {
    address: `localhost:${port}`,
    authority: authority.certificatePem,
    calls,
    close: async () => {
      behind.destroy();
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

function refuse(stream: ServerHttp2Stream): void {
  const trailers = { 'grpc-status': UNAUTHENTICATED, 'grpc-message': 'Request unauthorized.' };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
}

function pass(
  behind: ReturnType<typeof connect>,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): void {
  const { authorization: _, ...rest } = headers;
  const call = behind.request({ ...rest, ':scheme': 'http' });
  let trailers: IncomingHttpHeaders = {};
  stream.on('error', () => call.close());
  stream.on('aborted', () => call.close());
  call.on('error', () => stream.close());
  call.on('trailers', (sent) => {
    trailers = sent;
  });
  call.on('response', (answer, flags) => {
    const isTrailersOnly = (flags & 1) === 1;
    stream.respond(answer, isTrailersOnly ? { endStream: true } : { waitForTrailers: true });
    if (isTrailersOnly) return;
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    call.pipe(stream);
  });
  stream.pipe(call);
}

async function listen(server: Http2SecureServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
