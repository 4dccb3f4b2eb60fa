import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { AgosError, type ErrorCode } from '../../../src/kernel/errors.ts';
import { SiteHoldError } from '../../../src/kernel/holds.ts';
import { withHeartbeat } from '../../../temporal/heartbeat.ts';

export type TestActivities = ReturnType<typeof createTestActivities>;

/** Activities of the test workflows; `seen` collects what the tests look at. */
export function createTestActivities(seen: string[] = []) {
  return {
    echo: async (text: string) => text,
    recordDecision: async (decision: { outcome: string; via: string; ticket: string | null }) => {
      if (decision.ticket === 'forged') throw new AgosError('ticket_required', 'This ticket is not ours.');
      await sleep(20);
      seen.push(`${decision.outcome} by ${decision.via}`);
      return `recorded ${decision.outcome}`;
    },
    failAs: async ({ how, secret }: { how: string; secret?: string }) => {
      const { attempt } = Context.current().info;
      seen.push(`${how} ${attempt}`);
      if (how === 'hold') throw new SiteHoldError('domain_parked', 'The domain is for sale.');
      if (how === 'crash') throw new SiteHoldError('browser_crashed', 'The browser died twice on this page.');
      if (how === 'unexpected') throw new TypeError(`password is ${secret}`);
      if (how === 'blip' && attempt < 3) throw new AgosError('database_unavailable', 'Try again.');
      if (how === 'blip') return attempt;
      throw new AgosError(how as ErrorCode, 'As the test asked.', { field: 'how' });
    },
    beat: ({ work_ms }: { work_ms: number }) =>
      withHeartbeat(async (signal) => {
        seen.push(`began ${Context.current().info.attempt}`);
        await sleep(work_ms, undefined, { signal });
        seen.push('ended');
        return 'beat';
      }),
  };
}
