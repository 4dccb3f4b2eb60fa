import pg from 'pg';

export type Listener = {
  notified(payload: string): void;
  /** The connection is there, for the first time or again: what was notified in between went by unheard. */
  connected(): void;
};

const CONNECT_MS = 5_000;
const AGAIN_AFTER_MS = 1_000;

/** Hears what is notified on a channel, by a connection of its own that is made again whenever it is lost. */
export function listenOn(url: string, channel: string, listener: Listener): { close(): Promise<void> } {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let client: pg.Client;

  const connect = async (): Promise<void> => {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, keepAlive: true });
    client.on('notification', ({ payload }) => listener.notified(payload ?? ''));
    // Its end follows; without a listener an error would end the process.
    client.on('error', () => {});
    client.once('end', again);
    try {
      await client.connect();
      await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      listener.connected();
    } catch {
      await client.end().catch(() => {});
      again();
    }
  };
  const again = (): void => {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(connect, AGAIN_AFTER_MS);
  };

  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client.end().catch(() => {});
    },
  };
}
