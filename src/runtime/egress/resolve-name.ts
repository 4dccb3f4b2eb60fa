import { Resolver } from 'node:dns/promises';

/** Looks up the addresses of a name; throws an error with the resolver's code. */
export type Resolve = (host: string) => Promise<{ address: string; family: number }[]>;

const LIMIT_MS = 5_000;
/** Short enough that a name server which is away leaves time to ask the next one, or again. */
const TRY_MS = 1_500;
const TRIES = 3;

/**
 * Looks names up by DNS alone, without the system's resolver: that one holds a thread of the few that this
 * process has until the stranger's name server answers. So there are no hosts file and no search domains, which
 * no stranger's name needs; the servers are those of /etc/resolv.conf, read anew each time.
 */
export function createResolve(options: { servers?: string[]; limitMs?: number } = {}): Resolve {
  const { servers, limitMs = LIMIT_MS } = options;
  return async (host) => {
    // One for each name: giving up ends its own questions only, and a new port is harder to answer by guessing.
    const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
    if (servers) resolver.setServers(servers);
    const timer = setTimeout(() => resolver.cancel(), limitMs);
    try {
      return joined(await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]));
    } finally {
      clearTimeout(timer);
    }
  };
}

type Settled = PromiseSettledResult<string[]>;

/** What one family answers is enough. IPv4 stands first: c-ares does not sort by what this machine can reach. */
function joined([four, six]: [Settled, Settled]): Awaited<ReturnType<Resolve>> {
  if (four.status === 'rejected' && six.status === 'rejected') throw telling(four.reason, six.reason);
  const of = (settled: Settled, family: number) =>
    settled.status === 'fulfilled' ? settled.value.map((address) => ({ address, family })) : [];
  return [...of(four, 4), ...of(six, 6)];
}

/** That there is no such name holds for both families; that one family has no address says nothing of the other. */
function telling(...errors: NodeJS.ErrnoException[]): NodeJS.ErrnoException {
  const [first] = errors;
  return (
    errors.find(({ code }) => code === 'ENOTFOUND') ?? errors.find(({ code }) => code !== 'ENODATA') ?? first!
  );
}

/** Lets everybody who asks for a name that is being looked up wait for the one answer; none is kept. */
export function sharing(resolve: Resolve): Resolve {
  const underWay = new Map<string, ReturnType<Resolve>>();
  return (host) => {
    const known = underWay.get(host);
    if (known) return known;
    const answers = resolve(host).finally(() => underWay.delete(host));
    underWay.set(host, answers);
    return answers;
  };
}
