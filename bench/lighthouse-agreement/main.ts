import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import {
  allowTargets,
  createAuthority,
  freeLoopbackAddress,
  listSiteFolders,
  readLabels,
  serveSites,
  siteUrl,
} from '../../examples/server/index.ts';
import { findChromium } from '../../src/stack/chromium/find.ts';
import { createProgress } from '../../src/stack/progress.ts';
import { median } from '../harness/statistics.ts';
import { writeHeavyPages } from './heavy-pages.ts';
import { type Category, cliSide, ourSide, type Scores, type Side, wholeBrowser } from './sides.ts';
import { chooseSpread, judge, LEAST_SITES, ownNoise, type SiteRuns, whyTrial } from './statistics.ts';

const PORT = 8_443;
/** Among sites that all score 99 or 100 the order is chance: the rule asks for sites over the whole range. */
const SITES_PER_BAND = 4;
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, sites: { type: 'string', default: '99' } },
});
const runs = Number(values.runs);
const siteLimit = Number(values.sites);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(siteLimit) || siteLimit < 2) {
  process.stderr.write('--runs takes a number from 1, --sites one from 2\n');
  process.exit(2);
}

type Measured = { url: string; ours: Scores[]; cli: Scores[] };

const progress = createProgress();
const chromium = await findChromium({ environment: process.env, progress, allowInstall: true });
const generated = mkdtempSync(join(tmpdir(), 'agos-heavy-pages-'));
const examples = listSiteFolders(join(import.meta.dirname, '..', '..', 'examples', 'sites'));
// Only a page that can be scanned has a score to agree on.
const scannable = examples.filter((folder) => readLabels(folder).hold === null);
const folders = [...writeHeavyPages(generated), ...scannable].slice(0, siteLimit);
const address = await freeLoopbackAddress(PORT);
const server = await serveSites({ folders, address, port: PORT, authority: await createAuthority() });
const ours = await ourSide(chromium.path, allowTargets(server.hosts, address, PORT));
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
const cli = cliSide(wholeBrowser(chromium.path), address, interrupted.signal);
const spentMs = new Map<Side, number>([
  [ours, 0],
  [cli, 0],
]);

try {
  const measured = await measureAll(await chooseSites(server.sites.map((site) => siteUrl(site, PORT))));
  process.exitCode = report(measured) ? 0 : 1;
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  await ours.close();
  await server.close();
  rmSync(generated, { recursive: true, force: true });
}

/** A first look by the command line alone, which nobody counts, says which sites cover the range. */
async function chooseSites(urls: string[]): Promise<string[]> {
  const looked: { url: string; score: number }[] = [];
  for (const [index, url] of urls.entries()) {
    progress.working(`first look ${index + 1}/${urls.length}`);
    looked.push({ url, score: (await cli.measure(url)).performance });
  }
  const chosen = chooseSpread(looked, SITES_PER_BAND);
  const range = chosen.map(({ score }) => score).toSorted((a, b) => a - b);
  progress.line(`${chosen.length} of ${urls.length} sites, scores ${range.join(' ')}`);
  if (chosen.length < LEAST_SITES) progress.line(`fewer than ${LEAST_SITES} sites: no proof, a trial`);
  await ours.measure(chosen[0]?.url ?? '');
  return chosen.map(({ url }) => url);
}

/** Both sides take turns in going first, so that neither has the warmer machine. */
async function measureAll(urls: string[]): Promise<Measured[]> {
  const measured = urls.map((url): Measured => ({ url, ours: [], cli: [] }));
  for (let round = 0; round < runs; round += 1) {
    for (const [index, site] of measured.entries()) {
      const oursFirst = (round + index) % 2 === 0;
      for (const side of oursFirst ? [ours, cli] : [cli, ours]) {
        interrupted.signal.throwIfAborted();
        const startedAt = performance.now();
        const scores = await side.measure(site.url);
        spentMs.set(side, (spentMs.get(side) ?? 0) + performance.now() - startedAt);
        (side === ours ? site.ours : site.cli).push(scores);
      }
      const line = `${site.url} ours ${site.ours.at(-1)?.performance} cli ${site.cli.at(-1)?.performance}`;
      progress.line(`round ${round + 1}/${runs}, ${index + 1}/${urls.length}: ${line}`);
    }
  }
  return measured;
}

function runsOf(measured: Measured[], category: Category): SiteRuns[] {
  const pick = (all: Scores[]): number[] => all.map((scores) => scores[category]);
  return measured.map(({ url, ours, cli }) => ({
    site: new URL(url).hostname,
    ours: pick(ours),
    cli: pick(cli),
  }));
}

/** Prints the table and the verdict on the performance score; true when it proves that the sides agree. */
function report(measured: Measured[]): boolean {
  const table = new Table({ head: ['site', 'ours', 'cli', 'd', 'n'] });
  for (const { site, ours, cli } of runsOf(measured, 'performance')) {
    const difference = Math.abs(median(ours) - median(cli));
    table.push([site, ours.join(' '), cli.join(' '), difference, ownNoise(cli)]);
  }
  const verdict = judge(runsOf(measured, 'performance'));
  const trial = whyTrial(runsOf(measured, 'performance'));
  const others = (['accessibility', 'best-practices', 'seo'] as const).map((category) => {
    const differences = runsOf(measured, category).map(({ ours, cli }) =>
      Math.abs(median(ours) - median(cli)),
    );
    return `${category} ${Math.max(...differences)}`;
  });
  const speed = (spentMs.get(cli) ?? 0) / (spentMs.get(ours) ?? 1);
  process.stdout.write(`${table.toString()}
${measured.length} sites, ${runs} runs on each side, ${chromium.version}
median d ${verdict.medianDifference} (allowed: median n ${verdict.medianNoise} + 2)
rank correlation ${verdict.rankCorrelation.toFixed(3)} (wanted: 0.95)
largest difference elsewhere: ${others.join(', ')}
speed: the command line took ${speed.toFixed(2)} times as long
${trial ?? (verdict.agrees ? 'AGREES' : 'DOES NOT AGREE')}
`);
  return verdict.agrees && trial === null;
}
