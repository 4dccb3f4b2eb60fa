import type { Evidence } from '../signals/types.ts';
import { html, type SafeHtml, stranger } from './html.ts';
import type { ReportModel } from './model.ts';
import { canvasesOf, closeUp, type Mark } from './pictures.ts';
import { signalWords } from './signal-words.ts';
import { spellOut } from './spell-out.ts';

type Finding = ReportModel['signals'][number];

const EVIDENCE_SHOWN = 5;
const CLOSE_UPS = 2;

/** What was found, the weightiest first. */
export function detectedSignals(model: ReportModel): Finding[] {
  return model.signals.filter((signal) => signal.detected === true).toSorted((a, b) => b.points - a.points);
}

/** The marks on the screenshots: each finding's evidence under the number of the finding. */
export function marksOf(findings: readonly Finding[]): Mark[] {
  return findings.flatMap((finding, index) =>
    finding.evidence
      .filter((one) => one.region !== null)
      .slice(0, EVIDENCE_SHOWN)
      .map((one) => ({ number: index + 1, region: one.region! })),
  );
}

/** All findings, each with what was seen, why it matters and what helps. */
export function findingsSection(model: ReportModel): SafeHtml {
  const findings = detectedSignals(model);
  if (findings.length === 0) {
    return html`<section><h2>What was found</h2><p class="empty">None of the faults that the scan looks for.</p></section>`;
  }
  return html`<section aria-labelledby="found"><h2 id="found">What was found</h2>
<ol class="findings">${findings.map((finding, index) => findingCard(model, finding, index + 1))}</ol></section>`;
}

function findingCard(model: ReportModel, finding: Finding, number: number): SafeHtml {
  const words = signalWords(finding.code);
  // Both viewports often show the same; it is said once and pictured twice.
  const said = [...new Map(finding.evidence.map((one) => [`${one.text} ${one.snippet}`, one])).values()];
  const shown = said.slice(0, EVIDENCE_SHOWN);
  const more = said.length - shown.length;
  return html`<li class="finding"><div class="finding-head"><span class="number">${number}</span><h3>${words.title}</h3><span class="points">${finding.points} ${finding.points === 1 ? 'point' : 'points'}</span></div>
<p class="why">${words.why}</p>
${shown.length > 0 && html`<ul class="evidence">${shown.map(evidenceItem)}${more > 0 && html`<li class="more">and ${more} more like these</li>`}</ul>`}
${closeUps(model, finding, number)}
<p class="help"><strong>What helps:</strong> ${words.help}</p></li>`;
}

function evidenceItem(evidence: Evidence): SafeHtml {
  return html`<li>${stranger(spellOut(evidence.text), 400)}${evidence.snippet !== null && html`<code>${stranger(evidence.snippet, 240)}</code>`}</li>`;
}

/** Close-ups of the first pieces of evidence that lie on a picture. */
function closeUps(model: ReportModel, finding: Finding, number: number): SafeHtml | null {
  const canvases = canvasesOf(model.screenshots);
  const found: SafeHtml[] = [];
  for (const { region } of finding.evidence) {
    const canvas = region === null ? undefined : canvases[region.screenshot];
    if (region === null || canvas === undefined || found.length >= CLOSE_UPS) continue;
    const where = region.screenshot === 'phone' ? 'on a phone' : 'on a large screen';
    const picture = closeUp(canvas, { number, region }, `The place on the page, as seen ${where}`);
    if (picture) found.push(html`<figure>${picture}<figcaption>As seen ${where}</figcaption></figure>`);
  }
  return found.length === 0 ? null : html`<div class="closeups">${found}</div>`;
}

/** What was in order, and what could not be told. */
export function remainderSection(model: ReportModel): SafeHtml | null {
  const fine = fineSentences(model);
  const unknown = model.signals.filter((signal) => signal.detected === null);
  if (fine.length + unknown.length === 0) return null;
  return html`<section class="remainder">${fine.length > 0 && html`<div><h2>In order</h2><ul class="fine">${fine.map((sentence) => html`<li>${sentence}</li>`)}</ul></div>`}
${unknown.length > 0 && html`<div><h2>Could not be told</h2><ul class="unknown">${unknown.map((signal) => html`<li>${signalWords(signal.code).title}?<small>${spellOut(signal.evidence[0]?.text ?? 'The check did not run.')}</small></li>`)}</ul></div>`}</section>`;
}

/** The checks that found nothing; of the connection's four only one is said, and none beside a fault of it. */
function fineSentences(model: ReportModel): string[] {
  const isConnection = (signal: Finding): boolean => signal.code.startsWith('ssl_');
  const fine = model.signals.filter((signal) => signal.detected === false);
  const connection = fine.filter(isConnection).length === 4 ? [signalWords('ssl_missing').fine] : [];
  const rest = fine.filter((signal) => !isConnection(signal));
  return [...connection, ...rest.map((signal) => signalWords(signal.code).fine)];
}
