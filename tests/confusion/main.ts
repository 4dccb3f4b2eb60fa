import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listSiteFolders, readSite } from '../../examples/server/index.ts';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import { judgeSite, LABELS_NOW } from './judge.ts';
import { writeReport } from './report.ts';
import { startScanner } from './scan.ts';
import { disagreementsOf, printVerdicts, type Verdict } from './table.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const { values, positionals } = parseArgs({
  options: { fast: { type: 'boolean', default: false }, reports: { type: 'string' } },
  allowPositionals: true,
});
const technologies = loadPlaybooks()[0]?.technologies ?? [];
const folders = [join(ROOT, 'tests', 'sites'), join(ROOT, 'examples', 'sites')]
  .flatMap(listSiteFolders)
  .filter((folder) => existsSync(join(folder, 'labels.json')))
  .filter((folder) => positionals.length === 0 || positionals.some((name) => folder.endsWith(name)));

const scanner = await startScanner({ folders, now: LABELS_NOW, fast: values.fast });
const verdicts: Verdict[] = [];
const holds: string[] = [];
for (const folder of folders) {
  const { host } = readSite(folder);
  process.stderr.write(`${host}\n`);
  const judged = await judgeSite(scanner, folder, technologies);
  verdicts.push(...judged.verdicts);
  if (judged.holdDifference) holds.push(`  ${judged.holdDifference}`);
  const { reports } = values;
  if (reports && judged.found)
    writeReport(reports, host, judged.found.scanned, judged.found.signals, LABELS_NOW);
}
await scanner.close();
process.stdout.write(
  `${printVerdicts(verdicts)}\n\nholds that differ from the label:\n${holds.join('\n') || 'none'}\n`,
);
process.exitCode = disagreementsOf(verdicts).length === 0 && holds.length === 0 ? 0 : 1;
