import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** What a browser with a correct clock would say of a connection's certificate. */
export type CertificateVerdict = {
  /** An expired site certificate counts before any other fault of chain, name or date. */
  fault: 'expired' | 'invalid' | null;
  reason: string | null;
  validTo: string | null;
  issuer: string | null;
  subject: string | null;
};

const MAX_NAME_CHARACTERS = 200;

const UNTRUSTED = 'The certificate comes from an authority that browsers do not trust.';
const NOT_FOR_SITES = 'The certificate, or one that it rests on, was not issued for websites.';
const UNREADABLE = 'The certificate, or one that it rests on, is damaged and cannot be checked.';

const REASONS: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'The certificate is signed by itself, not by an authority that browsers trust.',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'The server leaves out the certificates that link it to a trusted authority.',
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_REJECTED: UNTRUSTED,
  CERT_HAS_EXPIRED: 'A certificate in the chain above the site has expired.',
  CERT_NOT_YET_VALID: 'The certificate is not valid yet.',
  CERT_REVOKED: 'The certificate has been revoked.',
  CERT_CHAIN_TOO_LONG: NOT_FOR_SITES,
  PATH_LENGTH_EXCEEDED: NOT_FOR_SITES,
  INVALID_CA: NOT_FOR_SITES,
  INVALID_PURPOSE: NOT_FOR_SITES,
  CERT_SIGNATURE_FAILURE: UNREADABLE,
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: UNREADABLE,
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: UNREADABLE,
  ERROR_IN_CERT_NOT_BEFORE_FIELD: UNREADABLE,
  ERROR_IN_CERT_NOT_AFTER_FIELD: UNREADABLE,
};

/** What OpenSSL's code for a certificate that it does not accept means; weak keys have no code of their own. */
export function certificateFault(code: string): string {
  return REASONS[code] ?? 'The certificate cannot be verified, or its key is too weak for browsers.';
}

/** Judges the certificate of a finished handshake that went on over any fault. */
export function judgeCertificate(socket: TLSSocket, host: string, now: Date): CertificateVerdict {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return {
      fault: 'invalid',
      reason: 'The server shows no certificate.',
      validTo: null,
      issuer: null,
      subject: null,
    };
  }
  return {
    ...faultOf(socket, certificate, host, now),
    validTo: isoOrNull(certificate.validToDate),
    issuer: nameIn(certificate.issuer),
    subject: nameIn(certificate.subject),
  };
}

function faultOf(
  socket: TLSSocket,
  certificate: X509Certificate,
  host: string,
  now: Date,
): Pick<CertificateVerdict, 'fault' | 'reason'> {
  const validTo = isoOrNull(certificate.validToDate);
  if (validTo !== null && certificate.validToDate < now) {
    return { fault: 'expired', reason: `The certificate expired on ${validTo.slice(0, 10)}.` };
  }
  if (certificate.validFromDate > now)
    return { fault: 'invalid', reason: certificateFault('CERT_NOT_YET_VALID') };
  if (socket.authorized) return { fault: null, reason: null };
  const code = String(socket.authorizationError);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = namesOf(certificate);
    return { fault: 'invalid', reason: `The certificate is for another name (${names}), not for ${host}.` };
  }
  return { fault: 'invalid', reason: certificateFault(code) };
}

function namesOf(certificate: X509Certificate): string {
  const names = (certificate.subjectAltName ?? '').replace(/\b(DNS|IP Address):/g, '');
  return plain(names) || nameIn(certificate.subject) || 'none given';
}

/** The common name, or else the organization, of a multi-line distinguished name. */
function nameIn(distinguishedName: string | undefined): string | null {
  const lines = (distinguishedName ?? '').split('\n');
  const line = lines.find((part) => part.startsWith('CN=')) ?? lines.find((part) => part.startsWith('O='));
  return line === undefined ? null : plain(line.slice(line.indexOf('=') + 1));
}

function isoOrNull(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** A certificate is a stranger's text: no control characters, and not endless. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, ' ').slice(0, MAX_NAME_CHARACTERS);
}
