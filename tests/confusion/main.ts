import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listSiteFolders, readSite } from '../../examples/server/index.ts';
import { SiteHoldError } from '../../src/kernel/holds.ts';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import { SIGNAL_CODES } from '../../src/triage/signals/codes.ts';
import { detectSignals } from '../../src/triage/signals/detect.ts';
import { readLabels } from './labels.ts';
import { writeReport } from './report.ts';
import { type ConfusionScanner, startScanner } from './scan.ts';
import { printVerdicts, type Verdict } from './table.ts';

/** The day the labels were written for. */
const NOW = new Date('2026-11-21T12:00:00Z');
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

const scanner = await startScanner({ folders, now: NOW, fast: values.fast });
const verdicts: Verdict[] = [];
const holds: string[] = [];
for (const folder of folders) verdicts.push(...(await judge(scanner, folder)));
await scanner.close();
process.stdout.write(
  `${printVerdicts(verdicts)}\n\nholds that differ from the label:\n${holds.join('\n') || 'none'}\n`,
);

/** Scans one site and puts each label beside what the detectors say. */
async function judge(scanner: ConfusionScanner, folder: string): Promise<Verdict[]> {
  const site = readSite(folder);
  const labels = readLabels(folder);
  process.stderr.write(`${site.host}\n`);
  try {
    const scanned = await scanner.scan(site);
    const { fetch, page, links, lighthouse } = scanned;
    if (labels.hold !== null) holds.push(`  ${site.host}: label ${labels.hold}, scanned`);
    const signals = detectSignals({ fetch, page, links, lighthouse, now: NOW, technologies });
    if (values.reports) writeReport(values.reports, site.host, scanned, signals, NOW);
    return SIGNAL_CODES.flatMap((code, index): Verdict[] => {
      const label = labels.signals[code];
      const signal = signals[index];
      if (!label || !signal || label.expected === null || labels.hold !== null) return [];
      const seen =
        JSON.stringify(signal.value)?.slice(0, 300) +
        signal.evidence
          .slice(0, 2)
          .map((one) => ` | ${one.text} ${one.snippet ?? ''}`)
          .join('');
      return [
        { site: site.host, code, expected: label.expected, detected: signal.detected, why: label.why, seen },
      ];
    });
  } catch (error) {
    const code =
      error instanceof SiteHoldError
        ? error.hold.code
        : `failed: ${error instanceof Error ? error.message : String(error)}`;
    if (labels.hold !== code) holds.push(`  ${site.host}: label ${labels.hold}, ${code}`);
    return [];
  }
}
