import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge } from 'prom-client';
import type { EventHub } from '../control/events/hub.ts';
import { findStopsInForce } from '../control/kill-switch/repository.ts';
import type { StopFile } from '../control/kill-switch/stop-file.ts';
import { readSpendOfAll } from '../control/spend/repository.ts';
import { dayOf, type SpendCaps } from '../control/spend/rules.ts';
import { readOutboxLag } from '../journal/runs/repository.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Database } from '../runtime/database/database.ts';
import type { Registry } from '../runtime/telemetry/registry.ts';
import { countAuditsInFlight } from '../triage/audits/repository.ts';

/** A scrape is answered although the database is not: what could not be read is missing from it then. */
const READ_WITHIN_MS = 3_000;

/**
 * What holds for the whole installation, read from the database at each scrape. The API tells it, since it
 * serves also when no worker runs.
 */
export function observeInstallation(
  deps: { db: Database; clock: Clock; caps: SpendCaps; eventHub: EventHub; stopFile: StopFile },
  registry: Registry,
): void {
  const registers = [registry];
  const failures = new Counter({
    name: 'agos_metrics_read_errors_total',
    help: 'Scrapes at which the database did not answer.',
    registers,
  });
  // Every gauge asks at the same time: they share one look.
  let reading: Promise<void> | undefined;
  const collect = (): Promise<void> => {
    reading ??= Promise.race([read(), tooLate()])
      .catch(() => {
        // An old figure would pass for a new one.
        unmarked.remove();
        oldest.remove();
        spent.remove();
        stops.reset();
        agents.reset();
        failures.inc();
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const unmarked = new Gauge({
    name: 'agos_runs_unmarked',
    help: 'Runs that were asked for and that Temporal has not confirmed.',
    registers,
    collect,
  });
  const oldest = new Gauge({
    name: 'agos_runs_unmarked_oldest_seconds',
    help: 'For how long the oldest of them has waited.',
    registers,
    collect,
  });
  const spent = new Gauge({
    name: 'agos_spend_today_micro_usd',
    help: 'What all tenants have spent since midnight UTC, reservations included, in millionths of a US dollar.',
    registers,
    collect,
  });
  new Gauge({
    name: 'agos_spend_cap_micro_usd',
    help: 'What they may spend on one day.',
    registers,
  }).set(deps.caps.globalMicroUsd);
  const stops = new Gauge({
    name: 'agos_kill_switches_on',
    help: 'Kill switches that are on: of tenants, of the installation, and the stop file of this machine.',
    labelNames: ['reach'],
    registers,
    collect,
  });
  const agents = new Gauge({
    name: 'agos_agent_runs_open',
    help: 'Runs of agents that are at work, and those that wait for a person.',
    labelNames: ['status'],
    registers,
    collect,
  });
  const read = async (): Promise<void> => {
    // One after the other: the door has two connections, and requests need it too.
    const lag = await readOutboxLag(deps.db);
    const spentToday = await readSpendOfAll(deps.db, dayOf(deps.clock.now()).date);
    const inForce = await findStopsInForce(deps.db);
    const stopFile = await deps.stopFile.read();
    const inFlight = await countAuditsInFlight(deps.db);
    unmarked.set(lag.unmarked);
    oldest.set(lag.oldestSeconds);
    spent.set(spentToday);
    stops.set({ reach: 'tenant' }, inForce.tenants.size);
    stops.set({ reach: 'global' }, inForce.everybody ? 1 : 0);
    stops.set({ reach: 'machine' }, stopFile ? 1 : 0);
    agents.set({ status: 'running' }, inFlight.running);
    agents.set({ status: 'awaiting' }, inFlight.awaiting);
  };
  new Gauge({
    name: 'agos_event_streams_open',
    help: 'Open streams of events in this process.',
    registers,
    collect() {
      this.set(deps.eventHub.openStreams());
    },
  });
}

async function tooLate(): Promise<never> {
  await sleep(READ_WITHIN_MS, undefined, { ref: false });
  throw new Error('the database did not answer in time');
}
