import { faultName } from '../scoring/rules.ts';
import type { SignalCode } from '../signals/codes.ts';
import type { SummaryInput } from './input.ts';

/** What a fault does to the business, to end a sentence with; only the weightier ones have one. */
const EFFECTS: Partial<Record<SignalCode, string>> = {
  pagespeed_below_50: 'Visitors on phones wait long enough to give up.',
  ssl_missing: 'Browsers call the site "not secure" on every visit.',
  ssl_invalid: 'Visitors meet a security warning before they see the site.',
  ssl_expired: 'Visitors meet a security warning before they see the site.',
  ssl_expiring: 'If nothing is done, visitors will soon meet a security warning.',
  not_mobile_responsive: 'People on phones have to zoom and scroll sideways to read it.',
  copyright_outdated: 'It looks as if nobody had cared for the site in years.',
  contact_missing: 'Someone ready to call or write does not see how.',
  placeholder_text: 'It shows that the site was never finished.',
  outdated_technology: 'It rests on software that no longer gets security fixes.',
};

/** Composes the summary from the findings alone: no claim without one. */
export function composeSummary(input: SummaryInput): string {
  const [first, second, ...rest] = input.findings;
  if (!first) return soundSummary(input);
  const main = second ? `${faultName(first.code)} and ${faultName(second.code)}` : faultName(first.code);
  const opening = `${input.host} scores ${input.score} out of 100 as an opportunity, ${bar(input)}.`;
  const points = second ? 'What weighs most is' : 'What counts is';
  const effects = [first, second].flatMap((finding) => (finding ? (EFFECTS[finding.code] ?? []) : []));
  const also = rest.slice(0, 6).map((finding) => faultName(finding.code));
  const more = rest.length - also.length;
  const others =
    also.length === 0
      ? ''
      : `The scan also found ${join(more > 0 ? [...also, `${more} smaller ${more === 1 ? 'fault' : 'faults'}`] : also)}.`;
  return [opening, `${points} ${main}.`, ...new Set(effects), others, advice(input), unknown(input)]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function soundSummary(input: SummaryInput): string {
  const opening = `${input.host} scores ${input.score} out of 100 as an opportunity, ${bar(input)}.`;
  const found =
    'The scan found none of the faults that it looks for, so there is no plain reason to offer a redesign.';
  return [opening, found, unknown(input)].filter((sentence) => sentence !== '').join(' ');
}

function bar({ score, threshold }: SummaryInput): string {
  if (score === threshold) return `exactly at the bar of ${threshold}`;
  return score > threshold ? `above the bar of ${threshold}` : `below the bar of ${threshold}`;
}

function advice({ decision, findings, score, threshold }: SummaryInput): string {
  const first = findings[0];
  if (!first) return '';
  if (decision === 'qualified')
    return `A conversation can start with ${faultName(first.code)}, which the owner can see at once.`;
  if (score >= threshold)
    return 'None of the faults that the playbook asks for is among them, so the lead is not taken on.';
  return 'That stays below what the playbook asks for.';
}

function unknown({ not_told: titles }: SummaryInput): string {
  if (titles.length === 0) return '';
  const checks = titles.length === 1 ? 'One check' : `${titles.length} checks`;
  return `${checks} could not be completed and ${titles.length === 1 ? 'counts' : 'count'} for nothing here.`;
}

function join(items: string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
