import { basename, dirname, join } from 'node:path';
import { freePort } from '../../src/stack/ports.ts';
import { type Compose, type Service, startedBefore } from './compose-file.ts';

/** Ports that services listen on inside of their containers; Prometheus reads 9464. */
const LISTENING: Record<string, number[]> = {
  postgres: [5432],
  s3: [7070],
  temporal: [7233],
  'temporal-ui': [8080],
  api: [8080, 8081, 9464],
};
const WORKER_LISTENING = [9464];

const listeningOf = (name: string): number[] =>
  LISTENING[name] ?? (name.startsWith('worker-') ? WORKER_LISTENING : []);

/** Where on this machine each service's ports and volumes are. */
export type Place = {
  base: string;
  port(service: string, port: number): number;
  /** Folder of a volume, or of a path of this repository. */
  folder(source: string): string;
};

/** Gives every port of the compose file a free one on loopback, and every volume a folder below `base`. */
export async function choosePlace(base: string, root: string, services: string[]): Promise<Place> {
  const ports = new Map<string, number>();
  for (const service of services) {
    for (const port of listeningOf(service)) ports.set(`${service}:${port}`, await freePort());
  }
  return {
    base,
    port: (service, port) => ports.get(`${service}:${port}`)!,
    folder: (source) =>
      source.startsWith('./') ? join(root, source.slice(2)) : join(base, 'volumes', source),
  };
}

/** A service as it runs here: the same text, with hosts, ports and mounted paths of this machine. */
export function localise(
  compose: Compose,
  place: Place,
  name: string,
): (text: string, key?: string) => string {
  const service = compose.services[name]!;
  const own = ownPorts(compose, place, name);
  const mounts = (service.volumes ?? [])
    .map((volume) => volume.split(':'))
    .filter(([, target]) => target !== LOCK);
  return (text, key = '') => {
    if (/(HOST|SEEDS)$/.test(key) && text in LISTENING) return '127.0.0.1';
    for (const [source = '', target = ''] of mounts) {
      if (text === target || text.startsWith(`${target}/`)) {
        return mountedAt(place, source, target) + text.slice(target.length);
      }
      if (text === dirname(target)) return dirname(mountedAt(place, source, target));
    }
    if (own.has(text)) return String(own.get(text));
    return text
      .replace(
        /\b(postgres|s3|temporal):(\d+)\b/g,
        (_, host: string, port: string) => `127.0.0.1:${place.port(host, Number(port))}`,
      )
      .replace(/^:(\d+)$/, (_, port: string) => `127.0.0.1:${own.get(port)}`)
      .replace(/127\.0\.0\.1:(\d+)\b/g, (found, port: string) =>
        own.has(port) ? `127.0.0.1:${own.get(port)}` : found,
      )
      .replace(/^0\.0\.0\.0(?::(\d+))?$/, (_, port?: string) =>
        port ? `127.0.0.1:${own.get(port) ?? port}` : '127.0.0.1',
      );
  };
}

/** Where what a service sees at `target` is: a volume has its last folder, as a mount in a container has. */
export function mountedAt(place: Place, source: string, target: string): string {
  return source.startsWith('./') ? place.folder(source) : join(place.folder(source), basename(target));
}

/** The code names it itself, and one machine has one. */
const LOCK = '/tmp/agos-machine-lock';

/** Ports as a service would say them: its own, what is there before it, and what is published. */
function ownPorts(compose: Compose, place: Place, name: string): Map<string, number> {
  const found = new Map<string, number>();
  const published = (service: string, { ports = [] }: Service): void => {
    for (const [, outside = '', inside] of ports.map((port) => port.split(':'))) {
      found.set(outside, place.port(service, Number(inside)));
    }
  };
  for (const [service, definition] of Object.entries(compose.services)) published(service, definition);
  for (const service of [...startedBefore(compose, name), name]) {
    for (const port of listeningOf(service)) found.set(String(port), place.port(service, port));
  }
  return found;
}

/** The variables of a service as this machine's processes take them. */
export function environmentOf(compose: Compose, place: Place, name: string): Record<string, string> {
  const here = localise(compose, place, name);
  const { environment = {} } = compose.services[name]!;
  return Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [key, here(String(value), key)]),
  );
}
