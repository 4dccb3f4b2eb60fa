import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ALERT_KINDS,
  ALERT_STATUSES,
  type AlertKind,
  type AlertStatus,
  alertKey,
  changesOf,
  type Finding,
  moveOf,
  type OpenAlert,
} from './rules.ts';

type Alert = OpenAlert & { status: AlertStatus };

const finding = fc.record({
  kind: fc.constantFrom<AlertKind>('leads_held', 'queue_delay', 'credits'),
  subject: fc.constantFrom('a', 'b'),
  severity: fc.constant('warning' as const),
  summary: fc.constantFrom('one', 'two'),
  fresh: fc.integer({ min: 1, max: 9 }),
  seenAt: fc.integer({ min: 0, max: 1_000 }).map((ms) => new Date(ms)),
});
const act = fc.oneof(
  fc.record({ pass: fc.array(finding), looked: fc.subarray([...ALERT_KINDS]) }),
  fc.record({ to: fc.constantFrom('acknowledged' as const, 'resolved' as const), pick: fc.nat(9) }),
);

/** Alerts as a table would hold them, after passes and people. */
function live(acts: readonly (typeof act extends fc.Arbitrary<infer T> ? T : never)[]): Alert[] {
  const alerts: Alert[] = [];
  for (const one of acts) {
    if ('to' in one) person(alerts, one.to, one.pick);
    else pass(alerts, one.pass, new Set(one.looked));
  }
  return alerts;
}

const openOf = (alerts: readonly Alert[]) =>
  new Map(alerts.filter(({ status }) => status !== 'resolved').map((one) => [alertKey(one), one]));

function pass(alerts: Alert[], found: readonly Finding[], looked: ReadonlySet<AlertKind>): void {
  const { raise, update, resolve } = changesOf(openOf(alerts), found, looked);
  const byId = (id: string) => alerts.find((one) => one.id === id)!;
  for (const change of update) Object.assign(byId(change.id), change);
  for (const { id } of resolve) byId(id).status = 'resolved';
  for (const { kind, subject, summary, fresh, seenAt } of raise) {
    const seen = { count: fresh, lastSeenAt: seenAt };
    alerts.push({ id: String(alerts.length), kind, subject, summary, ...seen, status: 'raised' });
  }
}

function person(alerts: Alert[], to: 'acknowledged' | 'resolved', pick: number): void {
  const alert = alerts[pick % Math.max(1, alerts.length)];
  if (alert && moveOf(alert.status, to) === 'change') alert.status = to;
}

describe('whatever passes find and people do', () => {
  // sabotage: src/control/alerts/rules.ts :: if (!alert) changes.raise.push(finding); => if (!alert || finding.fresh > 3) changes.raise.push(finding);
  test('one alert of each cause is open at most', () => {
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        const open = live(acts).filter(({ status }) => status !== 'resolved');
        expect(new Set(open.map(alertKey)).size).toBe(open.length);
      }),
    );
  });

  // sabotage: src/control/alerts/rules.ts :: return from === 'resolved' ? 'refused' : 'change'; => return 'change';
  test('what has ended stays as it was, and what was taken up is never raised again', () => {
    fc.assert(
      fc.property(fc.array(act), act, (acts, last) => {
        const before = live(acts);
        const after = live([...acts, last]);
        for (const [at, alert] of before.entries()) {
          if (alert.status === 'resolved') expect(after[at]).toEqual(alert);
          if (alert.status === 'acknowledged') expect(after[at]?.status).not.toBe('raised');
          expect(after[at]?.count).toBeGreaterThanOrEqual(alert.count);
          expect(after[at]?.lastSeenAt.getTime()).toBeGreaterThanOrEqual(alert.lastSeenAt.getTime());
        }
      }),
    );
  });

  // sabotage: src/control/alerts/rules.ts :: if (!found.has(key) && looked.has(alert.kind)) changes.resolve.push(alert); =>
  test('after a pass exactly the causes that stand are open, and those of kinds that could not be looked at', () => {
    fc.assert(
      fc.property(fc.array(act), fc.array(finding), fc.subarray([...ALERT_KINDS]), (acts, found, looked) => {
        const before = [...openOf(live(acts)).values()];
        const open = openOf(live([...acts, { pass: found, looked }]));
        const unseen = before.filter(({ kind }) => !looked.includes(kind)).map(alertKey);
        expect(new Set(open.keys())).toEqual(new Set([...found.map(alertKey), ...unseen]));
      }),
    );
  });

  test('a pass that finds the same again, with nothing new, changes nothing', () => {
    fc.assert(
      fc.property(fc.array(act), fc.array(finding), (acts, found) => {
        const alerts = live([...acts, { pass: found, looked: [...ALERT_KINDS] }]);
        const again = [...openOf(alerts).values()].map((alert) => ({
          ...alert,
          severity: 'warning' as const,
          fresh: 0,
          seenAt: alert.lastSeenAt,
        }));
        const nothing = { raise: [], update: [], resolve: [] };
        expect(changesOf(openOf(alerts), again, new Set(ALERT_KINDS))).toEqual(nothing);
      }),
    );
  });
});

test('an alert moves forward only: raised, acknowledged, resolved', () => {
  const moves = ALERT_STATUSES.map((from) => [moveOf(from, 'acknowledged'), moveOf(from, 'resolved')]);
  expect(moves).toEqual([
    ['change', 'change'],
    ['stands', 'change'],
    ['refused', 'stands'],
  ]);
});
