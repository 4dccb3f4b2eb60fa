import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SiteHoldError } from '../../src/kernel/holds.ts';
import { explainNavigationFault } from '../../src/sites/browser/navigation-fault.ts';
import { holdFor } from '../../src/sites/lighthouse/fault.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Where holds and the faults they are made of begin. */
const SOURCES = [
  'src/{sites,runtime/egress}/**/*.ts',
  'src/triage/triage-room/*.ts',
  'src/journal/runs/*.ts',
  'activities/journal/*.ts',
  'workflows/triage/triage-room/workflow.ts',
];
/** A statement that makes one, and the sentences that the tables and signs behind some of them hold. */
const MADE =
  /new (?:SiteHoldError|FetchFault|EgressRefused|CertificateRefused)\([^;]*|\b(?:message|reason): [^\n]*/g;
const TABLES = /^src\/(?:sites\/fetch\/(?:walls|parked)|runtime\/egress\/(?:exchange|certificate))\.ts$/;
const LITERAL = /'[^'\n]*'|`[^`]*`/g;

const NET_CODES = [
  'ABORTED ADDRESS_UNREACHABLE BAD_SSL_CLIENT_AUTH_CERT CERT_AUTHORITY_INVALID CERT_COMMON_NAME_INVALID',
  'CONNECTION_CLOSED CONNECTION_FAILED CONNECTION_REFUSED CONNECTION_RESET CONNECTION_TIMED_OUT',
  'CONTENT_DECODING_FAILED EMPTY_RESPONSE HTTP2_PROTOCOL_ERROR INCOMPLETE_CHUNKED_ENCODING INVALID_RESPONSE',
  'INVALID_REDIRECT NAME_NOT_RESOLVED NETWORK_CHANGED PROXY_CONNECTION_FAILED RESPONSE_HEADERS_TOO_BIG',
  'SSL_PROTOCOL_ERROR SSL_VERSION_OR_CIPHER_MISMATCH TIMED_OUT TOO_MANY_REDIRECTS TUNNEL_CONNECTION_FAILED',
  'UNKNOWN_URL_SCHEME UNSAFE_REDIRECT SOME_CODE_OF_TOMORROW',
].flatMap((line) => line.split(' '));

const LIGHTHOUSE_CODES = [
  'NO_FCP PAGE_HUNG PROTOCOL_TIMEOUT CRI_TIMEOUT TARGET_CRASHED DNS_FAILURE FAILED_DOCUMENT_REQUEST',
  'CHROME_INTERSTITIAL_ERROR NOT_HTML',
].flatMap((line) => line.split(' '));

/** Every message that a hold may carry: what the browser's and Lighthouse's codes become, and what the source writes. */
export function holdMessages(): string[] {
  const opened = NET_CODES.map((code) => {
    const error = new Error(`page.goto: net::ERR_${code} at https://acme.example/\nCall log: navigating`);
    return messageOf(explainNavigationFault(error, 'https://acme.example/'));
  });
  const measured = LIGHTHOUSE_CODES.map((code) => messageOf(holdFor(code)));
  return [...opened, ...measured, ...writtenMessages()];
}

function messageOf(error: unknown): string {
  if (!(error instanceof SiteHoldError)) throw new Error(`no hold: ${String(error)}`);
  return error.hold.message;
}

/** The sentences in the source, with a word for whatever is filled in. */
function writtenMessages(): string[] {
  const files = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
  return files
    .filter((file) => !/\.test\.ts$|test-servers/.test(file))
    .flatMap((file) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const made = TABLES.test(file) ? [source] : (source.match(MADE) ?? []);
      return made.flatMap((statement) => statement.match(LITERAL) ?? []);
    })
    .map((literal) => literal.slice(1, -1).replace(/\$\{[^}]*\}/g, 'something'))
    .filter((text) => / [a-z]+ /.test(text));
}
