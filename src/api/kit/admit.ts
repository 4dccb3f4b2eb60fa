import type { Identity } from '../../access/identity/identity.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Incoming, KitDeps } from './kit-deps.ts';
import { resetOf, type Standing, secondsOf } from './rate-limits.ts';

/**
 * Says who sent a request and counts it, before anything of it is written; throws `rate_limit_exceeded`, and
 * what `authenticate` throws.
 */
export async function admit(deps: KitDeps, incoming: Incoming): Promise<Identity> {
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
  stand(rateLimits.knownOf(request));
  const arrival = await countingFailures(() => deps.authenticate(request, incoming));
  stand(await rateLimits.ofTenant(request, arrival));
  return countingFailures(arrival.enter);
}

/** Nobody is locked out for what is ours alone. */
function isDatabaseAway(error: unknown): boolean {
  return error instanceof AgosError && error.code.startsWith('database_');
}

function tooManyRequests(standing: Standing, now: Date): AgosError {
  const { policy, perMinute, burst, remaining } = standing;
  const seconds = secondsOf(standing.nextMs);
  const whose = policy === 'plan' ? "Your tenant's plan" : 'Your address without valid credentials';
  return new AgosError(
    'rate_limit_exceeded',
    `Too many requests. ${whose} has ${perMinute} a minute, at most ${burst} at once. Try again in ${seconds} s.`,
    { limit: perMinute, burst, remaining, reset: resetOf(standing, now), retryAfterSeconds: seconds },
  );
}
