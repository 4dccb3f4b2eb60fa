/** Answers the calls of `startPeer`: each names one of these functions; ends when the caller is gone. */
export function serveCalls(
  // biome-ignore lint/suspicious/noExplicitAny: arguments come from another process.
  functions: Record<string, (argument: any) => unknown>,
  close?: () => Promise<unknown>,
): void;
