import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');

export type Health = { test?: string[]; disable?: boolean };
export type Condition = 'service_healthy' | 'service_completed_successfully';

/** What of a service's definition its start and the checks need. */
export type Service = {
  image: string;
  build?: string;
  user?: string;
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  tmpfs?: string[];
  ports?: string[];
  networks: string[];
  depends_on?: Record<string, { condition: Condition }>;
  healthcheck?: Health;
  restart: string;
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  stop_grace_period?: string;
  deploy: { resources: { limits: Record<string, string | number> } };
};

export type Compose = {
  services: Record<string, Service>;
  networks: Record<string, object>;
  /** The whole file with its variables put in. */
  document: object;
  missing: string[];
};

const VARIABLE = /\$\{(\w+)(?:(:[-?])([^}]*))?\}/g;

/**
 * Reads docker-compose.yml with these variables, put in after parsing as Compose does; `missing` names those
 * that it refuses to start without.
 */
export function readCompose(environment: Record<string, string | undefined>): Compose {
  const missing = new Set<string>();
  const fill = (_: unknown, value: unknown): unknown =>
    typeof value !== 'string'
      ? value
      : value.replace(VARIABLE, (_match, name: string, kind: string | undefined, alternative = '') => {
          const found = environment[name] ?? '';
          if (found === '' && kind === ':?') missing.add(name);
          return found === '' && kind === ':-' ? alternative : found;
        });
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const written = parse(text, fill, { merge: true }) as Document;
  const services = Object.fromEntries(
    Object.entries(written.services).map(([name, service]) => [name, withPassed(service, environment)]),
  );
  const document = { ...written, services };
  return { services, networks: written.networks, document, missing: [...missing].sort() };
}

type Written = Omit<Service, 'environment'> & { environment?: Record<string, string | null> };
type Document = { services: Record<string, Written>; networks: Compose['networks'] };

/** A variable without a value is passed as the environment has it, and stays unset where that has none. */
function withPassed(service: Written, environment: Record<string, string | undefined>): Service {
  const { environment: variables, ...rest } = service;
  if (!variables) return rest;
  const set = Object.entries(variables).flatMap(([name, value]) => {
    const passed = value ?? environment[name];
    return passed === undefined ? [] : [[name, passed] as const];
  });
  return { ...rest, environment: Object.fromEntries(set) };
}

/** Everything that `.env.example` asks for, with what the given function makes of each name. */
export function filledExample(fill: (name: string) => string): Record<string, string> {
  const empty = readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^([A-Z0-9_]+)=$/gm);
  return Object.fromEntries([...empty].map(([, variable = '']) => [variable, fill(variable)]));
}

/** Everything that `.env.example` names as a comment, with the value that stands there. */
export function optionalExample(): Record<string, string> {
  const named = readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^#([A-Z0-9_]+)=(.*)$/gm);
  return Object.fromEntries([...named].map(([, variable = '', value = '']) => [variable, value]));
}

/** Services with our image, by what they run. */
export const agosServices = ({ services }: Compose): [string, Service][] =>
  Object.entries(services).filter(([, { build }]) => build !== undefined);

/** All that has to be there before a service starts, in any number of steps. */
export function startedBefore(compose: Compose, name: string): Set<string> {
  const direct = Object.keys(compose.services[name]?.depends_on ?? {});
  return new Set(direct.flatMap((one) => [one, ...startedBefore(compose, one)]));
}
