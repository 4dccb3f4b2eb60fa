import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type OwnedProcess, spawnOwned } from '../../src/stack/owned.ts';
import type { OsUser } from '../../src/stack/unprivileged.ts';
import type { Compose, Service } from './compose-file.ts';
import { ensureCluster } from './debian-postgres.ts';
import type { Image } from './image.ts';
import { environmentOf, localise, mountedAt, type Place } from './place.ts';
import { innerPorts } from './temporal-ports.ts';

const run = promisify(execFile);

/** What the services run on here instead of on a container engine. */
export type Machine = {
  compose: Compose;
  place: Place;
  image: Image;
  /** Folders of the other images' programs. */
  path: string;
  /** Folder of the Web UI's settings. */
  uiConfig: string;
  /** Folder of PostgreSQL's own. */
  postgresTools: string;
  /** Whom the other images run as; ourselves without. */
  user: OsUser | undefined;
};

type Context = {
  service: Service;
  here: (text: string) => string;
  env: Record<string, string>;
  cwd: string;
  user: OsUser | undefined;
};

export const logOf = ({ place }: Machine, name: string): string => join(place.base, 'logs', `${name}.log`);

/** As whom, where and with which variables a service runs. */
function contextOf(machine: Machine, name: string, more: Record<string, string> = {}): Context {
  const { compose, place, image, path } = machine;
  const service = compose.services[name]!;
  const isAgos = service.build !== undefined;
  const own = environmentOf(compose, place, name);
  const isRoot = process.getuid?.() === 0;
  return {
    service,
    here: localise(compose, place, name),
    // A container engine takes HOME from the image's list of users.
    env: { PATH: path, LC_ALL: 'C', HOME: isAgos ? '/nonexistent' : '/', ...own, ...more },
    cwd: isAgos ? image.folder : '/',
    user: isRoot ? (isAgos ? image.user : machine.user) : undefined,
  };
}

/** Starts a service's command as a process that ends with us. */
export async function launch(
  machine: Machine,
  name: string,
  more?: Record<string, string>,
): Promise<OwnedProcess> {
  const context = contextOf(machine, name, more);
  const { service, env, cwd, user } = context;
  await makeVolumes(service, machine.place, user);
  const [file = '', ...args] = await commandOf(machine, name, context);
  return spawnOwned(file, args, {
    logFile: logOf(machine, name),
    env: name === 'temporal' ? { ...env, ...(await innerPorts(machine.place.port('temporal', 7233))) } : env,
    cwd,
    user,
    stopSignal: name === 'postgres' ? 'SIGINT' : 'SIGTERM',
    stopTimeoutMs: Number.parseInt(service.stop_grace_period ?? '10', 10) * 1_000,
  });
}

/** The command of the compose file, behind what the image's entry point is. */
async function commandOf(machine: Machine, name: string, { service, here }: Context): Promise<string[]> {
  const command = (service.command ?? []).map(here);
  if (name === 's3') return ['versitygw', ...command];
  if (name === 'temporal') return ['temporal-server', 'start'];
  if (name === 'temporal-ui')
    return ['ui-server', '--root', '/', '--config', machine.uiConfig, '--env', 'docker', 'start'];
  if (name !== 'postgres') return command;
  const { place, postgresTools, user } = machine;
  const cluster = place.folder('postgres');
  await ensureCluster(postgresTools, cluster, service.environment!.POSTGRES_PASSWORD!, user);
  const at = ['-D', cluster, '-p', String(place.port('postgres', 5432)), '-h', '127.0.0.1', '-k', ''];
  return [join(postgresTools, 'postgres'), ...at, ...command.slice(1)];
}

/** Runs the scripts that the database's image runs on an empty volume. */
export async function initialise(machine: Machine): Promise<void> {
  const { service, here, env } = contextOf(machine, 'postgres');
  const connection = { PGHOST: '127.0.0.1', PGPASSWORD: env.POSTGRES_PASSWORD! };
  const scripts = (service.volumes ?? [])
    .map((volume) => volume.split(':')[1]!)
    .filter((at) => at.endsWith('.sh'));
  for (const script of scripts) {
    await run('sh', [here(script)], { env: { ...env, ...connection, ...portOf(machine) } });
  }
}

/** Runs a service's own health check once. */
export async function isHealthy(machine: Machine, name: string): Promise<boolean> {
  const { service, here, env, cwd, user } = contextOf(machine, name);
  const [kind, file = '', ...args] = service.healthcheck?.test ?? [];
  if (kind !== 'CMD') throw new Error(`${name} has no health check`);
  const options = { env: { ...env, ...portOf(machine) }, cwd, ...user, timeout: 60_000 };
  return run(here(file), args.map(here), options).then(
    () => true,
    () => false,
  );
}

/** `docker compose run --rm SERVICE COMMAND`: what it printed. */
export async function runOnce(machine: Machine, name: string, command: string[]): Promise<string> {
  const { env, cwd, user } = contextOf(machine, name);
  const [file = '', ...args] = command;
  const { stdout } = await run(file, args, { env, cwd, ...user });
  return stdout;
}

/** Inside of its container the database is at the usual port. */
const portOf = ({ place }: Machine) => ({ PGPORT: String(place.port('postgres', 5432)) });

/** A new volume belongs to whom the image's folder belonged. */
async function makeVolumes({ volumes = [] }: Service, place: Place, user: OsUser | undefined): Promise<void> {
  for (const [source = '', target = ''] of volumes.map((volume) => volume.split(':'))) {
    const folder = mountedAt(place, source, target);
    if (source.startsWith('./') || source === 'postgres' || existsSync(folder)) continue;
    await mkdir(folder, { recursive: true });
    if (user) await chown(folder, user.uid, user.gid);
  }
}
