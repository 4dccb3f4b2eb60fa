import type { JWK } from 'jose';
import type { Clock } from '../../runtime/clock.ts';
import { ALGORITHMS, CLOCK_TOLERANCE_SECONDS } from '../identity/tokens.ts';
import { type Discovery, discoveryUrl, type ProviderDocuments, ProviderFault } from './provider-documents.ts';
import { requireSameIssuer } from './provider-keys.ts';

export const TEST_STEPS = ['discovery', 'issuer', 'algorithms', 'keys', 'clock'] as const;
export const TEST_RESULTS = ['passed', 'warning', 'failed', 'skipped'] as const;

/** One step of a connection test: what came of it, in one sentence. */
export type TestStep = {
  step: (typeof TEST_STEPS)[number];
  result: (typeof TEST_RESULTS)[number];
  message: string;
};

/** Asks the provider for what a sign-in needs, step by step; nothing is kept. */
export async function testConnection(
  deps: { documents: ProviderDocuments; clock: Clock },
  issuer: string,
): Promise<TestStep[]> {
  const found = await attempt(() => deps.documents.discovery(issuer));
  if ('fault' in found) return [failed('discovery', found.fault), ...skip('discovery')];
  const { value: discovery } = found;
  const read = passed('discovery', `${discoveryUrl(issuer)} answers with a document.`);
  const same = await attempt(async () => requireSameIssuer(issuer, discovery.issuer));
  if ('fault' in same) return [read, failed('issuer', same.fault), ...skip('issuer')];
  return [
    read,
    passed('issuer', 'The document names the very issuer of the connection.'),
    algorithmsStep(discovery),
    keysStep(await attempt(() => deps.documents.keys(discovery.jwksUri)), discovery.jwksUri),
    clockStep(discovery, deps.clock.now()),
  ];
}

function algorithmsStep({ algorithms }: Discovery): TestStep {
  const accepted = ALGORITHMS.join(', ');
  if (algorithms === null) {
    return warning('algorithms', `The document names no algorithms; accepted are ${accepted}.`);
  }
  if (!algorithms.some((one) => ALGORITHMS.includes(one))) {
    return failed('algorithms', `The provider signs with none of ${accepted}.`);
  }
  const weak = algorithms.filter((one) => one === 'none' || one.startsWith('HS'));
  if (weak.length === 0) return passed('algorithms', 'The provider signs with an accepted algorithm.');
  const words = weak.slice(0, 5).join(', ').slice(0, 100);
  return warning('algorithms', `The provider also offers ${words}; tokens signed so are refused here.`);
}

function keysStep(found: Attempt<JWK[]>, jwksUri: string): TestStep {
  if ('fault' in found) return failed('keys', found.fault);
  const { length } = found.value;
  if (length === 0)
    return failed('keys', `${jwksUri.slice(0, 200)} has no public key for ${ALGORITHMS.join(', ')}.`);
  return passed('keys', `The provider publishes ${length} usable ${length === 1 ? 'key' : 'keys'}.`);
}

/** The header tells whole seconds, and is some milliseconds old. */
function clockStep({ date }: Discovery, now: Date): TestStep {
  if (date === null) return warning('clock', 'The provider does not tell its time.');
  const seconds = Math.round(Math.abs(now.getTime() - date.getTime()) / 1_000);
  if (seconds <= CLOCK_TOLERANCE_SECONDS)
    return passed('clock', `The clocks differ by ${seconds} s at most.`);
  return failed(
    'clock',
    `The clocks differ by ${seconds} s; more than ${CLOCK_TOLERANCE_SECONDS} s make good tokens look expired or not valid yet.`,
  );
}

type Attempt<T> = { value: T } | { fault: string };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof ProviderFault) return { fault: error.message };
    throw error;
  }
}

const passed = (step: TestStep['step'], message: string): TestStep => ({ step, result: 'passed', message });
const warning = (step: TestStep['step'], message: string): TestStep => ({ step, result: 'warning', message });
const failed = (step: TestStep['step'], message: string): TestStep => ({ step, result: 'failed', message });

const skip = (after: TestStep['step']): TestStep[] =>
  TEST_STEPS.slice(TEST_STEPS.indexOf(after) + 1).map((step) => ({
    step,
    result: 'skipped',
    message: 'Not tried, since a step before it failed.',
  }));
