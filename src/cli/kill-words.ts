import type { KillSwitchView, ReceiptView, StatusView } from '../control/kill-switch/schemas.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { print } from './output.ts';
import { paragraph, plain, table } from './table.ts';

const WHOSE = {
  tenant: 'kill switch of your tenant',
  global: 'global kill switch',
  machine: 'stop file of the API’s machine',
} as const;

/** Prints what a switch met, as sentences and a table of what was at work. */
export function printReceipt(reach: 'tenant' | 'global', receipt: ReceiptView): void {
  const { kill_switch: at, running, acknowledged, not_stopped: silent, already_happened: before } = receipt;
  printOn(reach, at);
  print(
    paragraph(
      `At work were ${running.length} steps, in ${receipt.runs_open} open runs: ${acknowledged.length} have stopped, ${silent.length} have not answered.`,
    ),
  );
  print(
    paragraph(
      `Already happened since ${before.since}: ${before.steps.count} steps, ${before.audits.count} audits and ${before.webhooks.count} attempts at webhooks had ended.`,
    ),
  );
  printWebhooks(receipt.webhooks);
  if (running.length > 0) {
    const rows = running.map((step) => [
      step.step,
      step.run_id,
      plain(step.worker),
      step.ended_at === null || step.outcome === 'lost' ? 'NOT STOPPED' : (step.outcome ?? ''),
    ]);
    print(table(['step', 'run', 'worker', 'state'], rows));
  }
  if (silent.length > 0) {
    const workers = [...new Set(silent.map(({ worker }) => plain(worker)))].join(', ');
    print(
      paragraph(
        `No answer from ${workers} (machine:process): end that process to be sure. \`npx agos kill status\` tells what has answered since.`,
      ),
    );
  }
}

/** Prints that a switch is on. */
export function printOn(reach: 'tenant' | 'global', at: KillSwitchView): void {
  print(paragraph(`The ${WHOSE[reach]} is on since ${at.turned_on_at}: ${plain(at.reason)}`));
}

function printWebhooks({ acknowledged, not_stopped: silent }: ReceiptView['webhooks']): void {
  if (acknowledged.length + silent.length === 0) return;
  const brokenOff = acknowledged.filter(({ error }) => error === 'interrupted').length;
  const counts = `broken off, to be sent again: ${brokenOff}; ended by themselves: ${acknowledged.length - brokenOff}; no answer from a worker of the queue outbound: ${silent.length}`;
  print(paragraph(`Webhooks on their way: ${acknowledged.length + silent.length} (${counts}).`));
  if (silent.length === 0) return;
  const rows = silent.map((one) => [one.delivery_id, one.endpoint_id, one.started_at]);
  print(table(['webhook delivery', 'endpoint', 'begun'], rows));
}

/** Prints what is on now. */
export function printStatus(status: StatusView): void {
  if (!status.on) print('Nothing is stopped.');
  for (const { reach, reason, since } of status.stops)
    print(paragraph(`On: the ${WHOSE[reach]}, since ${since}: ${plain(reason)}`));
}

/** Prints whether the global switch is on. */
export function printGlobal(on: KillSwitchView | null): void {
  if (!on) print('The global kill switch is off.');
}

/** Prints whether this machine is stopped by its file. */
export function printStopFile(file: { path: string; reason: string; since: string } | null): void {
  if (file)
    print(
      paragraph(`On: the stop file ${file.path} of this machine, since ${file.since}: ${plain(file.reason)}`),
    );
}

/** 1 says that the switch is on and something has not answered yet. */
export function exitOf(receipt: ReceiptView): ExitCode {
  return receipt.complete ? EXIT.ok : EXIT.heldOrAwaiting;
}
