/** So many wait for one call at most; the rest for the one after it. */
const MOST_AT_ONCE = 200;

type Waiting<In, Out> = PromiseWithResolvers<Out> & { item: In };

/**
 * Makes one call at a time: whatever comes while one is under way is carried by the next one, together. The
 * results stand in the order of the items; a call that fails fails for all that it carried.
 */
export function together<In, Out>(
  call: (items: readonly In[]) => Promise<readonly Out[]>,
): (item: In) => Promise<Out> {
  const line: Waiting<In, Out>[] = [];
  let busy = false;
  const serve = async (): Promise<void> => {
    busy = true;
    while (line.length > 0) await carry(call, line.splice(0, MOST_AT_ONCE));
    busy = false;
  };
  return (item) => {
    const waiting = { item, ...Promise.withResolvers<Out>() };
    line.push(waiting);
    if (!busy) void serve();
    return waiting.promise;
  };
}

async function carry<In, Out>(
  call: (items: readonly In[]) => Promise<readonly Out[]>,
  batch: readonly Waiting<In, Out>[],
): Promise<void> {
  try {
    const results = await call(batch.map(({ item }) => item));
    for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
