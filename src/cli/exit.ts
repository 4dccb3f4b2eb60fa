/** Exit codes of every command, for scripts; the first that applies from the top. */
export const EXIT = {
  interrupted: 130,
  unreachable: 3,
  usage: 2,
  refused: 4,
  heldOrAwaiting: 1,
  ok: 0,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const RANK: ExitCode[] = [
  EXIT.interrupted,
  EXIT.unreachable,
  EXIT.usage,
  EXIT.refused,
  EXIT.heldOrAwaiting,
  EXIT.ok,
];

/** The code that counts when several things went differently. */
export function worst(codes: readonly ExitCode[]): ExitCode {
  return RANK.find((code) => codes.includes(code)) ?? EXIT.ok;
}

/** Ends the command with a sentence and an exit code. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}
