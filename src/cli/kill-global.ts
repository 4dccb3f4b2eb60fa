import { awaitReceipt, readReceipt, type SwitchedTime } from '../control/kill-switch/receipt.ts';
import {
  endGlobal,
  findGlobalOn,
  type GlobalKillSwitchRow,
  insertGlobal,
} from '../control/kill-switch/repository.ts';
import {
  type KillSwitchView,
  type ReceiptView,
  toKillSwitchView,
  toReceiptView,
} from '../control/kill-switch/schemas.ts';
import { createStopFile } from '../control/kill-switch/stop-file.ts';
import { withOwner } from './admin.ts';
import { dataFolder } from './credentials.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { exitOf, printGlobal, printOn, printReceipt, printStopFile } from './kill-words.ts';
import { operatorName } from './operator-name.ts';
import { print, printJson } from './output.ts';
import { stopFilePath } from './stop-file-path.ts';

const stopFile = () => createStopFile(stopFilePath(dataFolder(), process.env));

/** Stops everybody's work; where the database cannot be used, this machine's by its stop file. */
export async function globalOn(reason: string, json: boolean): Promise<ExitCode> {
  let on: GlobalKillSwitchRow | null = null;
  try {
    const receipt = await withOwner(async (inTransaction) => {
      const { row } = await inTransaction((tx) => insertGlobal(tx, { reason, turnedOnBy: operatorName() }));
      on = row;
      return toReceiptView(row, await awaitReceipt(inTransaction, everybodys(row)));
    });
    if (json) printJson(receipt);
    else printReceipt('global', receipt);
    return exitOf(receipt);
  } catch (error) {
    if (on) return printUnread(on, sentenceOf(error), json);
    const file = stopFile();
    await file.write({ reason, by: operatorName(), at: new Date() });
    const why = sentenceOf(error);
    if (json)
      printJson({ error: 'database_unavailable', message: why, stop_file: file.path, reach: 'machine' });
    else {
      print(`The database could not be told: ${why}`);
      print(
        `Stopped instead: the API and the workers that read ${file.path}, within a second. No other machine.`,
      );
      print(
        'Run this on every other machine that has workers. `npx agos kill off --global` removes the file.',
      );
    }
    return EXIT.unreachable;
  }
}

/** Lets everybody's work begin again, and this machine's. */
export async function globalOff(reason: string | null, json: boolean): Promise<ExitCode> {
  const file = stopFile();
  const hadFile = await file.remove();
  try {
    const ended = await withOwner((inTransaction) =>
      inTransaction((tx) => endGlobal(tx, { by: operatorName(), reason })),
    );
    if (json) printJson({ global: ended && toKillSwitchView(ended), stop_file_removed: hadFile });
    else {
      if (hadFile) print(`The stop file ${file.path} is gone.`);
      print(ended ? 'The global kill switch is off.' : 'The global kill switch was not on.');
    }
    return EXIT.ok;
  } catch (error) {
    const why = sentenceOf(error);
    if (json) printJson({ error: 'database_unavailable', message: why, stop_file_removed: hadFile });
    else {
      print(hadFile ? `The stop file ${file.path} is gone.` : 'There was no stop file here.');
      print(`Whether the global kill switch is on cannot be told: ${why}`);
    }
    return EXIT.unreachable;
  }
}

/** Shows the global switch with its receipt, and the stop file of this machine. */
export async function globalStatus(json: boolean): Promise<ExitCode> {
  const file = stopFile();
  const onThisMachine = await file.read();
  const machine = onThisMachine && {
    path: file.path,
    reason: onThisMachine.reason,
    since: onThisMachine.since.toISOString(),
  };
  let known: { global: KillSwitchView | null; receipt: ReceiptView | null };
  try {
    known = await readGlobal();
  } catch (error) {
    const why = sentenceOf(error);
    if (json) printJson({ error: 'database_unavailable', message: why, stop_file: machine });
    else {
      printStopFile(machine);
      print(`Whether the global kill switch is on cannot be told: ${why}`);
    }
    return EXIT.unreachable;
  }
  if (json) printJson({ ...known, stop_file: machine });
  else {
    printStopFile(machine);
    printGlobal(known.global);
    if (known.receipt) printReceipt('global', known.receipt);
  }
  return EXIT.ok;
}

async function readGlobal(): Promise<{ global: KillSwitchView | null; receipt: ReceiptView | null }> {
  return withOwner((inTransaction) =>
    inTransaction(async (tx) => {
      const row = await findGlobalOn(tx);
      if (!row) return { global: null, receipt: null };
      return {
        global: toKillSwitchView(row),
        receipt: toReceiptView(row, await readReceipt(tx, everybodys(row))),
      };
    }),
  );
}

/** Everybody is stopped, and what that met could not be told: nobody may take it for a switch that is off. */
function printUnread(on: GlobalKillSwitchRow, why: string, json: boolean): ExitCode {
  if (json) printJson({ kill_switch: toKillSwitchView(on), complete: false, message: why });
  else {
    printOn('global', toKillSwitchView(on));
    print(`What was at work could not be told: ${why}`);
    print('`npx agos kill status --global` tries again.');
  }
  return EXIT.heldOrAwaiting;
}

function everybodys(row: GlobalKillSwitchRow): SwitchedTime {
  return { ...row, tenant: null };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
