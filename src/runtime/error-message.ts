/** What a log may quote of an error: never the parameters of a failed query, which are people's data. */
export function quotedOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\nparams: [\s\S]*$/, '') : String(error);
}
