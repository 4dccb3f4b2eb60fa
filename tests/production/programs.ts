import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Environment, userCacheDir } from '../../src/stack/cache.ts';
import { findGo } from '../../src/stack/go-build.ts';
import type { Progress } from '../../src/stack/progress.ts';
import { findTemporalServer } from '../../src/stack/temporal/find.ts';
import { provideGoCommands } from '../support/go-commands.ts';
import { withoutTemporalService } from '../support/provide.ts';
import { findS3Server } from '../support/s3-server.ts';
import { readCompose } from './compose-file.ts';

/** Of the loader that Docker Compose itself uses. */
const COMPOSE_LOADER_VERSION = '2.16.2';
const UI_MODULE = 'github.com/temporalio/ui-server/v2';
const run = promisify(execFile);

type Context = { environment: Environment; progress: Progress };

/** The programs of the images, by the names that they have there. */
export async function providePrograms(
  environment: Environment,
  progress: Progress,
): Promise<Record<string, string>> {
  const server = await provideTemporalForPostgres({ environment, progress });
  const ui = await provide({ environment, progress }, 'Temporal Web UI', {
    [`${UI_MODULE}/cmd/server@v${imageVersion('temporal-ui')}`]: 'ui-server',
  });
  const loader = await provide({ environment, progress }, "Compose's loader", {
    [`github.com/compose-spec/compose-go/v2/cmd@v${COMPOSE_LOADER_VERSION}`]: 'compose-config',
  });
  const cli = await findTemporalServer({
    environment: withoutTemporalService(environment),
    cacheDir: userCacheDir(environment),
    progress,
  });
  if (cli.kind !== 'binary') throw new Error('the namespace is made with a command line of its own');
  const s3 = await findS3Server(environment, progress);
  return { ...server, ...ui, ...loader, temporal: cli.path, versitygw: s3.path };
}

/** Temporal's server for PostgreSQL and the tool for its tables, of the version in docker-compose.yml. */
export async function provideTemporalForPostgres(
  context: Context,
): Promise<{ 'temporal-server': string; 'temporal-sql-tool': string }> {
  const version = temporalVersion();
  return await provide(context, 'Temporal server for PostgreSQL', {
    [`go.temporal.io/server/cmd/server@v${version}`]: 'temporal-server',
    [`go.temporal.io/server/cmd/tools/sql@v${version}`]: 'temporal-sql-tool',
  });
}

/** The folder of the Web UI's image in which it reads its variables into settings. */
export async function provideUiConfig(environment: Environment): Promise<string> {
  const version = imageVersion('temporal-ui');
  const kept = join(programsFolder(environment), `ui-config-${version}`);
  if (existsSync(kept)) return kept;
  const modules = await mkdtemp(join(programsFolder(environment), 'ui-module-'));
  try {
    const go = findGo(environment);
    if (!go) throw new Error('no go on PATH');
    const { stdout } = await run(go, ['mod', 'download', '-json', `${UI_MODULE}@v${version}`], {
      cwd: modules,
      env: { ...process.env, GOMODCACHE: modules, GOFLAGS: '-modcacherw', GOWORK: 'off' },
    });
    const half = `${kept}.${process.pid}`;
    await cp(join(JSON.parse(stdout).Dir, 'config'), half, { recursive: true });
    await rename(half, kept);
    return kept;
  } finally {
    await rm(modules, { recursive: true, force: true });
  }
}

/** Of the image that docker-compose.yml runs. */
export const temporalVersion = (): string => imageVersion('temporal');

const imageVersion = (service: string): string => readCompose({}).services[service]!.image.split(':')[1]!;

const programsFolder = (environment: Environment): string => join(userCacheDir(environment), 'production');

async function provide<Name extends string>(
  { environment, progress }: Context,
  name: string,
  commands: Record<string, Name>,
): Promise<Record<Name, string>> {
  const folder = programsFolder(environment);
  const targets = Object.entries(commands).map(([module, command]) => ({
    module,
    command,
    target: join(folder, `${command}-${module.replace(/.*@v/, '')}`),
  }));
  const [first, ...rest] = targets;
  await provideGoCommands({ commands: [first!, ...rest], name, environment, progress });
  return Object.fromEntries(targets.map(({ command, target }) => [command, target])) as Record<Name, string>;
}
