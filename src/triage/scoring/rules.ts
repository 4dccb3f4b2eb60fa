import type { Playbook } from '../playbooks/schema.ts';
import type { SignalCode } from '../signals/codes.ts';

export type Decision = 'qualified' | 'disqualified';

/** The part of a playbook that a score rests on. */
export type ScoringPlaybook = Pick<Playbook, 'threshold' | 'required_signals' | 'weights' | 'review'>;

export type ScoredSignal = { code: SignalCode; detected: boolean | null; points: number };

export type Score = {
  /** 0-100: how much a redesign would help this business. */
  score: number;
  signals: ScoredSignal[];
  decision: Decision;
  reasons: string[];
  /** The score is so close to the threshold that a person may see it otherwise. */
  near_threshold: boolean;
  /** The playbook lets a score this close wait for a person. */
  awaits_person: boolean;
};

/** Weighs the signals of one site by a playbook; pure, and every point is explained by one signal. */
export function score(
  signals: readonly { code: SignalCode; detected: boolean | null }[],
  playbook: ScoringPlaybook,
): Score {
  const scored = signals.map(({ code, detected }) => ({
    code,
    detected,
    points: detected === true ? playbook.weights[code] : 0,
  }));
  const sum = scored.reduce((total, signal) => total + signal.points, 0);
  const total = Math.min(100, Math.round(sum * 100) / 100);
  const missing = missingRequirement(scored, playbook);
  const reached = total >= playbook.threshold;
  const near = Math.abs(total - playbook.threshold) <= playbook.review.within_points;
  return {
    score: total,
    signals: scored,
    decision: reached && missing === null ? 'qualified' : 'disqualified',
    reasons: reasonsFor(scored, total, playbook, missing),
    near_threshold: near,
    awaits_person: near && playbook.review.enabled,
  };
}

/** Which required signal is not there, as a sentence; null when all are. */
function missingRequirement(signals: ScoredSignal[], playbook: ScoringPlaybook): string | null {
  const found = new Set(signals.filter((signal) => signal.detected === true).map((signal) => signal.code));
  const absent = playbook.required_signals.all.filter((code) => !found.has(code));
  if (absent.length > 0) {
    return `The playbook asks for ${list(absent.map(faultName), 'and')}, which this site does not have.`;
  }
  const any = playbook.required_signals.any;
  if (any.length === 0 || any.some((code) => found.has(code))) return null;
  return `The playbook asks for at least one of these, and this site has none: ${list(any.map(faultName), 'or')}.`;
}

function reasonsFor(
  signals: ScoredSignal[],
  total: number,
  playbook: ScoringPlaybook,
  missing: string | null,
): string[] {
  const verb = total >= playbook.threshold ? 'reaches' : 'stays below';
  const first = `The score of ${total} out of 100 ${verb} the threshold of ${playbook.threshold}.`;
  const found = signals
    .filter((signal) => signal.points > 0)
    .sort((a, b) => b.points - a.points)
    .map(
      (signal) =>
        `${capital(faultName(signal.code))}: ${signal.points} ${signal.points === 1 ? 'point' : 'points'}.`,
    );
  const unknown = signals
    .filter((signal) => signal.detected === null)
    .map((signal) => faultName(signal.code));
  return [
    first,
    ...(missing === null ? [] : [missing]),
    ...(found.length === 0 ? ['No fault that counts was found.'] : found),
    ...(unknown.length === 0
      ? []
      : [`It could not be told whether these are there: ${list(unknown, 'and')}.`]),
  ];
}

const FAULT_NAMES: Record<SignalCode, string> = {
  pagespeed_below_50: 'slow loading on phones',
  ssl_missing: 'no secure connection',
  ssl_invalid: 'a security certificate that browsers refuse',
  ssl_expired: 'an expired security certificate',
  ssl_expiring: 'a security certificate that ends within 30 days',
  not_mobile_responsive: 'a layout that does not fit phones',
  copyright_outdated: 'an old year in the copyright notice',
  title_missing: 'no page title',
  meta_description_missing: 'no description for search results',
  h1_missing: 'no main heading',
  broken_images: 'pictures that do not load',
  broken_links: 'links that lead nowhere',
  images_without_alt: 'pictures without a description for blind visitors',
  outdated_technology: 'outdated technology',
  mixed_content: 'insecure parts on a secure page',
  console_errors: 'programming errors on the page',
  accessibility_serious: 'serious barriers for visitors with disabilities',
  contact_missing: 'no phone number or mail address in sight',
  placeholder_text: 'placeholder text left from a template',
};

/** A signal in plain words, to be used inside a sentence. */
export function faultName(code: SignalCode): string {
  return FAULT_NAMES[code];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function list(items: string[], word: 'and' | 'or'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`;
}
