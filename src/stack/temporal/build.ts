import type { Environment } from '../cache.ts';
import { buildWithGo } from '../go-build.ts';
import type { Progress } from '../progress.ts';

/** The last command line that Go can install: later ones have a `replace` line in their go.mod. */
export const CLI_VERSION = '1.5.1';

type BuildOptions = { target: string; environment: Environment; progress: Progress };

/** Builds the pinned command line with Go into `target`; returns why not, when it could not. */
export function buildTemporal({ target, ...options }: BuildOptions): Promise<string | undefined> {
  const module = `github.com/temporalio/cli/cmd/temporal@v${CLI_VERSION}`;
  return buildWithGo({ ...options, commands: [{ module, target }], name: 'Temporal server' });
}
