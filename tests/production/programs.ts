import { join } from 'node:path';
import { type Environment, userCacheDir } from '../../src/stack/cache.ts';
import type { Progress } from '../../src/stack/progress.ts';
import { findTemporalServer } from '../../src/stack/temporal/find.ts';
import { provideGoCommands } from '../support/go-commands.ts';
import { withoutTemporalService } from '../support/provide.ts';
import { findS3Server } from '../support/s3-server.ts';
import { readCompose } from './compose-file.ts';

/** Of the loader that Docker Compose itself uses. */
const COMPOSE_LOADER_VERSION = '2.16.2';

/** The programs of the images, by the names that they have there. */
export async function providePrograms(
  environment: Environment,
  progress: Progress,
): Promise<Record<string, string>> {
  const folder = join(userCacheDir(environment), 'production');
  const provide = async (name: string, commands: Record<string, string>): Promise<Record<string, string>> => {
    const targets = Object.keys(commands).map((module) => ({
      module,
      target: join(folder, `${commands[module]}-${module.replace(/.*@v/, '')}`),
    }));
    const [first, ...rest] = targets;
    await provideGoCommands({ commands: [first!, ...rest], name, environment, progress });
    return Object.fromEntries(targets.map(({ module, target }) => [commands[module]!, target]));
  };
  const version = readCompose({}).services.temporal!.image.split(':')[1];
  const server = await provide('Temporal server for PostgreSQL', {
    [`go.temporal.io/server/cmd/server@v${version}`]: 'temporal-server',
    [`go.temporal.io/server/cmd/tools/sql@v${version}`]: 'temporal-sql-tool',
  });
  const loader = await provide("Compose's loader", {
    [`github.com/compose-spec/compose-go/v2/cmd@v${COMPOSE_LOADER_VERSION}`]: 'compose-config',
  });
  const cli = await findTemporalServer({
    environment: withoutTemporalService(environment),
    cacheDir: userCacheDir(environment),
    progress,
  });
  if (cli.kind !== 'binary') throw new Error('the namespace is made with a command line of its own');
  const s3 = await findS3Server(environment, progress);
  return { ...server, ...loader, temporal: cli.path, versitygw: s3.path };
}
