import { StorageError } from '../../assets/files/port.ts';

type About = { bucket: string; region: string };
/** What the SDK's errors have in common; network errors have no `$metadata`. */
type SdkError = Error & {
  code?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
};

/** Runs a call and maps what it throws; a caller that gave up gets its own reason back. */
export function mappingErrors(about: About) {
  return async <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw toStorageError(error, about);
    }
  };
}

const REFUSALS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccountProblem',
  'AuthorizationHeaderMalformed',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'PermanentRedirect',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/** Sorts the SDK's errors: those without a status first, since they never reached the store. */
export function toStorageError(error: unknown, about: About): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error;
  const { name, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  if (name === 'CredentialsProviderError') return refused(error, 'No credentials were found.');
  if (status === undefined) {
    const code = networkCode(error);
    if (code === null) return error;
    return new StorageError('unreachable', `The store of bucket ${about.bucket} did not answer (${code}).`, {
      cause: error,
    });
  }
  if (name === 'NoSuchBucket') return refused(error, `There is no bucket ${about.bucket}.`);
  if (name === 'NoSuchKey' || name === 'InvalidRange') {
    return new StorageError('gone', `There is no such object (${name}).`, { cause: error });
  }
  if (REFUSALS.has(name) || (status >= 300 && status < 400) || [401, 403, 404].includes(status)) {
    return refused(error, `The store refuses bucket ${about.bucket} in ${about.region} (${status} ${name}).`);
  }
  return new StorageError('busy', `The store answered ${status} (${name}).`, {
    cause: error,
    ...retryAfter(error as SdkError),
  });
}

/** Why a request had no answer; null for an error of our own making. */
function networkCode({ name, code }: SdkError): string | null {
  if (name === 'TimeoutError' || name === 'AbortError') return 'time limit';
  return typeof code === 'string' ? code : null;
}

function refused(cause: Error, detail: string): StorageError {
  return new StorageError('refused', detail, { cause });
}

const LONGEST_WAIT_SECONDS = 300;

function retryAfter({ $response }: SdkError): { retryAfterSeconds?: number } {
  const seconds = Math.ceil(Number($response?.headers?.['retry-after']));
  return seconds > 0 ? { retryAfterSeconds: Math.min(seconds, LONGEST_WAIT_SECONDS) } : {};
}
