import { holdWords } from './hold-words.ts';
import { html, type SafeHtml, stranger } from './html.ts';
import type { ReportModel } from './model.ts';
import { spellOut } from './spell-out.ts';

const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** A moment as people read it, in one time zone that is named. */
export function moment(date: Date): string {
  return `${MOMENT.format(date)} UTC`;
}

/** The head of the report: score, decision, who decided and the reason. */
export function verdictSection(model: ReportModel): SafeHtml {
  if (model.hold !== null) return heldSection(model, model.hold);
  if (model.score === null) return html``;
  return html`<section class="verdict ${tone(model)}">${ring(model.score, model.threshold)}<div><p class="decision">${decisionWords(model)}</p>
<p class="who">${whoDecided(model)}</p>
${scoreReasons(model).map((reason) => html`<p class="reason">${reason}</p>`)}</div></section>`;
}

/** What the score says for itself: whether it reaches the bar, and which required fault is not there. */
function scoreReasons(model: ReportModel): string[] {
  const [first, ...rest] = settledByScore(model) ? model.reasons : model.reasons.slice(1);
  const missing = rest.filter((reason) => reason.startsWith('The playbook asks'));
  return first === undefined ? [] : [first, ...missing];
}

function settledByScore({ decided_by }: ReportModel): boolean {
  return decided_by === null || decided_by === 'score';
}

function heldSection(model: ReportModel, hold: NonNullable<ReportModel['hold']>): SafeHtml {
  const words = holdWords(hold.code);
  return html`<section class="verdict held"><div class="sign" aria-hidden="true">!</div><div><p class="decision">${words.title}</p>
<p class="reason">${words.happened}</p><p class="reason">${stranger(spellOut(hold.message), 500)}</p>
<p class="next"><strong>What to do:</strong> ${words.next}</p>
<p class="who">A site that could not be scanned gets no score: nothing below is guessed${model.screenshots.desktop === null ? '.' : ', and the pictures show how far the scan came.'}</p></div></section>`;
}

function tone(model: ReportModel): string {
  if (model.awaiting_until !== null) return 'awaiting';
  return model.decision === 'qualified' ? 'qualified' : 'disqualified';
}

function decisionWords(model: ReportModel): string {
  if (model.awaiting_until !== null) return 'A person is to decide';
  return model.decision === 'qualified' ? 'Qualified: worth an offer' : 'Not qualified: too little to offer';
}

function whoDecided(model: ReportModel): SafeHtml | string {
  if (model.awaiting_until !== null) {
    return `The score is close to the bar. Without a word until ${moment(model.awaiting_until)} the side it fell on counts.`;
  }
  return settledByScore(model) ? 'Decided by the score.' : stranger(model.reasons[0] ?? '', 1100);
}

/** The score as a ring, with the bar marked on it. */
function ring(score: number, threshold: number): SafeHtml {
  const radius = 52;
  const around = 2 * Math.PI * radius;
  const angle = (threshold / 100) * 2 * Math.PI - Math.PI / 2;
  const at = (distance: number): string =>
    `${(60 + distance * Math.cos(angle)).toFixed(1)} ${(60 + distance * Math.sin(angle)).toFixed(1)}`;
  return html`<svg class="ring" viewBox="0 0 120 120" role="img" aria-label="Score ${score} of 100, the bar is ${threshold}"><circle class="ring-back" cx="60" cy="60" r="${radius}"/><circle class="ring-score" cx="60" cy="60" r="${radius}" stroke-dasharray="${((around * score) / 100).toFixed(1)} ${around.toFixed(1)}" transform="rotate(-90 60 60)"/><path class="ring-bar" d="M ${at(43)} L ${at(59)}"/><text class="ring-value" x="60" y="66" text-anchor="middle">${score}</text><text class="ring-of" x="60" y="83" text-anchor="middle">of 100</text></svg>`;
}
