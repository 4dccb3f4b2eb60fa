import type { z } from '@hono/zod-openapi';
import type { Identity } from '../../access/identity/identity.ts';
import type { Permission } from '../../access/identity/permissions.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import type { TenantScope } from '../../kernel/actor.ts';
import type { ErrorCode } from '../../kernel/errors.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import type { Paging } from './paging.ts';
import type { AnyReply, ReplyOf, ResponseSpecs } from './reply.ts';

type TransactionMode = 'none' | 'each' | 'read_once';
export type Method = 'get' | 'post' | 'patch' | 'delete';

/** A body that is no JSON: its bytes, in one of these media types. */
export type BytesBody = { bytes: readonly string[] };
export type BodySpec = z.ZodType | BytesBody;

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<string, never>;
type ParsedBody<Body> = Body extends BytesBody
  ? { bytes: Uint8Array<ArrayBuffer>; mime: string }
  : Body extends z.ZodType
    ? z.output<Body>
    : undefined;

/** What every handler gets beside its parsed input. */
export type HandlerBase = {
  identity: Identity;
  scope: TenantScope;
  now: Date;
  requestId: string;
  /** Network address of the caller, and what their program calls itself, for the audit log. */
  address: string | null;
  userAgent: string | null;
  /** Its transactions have the patience of a request, unless told otherwise. */
  db: Database;
  headers: Headers;
  /** Who the caller is by now, for answers that go on: throws what the beginning of a request throws. */
  identify(): Promise<Identity>;
  /** Compares the row's version with `If-Match`; throws `version_mismatch`. Nothing happens without that header. */
  checkVersion(version: number): void;
  /** Cursors of this list, of this tenant. */
  paging: Paging;
};

/** `tx` is one transaction of the caller's tenant; it commits when the handler returns, together with the idempotency record. */
type InTransaction = HandlerBase & RequestContext & { tx: Tx };
/** For handlers that call Temporal: no transaction may span a network call, so they open their own. */
type WithoutTransaction = HandlerBase & { tx?: undefined };

export type Handler<Params, Query, Body, Specs extends ResponseSpecs, Mode, Prepared> = (
  ctx: (Mode extends 'none' ? WithoutTransaction : InTransaction) &
    Given<Params, Query, Body> & { prepared: Prepared },
) => Promise<ReplyOf<Specs>>;

type Given<Params, Query, Body> = { params: Parsed<Params>; query: Parsed<Query>; body: ParsedBody<Body> };

export type RouteSpec<Params, Query, Body, Specs extends ResponseSpecs, Mode, Prepared> = {
  method: Method;
  /** With `{name}` for each parameter. */
  path: string;
  /** Stable: client libraries name their methods by it. */
  operationId: string;
  summary: string;
  /** What the reference page says beside the summary. */
  description?: string;
  tag: string;
  permission: Permission;
  request?: { params?: Params; query?: Query; body?: Body };
  responses: Specs;
  /** Codes that this route adds to those which the kit itself answers with. */
  errors?: readonly ErrorCode[];
  maxBodyBytes?: number;
  /**
   * `none` for a handler that calls Temporal and opens its transactions itself; `read_once` for one that reads by
   * one statement, or by none.
   */
  transaction?: Mode;
  /** True for a change that a suspended tenant may still make, such as cancelling work. */
  whileSuspended?: boolean;
  /** True for what has to come through while the tenant's bucket is empty; it has a small limit of its own. */
  emergency?: boolean;
  /** What needs the network and must come before the transaction; its result reaches the handler as `prepared`. */
  prepare?: (ctx: HandlerBase & Given<Params, Query, Body>) => Promise<Prepared>;
  handler: Handler<Params, Query, Body, NoInfer<Specs>, Mode, NoInfer<Prepared>>;
};

/** One route of the API as the server mounts it, its types no longer of interest. */
export type Route = Omit<
  RouteSpec<z.ZodObject, z.ZodObject, BodySpec, ResponseSpecs, TransactionMode, unknown>,
  'handler' | 'prepare'
> & {
  prepare?: (ctx: HandlerBase & { params: unknown; query: unknown; body: unknown }) => Promise<unknown>;
  handler: (
    ctx: HandlerBase & { tx?: Tx; params: unknown; query: unknown; body: unknown; prepared: unknown },
  ) => Promise<AnyReply>;
};

/** Defines one route: its address, who may call it, what goes in and out, and what it does. */
export function defineRoute<
  const Specs extends ResponseSpecs,
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends BodySpec | undefined = undefined,
  const Mode extends TransactionMode = 'each',
  Prepared = undefined,
>(spec: RouteSpec<Params, Query, Body, Specs, Mode, Prepared>): Route {
  // The executor parses with the very schemas of `spec`, so the handler gets what its types say.
  return spec as unknown as Route;
}
