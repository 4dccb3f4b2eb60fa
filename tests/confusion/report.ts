import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { choosePlaybook } from '../../src/triage/playbooks/choose.ts';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import { renderReport } from '../../src/triage/report/render.ts';
import { score } from '../../src/triage/scoring/rules.ts';
import type { Signal } from '../../src/triage/signals/types.ts';
import { summaryInputOf } from '../../src/triage/summary/input.ts';
import { summarySkill } from '../../src/triage/summary/skill.ts';
import type { Scanned } from './scan.ts';

/** Writes the report of one scan, to be looked at. */
export function writeReport(
  folder: string,
  host: string,
  scanned: Scanned,
  found: Signal[],
  now: Date,
): void {
  const playbook = choosePlaybook(loadPlaybooks(), null);
  const result = score(found, playbook);
  const signals = found.map((signal, index) => ({ ...signal, points: result.signals[index]?.points ?? 0 }));
  const finalUrl = scanned.page.final_url;
  const { score: points, decision, reasons } = result;
  const { threshold } = playbook;
  const input = summaryInputOf({ finalUrl, score: points, threshold, decision, signals, page: scanned.page });
  const html = renderReport({
    name: null,
    requested_url: host,
    final_url: finalUrl,
    scanned_at: now,
    duration_ms: null,
    score: points,
    threshold,
    decision,
    decided_by: 'score',
    awaiting_until: null,
    reasons,
    signals,
    lighthouse: scanned.lighthouse,
    summary: { ...summarySkill.offline(summarySkill.inputSchema.parse(input)), generated_by: 'offline' },
    screenshots: {
      phone: { mime: 'image/jpeg', bytes: scanned.pictures.phone },
      desktop: { mime: 'image/jpeg', bytes: scanned.pictures.desktop },
    },
    hold: null,
    playbook: { name: playbook.name, slug: playbook.slug, version: playbook.version },
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${host}.html`), html);
}
