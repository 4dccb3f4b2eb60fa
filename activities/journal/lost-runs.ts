import type { Hold, RunHoldCode } from '../../src/kernel/holds.ts';
import type { Observation } from '../../temporal/gateway-type.ts';

const LOST: Record<Exclude<Observation['state'], 'open'>, Hold<RunHoldCode>> = {
  terminated: { code: 'run_terminated', message: 'An operator ended the run. Try again when it may go on.' },
  timed_out: { code: 'run_timed_out', message: 'The run took longer than it may. Try again.' },
  cancelled: { code: 'cancelled', message: 'The run was cancelled in Temporal.' },
  failed: { code: 'internal_error', message: 'The run failed; its workflow says where. Try again.' },
  completed: { code: 'internal_error', message: 'The run ended and left this unfinished. Try again.' },
  not_found: { code: 'run_lost', message: 'Temporal does not know the run any more. Try again.' },
  stuck: {
    code: 'run_stuck',
    message:
      'The run failed ten times in a row at one step: its code or a payload key is wrong. Mend it, then try again.',
  },
};

/** The hold for what a workflow left behind, or null while it is alive. */
export function holdForObservation(observation: Observation): Hold<RunHoldCode> | null {
  return observation.state === 'open' ? null : LOST[observation.state];
}
