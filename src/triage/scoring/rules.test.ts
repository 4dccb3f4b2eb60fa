import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPlaybooks } from '../playbooks/load.ts';
import { SIGNAL_CODES, type SignalCode } from '../signals/codes.ts';
import { score } from './rules.ts';

const playbooks = loadPlaybooks();
const standard = playbooks.find((playbook) => playbook.is_default)!;
const found = (...codes: SignalCode[]) =>
  SIGNAL_CODES.map((code) => ({ code, detected: codes.includes(code) }));

const detections = fc.array(fc.constantFrom(true, false, null), {
  minLength: SIGNAL_CODES.length,
  maxLength: SIGNAL_CODES.length,
});
const asSignals = (states: (boolean | null)[]) =>
  SIGNAL_CODES.map((code, index) => ({ code, detected: states[index] ?? null }));
const anyPlaybook = fc.constantFrom(...playbooks);

describe('score', () => {
  test('stays between 0 and 100, whatever is found', () => {
    fc.assert(
      fc.property(detections, anyPlaybook, (states, playbook) => {
        const result = score(asSignals(states), playbook);
        return result.score >= 0 && result.score <= 100;
      }),
    );
  });

  test('is the sum of the points of its signals until it meets 100', () => {
    fc.assert(
      fc.property(detections, anyPlaybook, (states, playbook) => {
        const result = score(asSignals(states), playbook);
        const sum = result.signals.reduce((total, signal) => total + signal.points, 0);
        return result.score === Math.min(100, sum);
      }),
    );
  });

  test('never falls when one more fault is found', () => {
    fc.assert(
      fc.property(detections, fc.nat(SIGNAL_CODES.length - 1), anyPlaybook, (states, index, playbook) => {
        const more = states.with(index, true);
        const before = score(asSignals(states.with(index, false)), playbook);
        const after = score(asSignals(more), playbook);
        return (
          after.score >= before.score && !(before.decision === 'qualified' && after.decision !== 'qualified')
        );
      }),
    );
  });

  test('gives no points for what was not found or could not be told', () => {
    fc.assert(
      fc.property(detections, anyPlaybook, (states, playbook) =>
        score(asSignals(states), playbook).signals.every((one) => one.detected === true || one.points === 0),
      ),
    );
  });

  test('qualifies a typical neglected site under every shipped playbook', () => {
    const neglected = found(
      'pagespeed_below_50',
      'not_mobile_responsive',
      'copyright_outdated',
      'ssl_missing',
      'meta_description_missing',
    );
    for (const playbook of playbooks) expect(score(neglected, playbook).decision).toBe('qualified');
  });

  test('keeps a sound site with two small faults close to zero', () => {
    for (const playbook of playbooks) {
      const result = score(found('accessibility_serious', 'console_errors'), playbook);
      expect(result.decision).toBe('disqualified');
      expect(result.score).toBeLessThan(20);
    }
  });

  test('refuses a high score without a required fault and says which are asked for', () => {
    const minor = found(
      'title_missing',
      'meta_description_missing',
      'h1_missing',
      'broken_images',
      'broken_links',
      'outdated_technology',
      'contact_missing',
      'placeholder_text',
    );
    const result = score(minor, standard);
    expect(result.score).toBeGreaterThanOrEqual(standard.threshold);
    expect(result.decision).toBe('disqualified');
    expect(result.reasons.join(' ')).toContain('at least one of these, and this site has none');
  });

  test('is near the threshold on both sides, the bounds included, and only a playbook with review waits', () => {
    const of = (points: number, enabled: boolean) =>
      score(found('ssl_missing'), {
        ...standard,
        weights: { ...standard.weights, ssl_missing: points },
        review: { ...standard.review, enabled },
      });
    expect([54, 55, 60, 65, 66].map((points) => of(points, true).near_threshold)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(of(60, true).awaits_person).toBe(true);
    expect(of(60, false).awaits_person).toBe(false);
  });

  test('names in a reason what could not be told', () => {
    const result = score([{ code: 'broken_links', detected: null }], standard);
    expect(result.reasons.at(-1)).toBe(
      'It could not be told whether these are there: links that lead nowhere.',
    );
  });
});
