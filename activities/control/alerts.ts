import { log } from '@temporalio/activity';
import { type EvaluateDeps, evaluateAlerts } from '../../src/control/alerts/evaluate.ts';
import type { EvaluateAlertsResult } from '../../workflows/control/evaluate-alerts/messages.ts';

/** Activities of the Schedule that evaluates alerts. */
export function createAlertActivities(deps: Omit<EvaluateDeps, 'warn'>) {
  const warn = (message: string, about: Record<string, unknown>): void => log.warn(message, about);
  return {
    lookForAlerts: (): Promise<EvaluateAlertsResult> => evaluateAlerts({ ...deps, warn }),
  };
}

export type AlertActivities = ReturnType<typeof createAlertActivities>;
