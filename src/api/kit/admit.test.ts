import { expect, test } from 'vitest';
import { AgosError } from '../../kernel/errors.ts';
import { admit } from './admit.ts';
import type { Incoming, KitDeps } from './kit-deps.ts';
import type { Standing } from './rate-limits.ts';

const standing = (refused: boolean): Standing => ({
  policy: 'plan',
  perMinute: 60,
  burst: 100,
  refused,
  remaining: 0,
  nextMs: 1_000,
  fullMs: 1_000,
});

/** What happens, in order, to one request whose sender arrives and enters like this. */
async function follow(how: { arrive?: unknown; enter?: unknown; refused?: boolean }): Promise<string[]> {
  const steps: string[] = [];
  const step = (name: string, fault: unknown) => async () => {
    steps.push(name);
    if (fault) throw fault;
  };
  const deps = {
    clock: { now: () => new Date() },
    rateLimits: {
      knownOf: () => null,
      ofTenant: async () => {
        steps.push('counted for its tenant');
        return standing(how.refused ?? false);
      },
      ofStranger: () => {
        steps.push('counted for its address');
        return standing(false);
      },
    },
    authenticate: async () => {
      await step('verified', how.arrive)();
      return { enter: step('entered', how.enter) };
    },
  };
  const incoming = { address: '198.51.100.1', counted: () => {} };
  const error = await admit(deps as unknown as KitDeps, incoming as unknown as Incoming, {}).catch(
    (reason: unknown) => reason,
  );
  return error instanceof AgosError ? [...steps, error.code] : steps;
}

const fault = (code: 'token_invalid' | 'permission_denied' | 'identity_provider_unavailable') =>
  new AgosError(code, 'No.');

// sabotage: src/api/kit/admit.ts :: stand(await count(request, arrival)); =>
test('a sender is counted once the credentials are good, and before anything of theirs is written', async () => {
  expect(await follow({})).toEqual(['verified', 'counted for its tenant', 'entered']);
  expect(await follow({ refused: true })).toEqual([
    'verified',
    'counted for its tenant',
    'rate_limit_exceeded',
  ]);
});

// sabotage: src/api/kit/admit.ts :: if (address && !isDatabaseAway(error)) stand(rateLimits.ofStranger(address)); => if (address && error instanceof AgosError && error.status < 500) stand(rateLimits.ofStranger(address));
test('a failure counts for the address, whatever its status', async () => {
  for (const arrive of [fault('token_invalid'), fault('identity_provider_unavailable'), new Error('a bug')]) {
    expect(await follow({ arrive })).toContain('counted for its address');
  }
  expect(await follow({ enter: fault('permission_denied') })).toEqual([
    'verified',
    'counted for its tenant',
    'entered',
    'counted for its address',
    'permission_denied',
  ]);
});

// sabotage: src/api/kit/admit.ts :: return toAgosError(error).code.startsWith('database_'); => return false;
test.each(['database_unavailable', 'database_read_only'] as const)(
  '%s is no fault of the caller and locks nobody out',
  async (code) => {
    expect(await follow({ arrive: new AgosError(code, 'Away.') })).toEqual(['verified', code]);
    expect(await follow({ enter: new AgosError(code, 'Away.') })).not.toContain('counted for its address');
  },
);
