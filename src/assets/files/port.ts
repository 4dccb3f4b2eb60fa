import type { Readable } from 'node:stream';
import { AgosError } from '../../kernel/errors.ts';

/** Where a file's bytes can lie. */
export type StorageProvider = 'folder' | 's3';

/** One file as a storage lists it. */
export type ListedFile = { path: string; sizeBytes: number; modifiedAt: Date };

export type ReadOptions = { startByte?: number; signal?: AbortSignal | undefined };

/** Keeps bytes under the paths of `paths.ts`; what it cannot do it says by a `StorageError`. */
export type FileStorage = {
  readonly provider: StorageProvider;
  /** Where it is, for people; holds no secret. */
  readonly where: string;
  /** Afterwards the file is there whole, or not at all. */
  put(path: string, file: { bytes: Uint8Array; digest: string; signal?: AbortSignal }): Promise<void>;
  /** The bytes from an offset on, as they lie there: whoever reads them checks them. */
  open(path: string, options?: ReadOptions): Promise<Readable>;
  list(): AsyncIterable<ListedFile>;
  remove(path: string): Promise<void>;
};

/**
 * `unreachable`, `busy` and `refused` pass, by themselves or when an operator mends a setting;
 * a file that is `gone` or `damaged` does not come back.
 */
export type StorageFault = 'unreachable' | 'busy' | 'refused' | 'gone' | 'damaged';

const RETRY_AFTER_SECONDS = { unreachable: 5, busy: 5, refused: 60 } as const;

/** A storage that fails: callers see a sentence that tells nothing of it, logs and `doctor` see `detail`. */
export class StorageError extends AgosError {
  readonly fault: StorageFault;
  /** What an operator needs to know; holds no secret. */
  readonly detail: string;

  constructor(
    fault: StorageFault,
    detail: string,
    about: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    if (fault === 'gone' || fault === 'damaged') {
      super('file_damaged', 'The stored file is gone or damaged.');
    } else {
      const retryAfterSeconds = about.retryAfterSeconds ?? RETRY_AFTER_SECONDS[fault];
      super('storage_unavailable', 'Files cannot be stored or read right now. Try again shortly.', {
        retryAfterSeconds,
      });
    }
    this.name = 'StorageError';
    this.fault = fault;
    this.detail = detail;
    this.cause = about.cause;
  }
}
