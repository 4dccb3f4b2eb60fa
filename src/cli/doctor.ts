import { Command } from 'commander';
import pc from 'picocolors';
import { type DoctorFact, examineMachine } from '../stack/doctor.ts';
import { createProgress } from '../stack/progress.ts';
import { loadPlaybooks } from '../triage/playbooks/load.ts';
import { dataFolder } from './credentials.ts';
import { EXIT } from './exit.ts';
import { namespaceSetup } from './namespace-setup.ts';
import { acting, print, printJson } from './output.ts';
import { storageFact } from './storage-fact.ts';
import { table } from './table.ts';

type Fact = Omit<DoctorFact, 'part'> & { part: string };

/** `agos doctor`: what was found, where, which version, and what the servers lack. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what AgOS finds on this machine, and what the servers it would use lack')
    .option('--try-fairness', 'try whether a Temporal service is fair, with 81 to 243 short workflows there')
    .option('--json', 'one JSON object')
    .action((options: { tryFairness?: boolean; json?: boolean }) =>
      acting(options.json === true, async () => {
        const dataDir = dataFolder();
        const machine = await examineMachine({
          environment: process.env,
          dataDir,
          progress: createProgress(),
          namespaceSetup,
          tryFairness: options.tryFairness === true,
        });
        const facts: Fact[] = [...machine, await storageFact(process.env, dataDir), playbookFact()];
        if (options.json) printJson({ ok: facts.every((fact) => fact.ok), facts });
        else print(asTable(facts));
        return facts.every((fact) => fact.ok) ? EXIT.ok : EXIT.unreachable;
      }),
    );
}

function playbookFact(): Fact {
  const where = 'src/triage/playbooks';
  try {
    const playbooks = loadPlaybooks();
    const version = playbooks.map((one) => `${one.slug} ${one.version}`).join(', ');
    return { part: 'Playbooks', ok: true, version, source: 'this build', where, notes: [] };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { part: 'Playbooks', ok: false, version: null, source: 'this build', where, notes: [note] };
  }
}

function asTable(facts: readonly Fact[]): string {
  const rows = facts.map((fact) => [
    fact.ok ? pc.green(fact.part) : pc.red(fact.part),
    fact.version ?? '–',
    fact.source ?? '–',
    [fact.where, ...fact.notes].filter(Boolean).join('\n'),
  ]);
  return table(['part', 'version', 'found by', 'where, and what to know'], rows);
}
