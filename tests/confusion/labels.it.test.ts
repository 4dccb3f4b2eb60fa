import { join } from 'node:path';
import pLimit from 'p-limit';
import { expect, onTestFinished, test } from 'vitest';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import { SIGNAL_CODES } from '../../src/triage/signals/codes.ts';
import { type Judged, judgeSite, LABELS_NOW } from './judge.ts';
import { readLabels } from './labels.ts';
import { startScanner } from './scan.ts';

/** These say nothing, or too little, before Lighthouse has run; `npm run confusion` judges them. */
const NEED_LIGHTHOUSE: readonly string[] = [
  'pagespeed_below_50',
  'images_without_alt',
  'accessibility_serious',
];
/** So few that it takes less than a minute; `npm run confusion` scans them all. */
const SITES = [
  'angelverein-seeblick',
  'antiquariat-lenz',
  'atlas-roofing',
  'bike-kitchen',
  'boutique-fleur',
  'brightpath-tutors',
  'carpentry-oak',
  'choir-harmonia',
  'clinica-sonrisa',
  'doe-and-partners',
  'escape-room-lab',
  'garten-paradies',
  'hikers-hut',
  'kombucha-lab',
  'muddy-paws',
  'oakline-joinery',
  'radio-lokalne',
  'rossi-autofficina',
  'sanitaer-hoffmann',
  'shop-schild',
  'wine-cellar',
];
const AT_ONCE = 2;
const folders = SITES.map((name) => join(import.meta.dirname, '../sites', name));
const judgedHere = SIGNAL_CODES.filter((code) => !NEED_LIGHTHOUSE.includes(code));

test.each(judgedHere)('the sites show %s, and what only looks like it, at least twice', (code) => {
  const labels = folders.map(readLabels);
  const positives = labels.filter(({ signals }) => signals[code]?.expected === true);
  const nearMisses = labels.filter(({ near_miss_of }) => near_miss_of.includes(code));
  expect(positives.length).toBeGreaterThanOrEqual(2);
  expect(nearMisses.length).toBeGreaterThanOrEqual(2);
});

test('every detector that needs no Lighthouse says of these sites what their labels say', async () => {
  // sabotage: src/triage/signals/detect-contact.ts :: return { detected: true, value: null, evidence: [sentence(text)] }; => return notFound();
  const technologies = loadPlaybooks()[0]?.technologies ?? [];
  const scanner = await startScanner({ folders, now: LABELS_NOW, fast: true });
  onTestFinished(() => scanner.close());
  const judge = async (folder: string): Promise<string[]> =>
    differencesOf(await judgeSite(scanner, folder, technologies));
  const atOnce = pLimit(AT_ONCE);
  const differences = await Promise.all(
    folders.map((folder) =>
      atOnce(async () => {
        // A busy machine may cut one look short; what is wrong with a detector is wrong again.
        return (await judge(folder)).length === 0 ? [] : judge(folder);
      }),
    ),
  );
  expect(differences.flat()).toEqual([]);
}, 300_000);

/** Also a detector that cannot tell differs: these pages hide nothing from it. */
function differencesOf({ verdicts, holdDifference }: Judged): string[] {
  const wrong = verdicts
    .filter(({ code }) => !NEED_LIGHTHOUSE.includes(code))
    .filter(({ expected, detected }) => detected !== expected)
    .map(({ site, code, why, seen }) => `${site} ${code}, label: ${why}, seen: ${seen}`);
  return holdDifference === null ? wrong : [holdDifference, ...wrong];
}
