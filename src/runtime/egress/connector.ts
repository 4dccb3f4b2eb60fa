import { constants } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext, TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { type CertificateVerdict, judgeCertificate } from './certificate.ts';
import { type EgressGuard, pinnedLookup } from './guard.ts';

const CONNECT_TIMEOUT_MS = 8_000;

/** A certificate that a strict connection does not accept. */
export class CertificateRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'CertificateRefused';
  }
}

export type ConnectorDeps = {
  guard: EgressGuard;
  secureContext: SecureContext;
  now: () => Date;
  /** `verify` ends the connection over a certificate fault before a byte is sent, `judge` only reports it. */
  tls: 'verify' | 'judge';
  onCertificate: (verdict: CertificateVerdict) => void;
};

/** The authorities that browsers trust, and one more for development. */
export function createTrust(extraCa: string | undefined): SecureContext {
  const authorities = [...getCACertificates('default'), ...(extraCa === undefined ? [] : [extraCa])];
  return createSecureContext({ ca: authorities, secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT });
}

/** Connects to where the guard's answer says and nowhere else; literal hosts pass the guard too. */
export function pinnedConnector(deps: ConnectorDeps): buildConnector.connector {
  return (options, callback) => {
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
    deps.guard.resolve(options.hostname, port).then(
      (pinned) => connectorTo(deps, pinnedLookup(pinned))(options, judged(deps, options.hostname, callback)),
      (error) => callback(error, null),
    );
  };
}

/** Resumed sessions are off: a resumed handshake shows no certificate to judge. */
function connectorTo(deps: ConnectorDeps, lookup: ReturnType<typeof pinnedLookup>): buildConnector.connector {
  return buildConnector({
    lookup,
    secureContext: deps.secureContext,
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
  });
}

function judged(
  deps: ConnectorDeps,
  host: string,
  callback: buildConnector.Callback,
): buildConnector.Callback {
  return (...[error, socket]) => {
    if (error !== null) return callback(error, null);
    if (!(socket instanceof TLSSocket)) return callback(null, socket);
    const verdict = judgeCertificate(socket, host, deps.now());
    if (verdict.fault !== null && deps.tls === 'verify') {
      socket.destroy();
      return callback(new CertificateRefused(verdict.reason ?? 'The certificate is not valid.'), null);
    }
    deps.onCertificate(verdict);
    return callback(null, socket);
  };
}
