import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;
const NO_SUCH_NAME = 3;

/** What is said of one name: addresses or another name, nothing for a family, or that there is no such name. */
export type Zone = Record<
  string,
  { A?: string[]; AAAA?: string[] | 'silent'; CNAME?: string; rcode?: number; afterMs?: number } | 'silent'
>;

/** A real name server on loopback, by UDP; a name that it does not know does not exist. */
export type TestDns = { servers: string[]; asked: string[] };

/** Serves a zone until the test ends; `asked` are the questions as they came, such as `A slow.test`. */
export async function serveDns(zone: Zone): Promise<TestDns> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', async (query, from) => {
    const { name, type, end } = questionOf(query);
    asked.push(`${type} ${name}`);
    const about = zone[name] ?? { rcode: NO_SUCH_NAME };
    if (about === 'silent' || (type === 'AAAA' && about.AAAA === 'silent')) return;
    await sleep(about.afterMs ?? 0);
    const records = recordsFor(zone, name, type);
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180 | (about.rcode ?? 0), 2);
    head.writeUInt16BE(records.length, 6);
    head.fill(0, 8, 12);
    // The socket is closed once the test is over.
    socket.send(
      Buffer.concat([head, query.subarray(12, end), ...records]),
      from.port,
      from.address,
      () => {},
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => {
    socket.removeAllListeners('message');
    socket.close();
  });
  return { servers: [`127.0.0.1:${socket.address().port}`], asked };
}

function questionOf(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  while (query[at]) {
    labels.push(query.toString('ascii', at + 1, at + 1 + query[at]!));
    at += 1 + query[at]!;
  }
  const type = query.readUInt16BE(at + 1) === TYPES.AAAA ? 'AAAA' : 'A';
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function recordsFor(zone: Zone, name: string, type: string): Buffer[] {
  const about = zone[name];
  if (about === undefined || about === 'silent') return [];
  if (about.CNAME !== undefined) {
    return [record(name, 'CNAME', encoded(about.CNAME)), ...recordsFor(zone, about.CNAME, type)];
  }
  if (type === 'AAAA') {
    return [about.AAAA ?? []].flat().map((address) => record(name, 'AAAA', bytesOf6(address)));
  }
  return (about.A ?? []).map((address) => record(name, 'A', Buffer.from(address.split('.').map(Number))));
}

function record(name: string, type: keyof typeof TYPES, data: Buffer): Buffer {
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(TYPES[type], 0);
  fields.writeUInt16BE(1, 2);
  fields.writeUInt32BE(60, 4);
  fields.writeUInt16BE(data.length, 8);
  return Buffer.concat([encoded(name), fields, data]);
}

function encoded(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** Addresses of eight groups, as the tests write them. */
function bytesOf6(address: string): Buffer {
  return Buffer.from(
    address
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  );
}
