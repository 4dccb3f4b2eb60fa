import { isIP, type LookupFunction } from 'node:net';
import { canonicalHost, type IsAllowed, isForbiddenHost, isPublicPort, judgeUrl } from './address.ts';
import { type AllowedTarget, allowKey, parseAllowTargets } from './allow-list.ts';
import { isPublicAddress } from './ranges.ts';
import { createResolve, type Resolve, sharing } from './resolve-name.ts';

export type { Resolve } from './resolve-name.ts';

/** A name that cannot be written in a question is none either. */
const NO_SUCH_HOST = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

export type Address = { address: string; family: 4 | 6 };

/** Where a connection may go: the first judged answer, and all of them in the resolver's order. */
export type Pinned = Address & { answers: Address[] };

/** A connection that the guard refuses, or that has no address to go to. */
export class EgressRefused extends Error {
  readonly code: 'target_forbidden' | 'unreachable';
  readonly host: string;
  readonly port: number;
  /** The resolver says that there is no such name, as opposed to saying nothing. */
  readonly noSuchHost: boolean;

  constructor(
    code: 'target_forbidden' | 'unreachable',
    message: string,
    target: { host: string; port: number; noSuchHost?: boolean },
  ) {
    super(message);
    this.name = 'EgressRefused';
    this.code = code;
    this.host = target.host;
    this.port = target.port;
    this.noSuchHost = target.noSuchHost ?? false;
  }
}

/** The one set of rules for every address that a stranger gives. */
export type EgressGuard = {
  /** Applies the rules that need no network; throws an AgosError. */
  checkUrl(url: string): void;
  /** Resolves and judges every answer; what it returns is the only place the connection may go. */
  resolve(host: string, port: number): Promise<Pinned>;
  allowTargetFor(host: string, port: number): AllowedTarget | null;
  isAllowed: IsAllowed;
};

/** Makes the guard; throws when the development allow-list is malformed. */
export function createEgressGuard(deps: {
  allowTargets: string | undefined;
  /** How names are looked up; by DNS unless a test brings its own way. */
  resolve?: Resolve;
}): EgressGuard {
  const allowList = parseAllowTargets(deps.allowTargets);
  const lookUp = sharing(deps.resolve ?? createResolve());

  function allowTargetFor(host: string, port: number): AllowedTarget | null {
    const canonical = canonicalHost(host);
    return canonical === null ? null : (allowList.get(allowKey(canonical, port)) ?? null);
  }
  const isAllowed: IsAllowed = (host, port) => allowTargetFor(host, port) !== null;

  async function resolve(host: string, port: number): Promise<Pinned> {
    const allowed = allowTargetFor(host, port);
    if (allowed !== null) return pin([allowed]);
    const name = judgeHost(host, port);
    const family = isIP(name);
    if (family !== 0) return pin([{ address: name, family: family === 4 ? 4 : 6 }]);
    return pin(judgeAnswers(await answersOf(lookUp, name, port), name, port));
  }

  return { checkUrl: (url) => judgeUrl(new URL(url), isAllowed), resolve, allowTargetFor, isAllowed };
}

/** A lookup hook that answers with what was judged, so that a second answer is never asked for. */
export function pinnedLookup(pinned: Pinned): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, pinned.answers);
    else callback(null, pinned.address, pinned.family);
  };
}

function pin(answers: Address[]): Pinned {
  const first = answers[0] as Address;
  return { ...first, answers };
}

function judgeHost(host: string, port: number): string {
  const name = canonicalHost(host);
  if (name === null) throw new EgressRefused('unreachable', `"${host}" is not a host name.`, { host, port });
  if (isForbiddenHost(name)) {
    throw new EgressRefused('target_forbidden', `${name} is not a public internet address.`, {
      host: name,
      port,
    });
  }
  if (!isPublicPort(port)) {
    throw new EgressRefused('target_forbidden', `Port ${port} of ${name} is not allowed.`, {
      host: name,
      port,
    });
  }
  return name;
}

async function answersOf(lookUp: Resolve, host: string, port: number): ReturnType<Resolve> {
  try {
    return await lookUp(host);
  } catch (error) {
    const isAnswer = NO_SUCH_HOST.has(String((error as NodeJS.ErrnoException).code));
    throw isAnswer ? noAddress(host, port) : noAnswer(host, port);
  }
}

function noAddress(host: string, port: number): EgressRefused {
  const target = { host, port, noSuchHost: true };
  return new EgressRefused('unreachable', `The name ${host} has no address.`, target);
}

function noAnswer(host: string, port: number): EgressRefused {
  return new EgressRefused('unreachable', `The name ${host} could not be looked up.`, { host, port });
}

/** One private answer among public ones refuses the name: which one is used is the resolver's whim. */
function judgeAnswers(answers: { address: string; family: number }[], host: string, port: number): Address[] {
  if (answers.length === 0) throw noAddress(host, port);
  if (answers.some(({ address }) => !isPublicAddress(address))) {
    throw new EgressRefused('target_forbidden', `${host} resolves to an address that is not public.`, {
      host,
      port,
    });
  }
  return answers.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
