import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { PeerCertificate, TLSSocket } from 'node:tls';

/** Where the tests' requests really go, and whom they trust. */
export type Target = { address: string; port: number; certificatePem: string };

export type Reply = { status: number; headers: IncomingMessage['headers']; body: Buffer };

export type CertificateShown = { certificate: PeerCertificate; verdict: string | null };

/** Asks a served site by its real name; trusts the demo authority alone. */
export function ask(
  target: Target,
  url: string,
  init: { method?: string; host?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = new URL(url);
    const request = asked.protocol === 'https:' ? requestHttps : requestHttp;
    const options = {
      host: target.address,
      port: target.port,
      path: url.slice(asked.origin.length),
      method: init.method ?? 'GET',
      servername: asked.hostname,
      ca: target.certificatePem,
      headers: { host: init.host ?? asked.host },
      agent: false as const,
    };
    const req = request(options, (res) => {
      const parts: Buffer[] = [];
      res.on('data', (part: Buffer) => parts.push(part));
      res.once('end', () =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(parts) }),
      );
      res.once('error', reject);
    });
    req.once('error', reject);
    req.end();
  });
}

/** Shakes hands with a served site and returns the certificate it showed and what OpenSSL thinks of it. */
export function certificateOf(target: Target, host: string): Promise<CertificateShown> {
  return new Promise((resolve, reject) => {
    const options = {
      host: target.address,
      port: target.port,
      servername: host,
      ca: target.certificatePem,
      headers: { host: `${host}:${target.port}` },
      agent: false as const,
      rejectUnauthorized: false,
    };
    const req = requestHttps(options, (res) => {
      const socket = res.socket as TLSSocket;
      const verdict: unknown = socket.authorizationError;
      const certificate = socket.getPeerCertificate();
      res.destroy();
      resolve({ certificate, verdict: verdict ? String(verdict) : null });
    });
    req.once('error', reject);
    req.end();
  });
}
