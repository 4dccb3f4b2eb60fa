import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import type { Issuer } from '../../src/access/identity/tokens.ts';
import { TEST_ISSUER } from './tenant.ts';

export const TEST_AUDIENCE = 'agos-test';

/** An OIDC issuer as far as AgOS uses one: a key endpoint on a real socket, and tokens signed by its keys. */
export type TestIdentityProvider = {
  issuer: Issuer;
  /** Public key in PEM, as anybody can get it. */
  publicPem: string;
  /** A token of this subject; claims and header override what a proper one has. */
  token(subject: string, claims?: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>;
  /** A token under a published RSA key, by an algorithm of the caller's choice. */
  rsaToken(subject: string, algorithm: string): Promise<string>;
  /** How often the keys were fetched. */
  fetches(): number;
  close(): Promise<void>;
};

/** Starts an issuer with one ES256 key. */
export async function startIdentityProvider(): Promise<TestIdentityProvider> {
  const published: JWK[] = [];
  const current = await newKey();
  const rsa = await newRsaKey();
  published.push(current.jwk, rsa.jwk);
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    issuer: { issuer: TEST_ISSUER, audience: TEST_AUDIENCE, jwksUrl: `http://127.0.0.1:${port}/keys` },
    publicPem: current.publicPem,
    token: (subject, claims = {}, header = {}) =>
      new SignJWT({ iss: TEST_ISSUER, aud: TEST_AUDIENCE, sub: subject, exp: inMinutes(5), ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: current.jwk.kid!, ...header })
        .sign(current.privateKey),
    rsaToken: async (subject, algorithm) =>
      new SignJWT({ iss: TEST_ISSUER, aud: TEST_AUDIENCE, sub: subject, exp: inMinutes(5) })
        .setProtectedHeader({ alg: algorithm, kid: rsa.jwk.kid! })
        .sign(rsa.privateKey),
    fetches: () => fetches,
    close: () => closeServer(server),
  };
}

/** Seconds since 1970, so many minutes from now. */
export const inMinutes = (minutes: number): number => Math.floor(Date.now() / 1000) + minutes * 60;

type Key = { privateKey: CryptoKey; jwk: JWK; publicPem: string };

async function newKey(): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), alg: 'ES256', use: 'sig' };
  return { privateKey, jwk, publicPem: await exportSPKI(publicKey) };
}

/** Published without `alg`, as some issuers do: then only the server's own list limits the algorithm. */
async function newRsaKey(): Promise<{ privateKey: KeyObject; jwk: JWK }> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), use: 'sig' } };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((closed) => server.close(() => closed()));
}
