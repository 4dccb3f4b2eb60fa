import { hostname, userInfo } from 'node:os';

/** Who acts on the owner's connection, as user@host; the number of a user whom the system has no name for. */
export function operatorName(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers run as numbers that their list of users need not have.
    return `uid-${process.getuid?.()}`;
  }
}
