/** How many values are kept, of one tenant and of all together. */
export type Room = { ofTenant: number; ofAll: number };

/** Values that tenants share by name, and that live while one of them holds them. */
export type Held<T> = { take(tenant: string, name: string): T; size(): number };

/**
 * Makes a store in which a tenant has so much room: past it the value that the tenant took longest ago goes,
 * unless another one holds it too. So no tenant pushes out what others hold, however many names it makes up.
 */
export function createHeld<T>(room: Room, make: () => T): Held<T> {
  const values = new Map<string, T>();
  /** By tenant and by name, both with the one that was used last at the end. */
  const names = new Map<string, Set<string>>();
  const holders = new Map<string, Set<string>>();

  function letGo(tenant: string, name: string): void {
    remove(names, tenant, name);
    remove(holders, name, tenant);
    if (!holders.has(name)) values.delete(name);
  }

  return {
    take(tenant, name) {
      const value = values.get(name) ?? make();
      values.delete(name);
      values.set(name, value);
      append(names, tenant, name);
      append(holders, name, tenant);
      const own = names.get(tenant)!;
      if (own.size > room.ofTenant) letGo(tenant, first(own));
      if (values.size > room.ofAll) {
        const oldest = first(values);
        for (const holder of [...holders.get(oldest)!]) letGo(holder, oldest);
      }
      return value;
    },
    size: () => values.size,
  };
}

type Sets = Map<string, Set<string>>;

function append(sets: Sets, key: string, value: string): void {
  const set = sets.get(key) ?? new Set();
  set.delete(value);
  sets.set(key, set.add(value));
}

function remove(sets: Sets, key: string, value: string): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}

const first = (all: Set<string> | Map<string, unknown>): string => all.keys().next().value!;
