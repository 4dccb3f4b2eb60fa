import { v7 } from 'uuid';

/** A new UUIDv7: sortable by creation time. */
export function newId(): string {
  return v7();
}
