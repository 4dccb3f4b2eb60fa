import { CliError, EXIT } from './exit.ts';

/** The value of a variable that has to be an address; the sentence leaves it out, since it may hold a password. */
export function addressIn(variable: string, value: string): string {
  if (URL.canParse(value)) return value;
  throw new CliError(EXIT.usage, `${variable} is not an address that can be read.`);
}
