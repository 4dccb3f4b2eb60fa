/** Answers the calls of `startPeer`: each names one of these functions; ends when the caller is gone. */
export function serveCalls(functions, close = async () => undefined) {
  const known = { ready: async () => true, ...functions };
  process.on('message', async ({ id, name, argument }) => {
    try {
      process.send({ id, result: await known[name](argument) });
    } catch (error) {
      process.send({ id, error: error?.stack ?? String(error) });
    }
  });
  process.once('disconnect', async () => {
    await close();
    process.exit(0);
  });
}
