import type { Identity } from '../../access/identity/identity.ts';
import { AgosError } from '../../kernel/errors.ts';
import { toAgosError } from './envelope.ts';
import type { Incoming, KitDeps } from './kit-deps.ts';
import { resetOf, type Standing, secondsOf } from './rate-limits.ts';
import type { Route } from './route.ts';

/**
 * Says who sent a request and counts it, before anything of it is written; throws `rate_limit_exceeded`, and
 * what `authenticate` throws.
 */
export async function admit(
  deps: KitDeps,
  incoming: Incoming,
  { emergency = false }: Pick<Route, 'emergency'>,
): Promise<Identity> {
  const { rateLimits } = deps;
  const { request, address } = incoming;
  const stand = (standing: Standing | null): void => {
    if (!standing) return;
    incoming.counted(standing);
    if (standing.refused) throw tooManyRequests(standing, deps.clock.now());
  };
  const countingFailures = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      // Only what fails counts by address: whoever shares it with a stranger and is known comes through.
      if (address && !isDatabaseAway(error)) stand(rateLimits.ofStranger(address));
      throw error;
    }
  };
  const count = emergency ? rateLimits.ofEmergency : rateLimits.ofTenant;
  stand(rateLimits.knownOf(request, emergency ? 'emergency' : 'plan'));
  const arrival = await countingFailures(() => deps.authenticate(request, incoming));
  stand(await count(request, arrival));
  return countingFailures(arrival.enter);
}

/** Nobody is locked out for what is ours alone. */
function isDatabaseAway(error: unknown): boolean {
  return toAgosError(error).code.startsWith('database_');
}

const WHOSE: Record<Standing['policy'], string> = {
  plan: "Your tenant's plan",
  emergency: 'What is for emergencies',
  address: 'Your address without valid credentials',
};

/** What to refuse a request with whose sender has none left. */
export function tooManyRequests(standing: Standing, now: Date): AgosError {
  const { policy, perMinute, burst, remaining } = standing;
  const seconds = secondsOf(standing.nextMs);
  return new AgosError(
    'rate_limit_exceeded',
    `Too many requests. ${WHOSE[policy]} has ${perMinute} a minute, at most ${burst} at once. Try again in ${seconds} s.`,
    { limit: perMinute, burst, remaining, reset: resetOf(standing, now), retryAfterSeconds: seconds },
  );
}
