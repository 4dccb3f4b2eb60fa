import { context, createContextKey, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import type { Database, SystemPurpose } from '../database/database.ts';
import { inSpan } from './spans.ts';

/** Asked ten times a second while a step is at work, by a timer that the step has set. */
const POLLS: ReadonlySet<SystemPurpose> = new Set(['kill_switches_on']);

const SPARING = createContextKey('agos: no span for each transaction');

/** The same database; each transaction is a span of the work that opens it, and of nothing where nothing is traced. */
export function traceDatabase(db: Database, tracer: Tracer): Database {
  const spanned = <T>(name: string, attributes: Record<string, string>, open: () => Promise<T>) => {
    const here = context.active();
    if (!trace.getSpan(here)?.isRecording() || here.getValue(SPARING)) return open();
    const about = { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'postgresql', ...attributes } };
    // A run that is asked for in it is asked for by the request, not by the transaction.
    return inSpan(tracer, name, { ...about, isLeaf: true }, open);
  };
  return {
    ...db,
    withTenant: (scope, fn, terms) =>
      spanned('database transaction', { 'agos.tenant': scope.tenant }, () => db.withTenant(scope, fn, terms)),
    withSystem: (purpose, fn) => {
      const open = () => db.withSystem(purpose, fn);
      return POLLS.has(purpose)
        ? open()
        : spanned('database read across tenants', { 'agos.purpose': purpose }, open);
    },
  };
}

/** Does work that opens thousands of transactions, such as an import's, without a span for each. */
export function withoutTransactionSpans<T>(work: () => Promise<T>): Promise<T> {
  return context.with(context.active().setValue(SPARING, true), work);
}
