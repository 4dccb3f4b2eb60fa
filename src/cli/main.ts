import { Command, CommanderError } from 'commander';
import { alertsCommand } from './alerts.ts';
import { batchCommand } from './batch.ts';
import { decideCommand } from './decide.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { eventsCommand } from './events.ts';
import { EXIT } from './exit.ts';
import { filesCommand } from './files.ts';
import { importCommand } from './import.ts';
import { killCommand } from './kill.ts';
import { leadCommand } from './lead.ts';
import { leadsCommand } from './leads.ts';
import { migrateCommand } from './migrate.ts';
import { tenantCommand } from './tenant.ts';
import { tokenCommand } from './token.ts';
import { triageCommand } from './triage.ts';
import { upCommand } from './up.ts';
import { webhooksCommand } from './webhooks.ts';

const program = new Command('agos')
  .description('AgOS: the durable backend an agency runs its AI agents on')
  .version('0.1.0')
  .exitOverride()
  .configureHelp({ sortSubcommands: false })
  .showHelpAfterError('(add --help for what it takes)');

for (const command of [
  upCommand(),
  demoCommand(),
  doctorCommand(),
  migrateCommand(),
  tenantCommand(),
  tokenCommand(),
  triageCommand(),
  importCommand(),
  leadsCommand(),
  leadCommand(),
  batchCommand(),
  eventsCommand(),
  webhooksCommand(),
  alertsCommand(),
  filesCommand(),
  decideCommand(),
  killCommand(),
]) {
  program.addCommand(command.exitOverride());
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
