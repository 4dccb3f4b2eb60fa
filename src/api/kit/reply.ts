import type { z } from '@hono/zod-openapi';
import type { LiveSource } from './live.ts';

/** What a route may answer with, by status. */
export type ResponseSpec = {
  description: string;
  /** Of a JSON body. */
  schema?: z.ZodType;
  /** Of a body that is no JSON, such as `text/csv`. */
  contentType?: string;
  /** An answer that goes on for as long as its source has something to say: `text/event-stream`. */
  live?: true;
  /** Headers that the answer carries, with what they say. */
  headers?: Record<string, string>;
};
export type ResponseSpecs = Record<number, ResponseSpec>;

type Common<Status> = {
  status: Status;
  headers?: Record<string, string>;
  /** Runs once the transaction is committed, before the answer goes out: starting a workflow, for example. */
  afterCommit?: () => Promise<unknown>;
  /** Fields of the body that are answered once: a repeated answer has them blank, since they are not stored. */
  secretFields?: readonly string[];
};

/** A reply that fits one of the declared responses. */
export type ReplyOf<Specs extends ResponseSpecs> = {
  [Status in keyof Specs & number]: Common<Status> &
    (Specs[Status] extends { schema: infer Schema extends z.ZodType }
      ? { body: z.input<Schema> }
      : Specs[Status] extends { contentType: string }
        ? { stream: string | ReadableStream<Uint8Array> }
        : Specs[Status] extends { live: true }
          ? { live: LiveSource }
          : { body?: undefined });
}[keyof Specs & number];

/** A reply once its types are no longer of interest. */
export type AnyReply = Common<number> & {
  body?: unknown;
  stream?: string | ReadableStream<Uint8Array>;
  live?: LiveSource;
};
