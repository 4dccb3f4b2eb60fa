import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { createAuthority } from '../../examples/server/authority.ts';

const DAY_MS = 86_400_000;
const CALLBACK = 'https://app.test/callback';
const SECRET = 'a client secret that is long enough for HS256';

/** A client of the provider: its id is the audience of the tokens that it gets. */
export const CLIENTS = { agos: 'RS256', elsewhere: 'RS256', weak: 'HS256' } as const;
export type Client = keyof typeof CLIENTS;

/** A certified OpenID provider, under TLS of a test authority, on a name of its own on loopback. */
export type OidcProvider = {
  issuer: string;
  /** What makes the product find and trust it, as in development. */
  reach: { allowTargets: string; extraCa: string };
  /** Claims of each person, by subject; a change counts from the next token on. */
  people: Map<string, Record<string, unknown>>;
  /** An ID token, got by the authorization code flow with PKCE over HTTP. */
  token(subject: string, client?: Client): Promise<string>;
  /** The public keys that are published now. */
  publicKeys(): Promise<JWK[]>;
  /** Signs with a new key from now on; the old one is gone. */
  rotate(): Promise<void>;
  /** How often its keys were read. */
  keyReads(): number;
  close(): Promise<void>;
};

/** Starts a provider. */
export async function startOidcProvider(name = 'login.test'): Promise<OidcProvider> {
  const authority = await createAuthority();
  const at = (days: number) => new Date(Date.now() + days * DAY_MS);
  const certificate = await authority.issue({ names: [name], notBefore: at(-1), notAfter: at(1) });
  const people = new Map<string, Record<string, unknown>>();
  let current: Provider;
  let keyReads = 0;
  const server = createServer(certificate, (request, response) => {
    if (request.url === '/jwks') keyReads += 1;
    void (request.url?.startsWith('/interaction/')
      ? letIn(current, request, response)
      : current.callback()(request, response));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const issuer = `https://${name}:${port}`;
  const ask = createAsk({ port, name, ca: authority.certificatePem });
  const rotate = async () => {
    current = new Provider(issuer, configuration(people, await newKey()));
  };
  await rotate();
  return {
    issuer,
    reach: { allowTargets: `${name}:${port}=127.0.0.1`, extraCa: authority.certificatePem },
    people,
    token: (subject, client = 'agos') => codeFlow(ask, subject, client),
    publicKeys: async () => JSON.parse((await ask('GET', '/jwks')).text).keys,
    rotate,
    keyReads: () => keyReads,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

function configuration(people: Map<string, Record<string, unknown>>, key: JWK): Configuration {
  return {
    clients: Object.entries(CLIENTS).map(([id, algorithm]) => ({
      client_id: id,
      client_secret: SECRET,
      redirect_uris: [CALLBACK],
      id_token_signed_response_alg: algorithm,
      token_endpoint_auth_method: 'client_secret_post' as const,
    })),
    jwks: { keys: [key as never] },
    cookies: { keys: ['a key for the cookies of a test'] },
    claims: { openid: ['sub', 'name', 'groups'] },
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'HS256'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, subject) => ({
      accountId: subject,
      claims: async () => ({ sub: subject, ...people.get(subject) }),
    }),
    ttl: {
      IdToken: 3_600,
      AccessToken: 3_600,
      AuthorizationCode: 60,
      Grant: 3_600,
      Interaction: 60,
      Session: 3_600,
    },
  };
}

/** Whoever is hinted at has typed a password and agreed. */
async function letIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const accountId = String(params.login_hint);
  const grant = new provider.Grant({ accountId, clientId: String(params.client_id) });
  grant.addOIDCScope('openid');
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { login: { accountId }, consent });
}

async function codeFlow(ask: Ask, subject: string, client: Client): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    login_hint: subject,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const cookies = new Map<string, string>();
  let next = `/auth?${query}`;
  for (let hop = 0; !next.startsWith(CALLBACK); hop += 1) {
    const answer = await ask('GET', next, { cookies });
    if (hop > 5 || !answer.location)
      throw new Error(`the provider stops at ${answer.status}: ${answer.text}`);
    next = answer.location.startsWith(CALLBACK) ? answer.location : pathOf(answer.location);
  }
  const code = new URL(next).searchParams.get('code');
  if (!code) throw new Error(`the provider gives no code: ${next}`);
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK,
    code_verifier: verifier,
    client_id: client,
    client_secret: SECRET,
  });
  const answer = await ask('POST', '/token', { form });
  return JSON.parse(answer.text).id_token;
}

/** The provider names itself in some of its redirects. */
function pathOf(location: string): string {
  const { pathname, search } = new URL(location, 'https://provider.test');
  return pathname + search;
}

type Ask = (
  method: string,
  path: string,
  options?: { cookies?: Map<string, string>; form?: URLSearchParams },
) => Promise<{ status: number; location: string | undefined; text: string }>;

/** A client that knows where the provider is and trusts its authority. */
function createAsk({ port, name, ca }: { port: number; name: string; ca: string }): Ask {
  return (method, path, { cookies = new Map(), form } = {}) =>
    new Promise((resolve, reject) => {
      const headers = {
        host: `${name}:${port}`,
        cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; '),
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      };
      const options = { method, path, port, host: '127.0.0.1', servername: name, ca, headers };
      const request = httpsRequest(options, async (response) => {
        for (const line of response.headers['set-cookie'] ?? []) {
          const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          cookies.set(key, value);
        }
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, text });
      });
      request.on('error', reject).end(form?.toString());
    });
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), alg: 'RS256', use: 'sig' };
}
