import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/runtime/config.ts';
import { TASK_QUEUES } from '../../temporal/queues.ts';
import { SHUTDOWN_GRACE_MS } from '../../temporal/worker.ts';
import { CLEAN_UP_MS } from '../../temporal/workers.ts';
import {
  agosServices,
  filledExample,
  optionalExample,
  ROOT,
  readCompose,
  startedBefore,
} from './compose-file.ts';
import { sampleEnvironment } from './sample-environment.ts';

const environment = sampleEnvironment();
const compose = readCompose(environment);
const services = Object.entries(compose.services);
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const namesOf = (found: [string, unknown][]): string[] => found.map(([name]) => name).sort();

test('compose refuses to start without each secret that .env.example asks for, and has a default for none', () => {
  const { missing } = readCompose({});
  expect(missing).toEqual(Object.keys(filledExample(() => '')).sort());
  for (const [name, { environment: variables = {} }] of Object.entries(readCompose({}).services)) {
    for (const [variable, value] of Object.entries(variables)) {
      if (!/PASSWORD|PWD|SECRET|TOKEN|_KEYS?(_|$)/.test(variable)) continue;
      expect(value ?? '', `${name}: ${variable}`).toBe('');
    }
  }
});

const known = new Set(
  [...read('src/runtime/config.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name = '']) => name),
);

test.each([
  ['filled', environment],
  ['filled, with all that is optional', { ...optionalExample(), ...environment }],
])(
  'each setting that compose gives to AgOS is known, and is accepted in production: .env is %s',
  (_, env) => {
    for (const [name, { environment: variables = {} }] of agosServices(readCompose(env))) {
      const config = readConfig(variables);
      expect(config.AGOS_ENV).toBe('production');
      const unknown = Object.keys(variables).filter(
        (one) => !known.has(one) && !/^TEMPORAL_(ADDRESS|NAMESPACE)$/.test(one),
      );
      expect(unknown, name).toEqual([]);
      for (const required of [
        'DATABASE_URL',
        'DATABASE_SYSTEM_URL',
        'AGOS_SIGNING_SECRET',
        'AGOS_PAYLOAD_KEYS',
      ] as const) {
        expect(config[required], `${name}: ${required}`).toBeTruthy();
      }
    }
  },
);

/** What nobody can set in `.env`, and why. */
const NOT_PASSED: Record<string, string> = {
  AGOS_ALLOW_TARGETS: 'development only',
  AGOS_EXTRA_CA: 'development only',
  AGOS_CHROMIUM_SANDBOX: 'development only',
  AGOS_ASSETS_DIR: 'files lie in the bucket',
  AGOS_S3_ENCRYPTION: 'asked of a store that encrypts; the one of this file is a folder',
  AGOS_S3_KMS_KEY_ID: 'the same',
  CHROMIUM_PATH: 'the image sets it',
};

test('each setting is passed by compose, or has a reason why not; what may be set is named in .env.example', () => {
  const all = Object.fromEntries([...known].map((name) => [name, `of .env: ${name}`]));
  const found = agosServices(readCompose({ ...all, ...environment })).flatMap(([, service]) =>
    Object.entries(service.environment ?? {}),
  );
  const given = new Set(found.map(([name]) => name));
  expect([...known].filter((name) => !given.has(name)).sort()).toEqual(Object.keys(NOT_PASSED).sort());
  const settable = found.filter(([name, value]) => value === all[name]).map(([name]) => name);
  expect(
    Object.keys(optionalExample())
      .filter((name) => known.has(name))
      .sort(),
  ).toEqual([...new Set(settable)].sort());
});

test('what may be set reaches the services that read it, and nobody has it while it is not set', () => {
  const having = (of: typeof compose, name: string): string[] =>
    namesOf(Object.entries(of.services).filter(([, service]) => name in (service.environment ?? {})));
  const set = readCompose({ ...environment, ...optionalExample() });
  expect(having(compose, 'AGOS_KEEP_EVENTS_DAYS')).toEqual([]);
  expect(having(set, 'AGOS_KEEP_EVENTS_DAYS')).toEqual(['worker-core']);
  expect(having(set, 'AGOS_BUILD_ID')).toEqual(['worker-workflows']);
  expect(having(set, 'AGOS_MODEL_FAST')).toEqual(['worker-model']);
  const scanning = ['worker-browser', 'worker-fetch', 'worker-lighthouse'];
  expect(having(set, 'AGOS_CPU_SECOND_MICRO_USD')).toEqual(scanning);
  expect(having(set, 'AGOS_S3_PREFIX')).toEqual(namesOf(agosServices(set)));
});

test('each task queue is served by one worker service', () => {
  const served = services.flatMap(
    ([, { environment: variables }]) => variables?.AGOS_QUEUES?.split(',') ?? [],
  );
  expect(served.sort()).toEqual(Object.keys(TASK_QUEUES).sort());
});

test('the owner of the database is known to the migration alone, and the model key to one worker', () => {
  const holding = (secret: string): string[] =>
    namesOf(services.filter(([, service]) => JSON.stringify(service.environment ?? {}).includes(secret)));
  expect(holding(environment.AGOS_OWNER_PASSWORD!)).toEqual(['migrate', 'postgres']);
  expect(holding(environment.POSTGRES_PASSWORD!)).toEqual(['postgres']);
  expect(holding(environment.TEMPORAL_DB_PASSWORD!)).toEqual(['postgres', 'temporal', 'temporal-schema']);
  expect(holding('ANTHROPIC_API_KEY')).toEqual(['worker-model']);
});

test('only API, files and Web UI are published, and on loopback', () => {
  const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
  expect(published).toEqual([
    'temporal-ui 127.0.0.1:8233:8080',
    'api 127.0.0.1:8080:8080',
    'api 127.0.0.1:8081:8081',
  ]);
  expect(compose.networks.inside).toEqual({ internal: true });
  const outside = services.filter(([, { networks }]) => networks.includes('outside'));
  expect(namesOf(outside)).toEqual([
    'worker-browser',
    'worker-fetch',
    'worker-lighthouse',
    'worker-model',
    'worker-outbound',
  ]);
});

test('every service is confined, limited, pinned to a version and started again when it ends', () => {
  for (const [name, service] of services) {
    expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(service.security_opt, name).toContain('no-new-privileges:true');
    expect(Object.keys(service.deploy.resources.limits).sort(), name).toEqual(['cpus', 'memory', 'pids']);
    expect(service.restart, name).toMatch(/^(unless-stopped|on-failure:5)$/);
    expect(service.image, name).toMatch(/:(v?\d+\.\d+(\.\d+)?|local)$/);
  }
});

test('what a service connects to is on its network and was started before it', () => {
  const addresses = Object.keys(compose.services).filter((name) =>
    ['postgres', 's3', 'temporal'].includes(name),
  );
  for (const [name, { environment: variables = {}, networks }] of services) {
    for (const host of addresses.filter((one) => one !== name)) {
      const mentioned = Object.entries(variables).some(
        ([variable, value]) =>
          new RegExp(`(@|//|^)${host}(:\\d|$)`).test(value) && !/USER$|^DB$/.test(variable),
      );
      if (!mentioned) continue;
      expect(networks, name).toContain('inside');
      expect([...startedBefore(compose, name)], name).toContain(host);
    }
  }
});

test('others wait for what has to be healthy or done, and each long-running service has a health check', () => {
  for (const [name, service] of services) {
    for (const [dependency, { condition }] of Object.entries(service.depends_on ?? {})) {
      const { healthcheck, restart } = compose.services[dependency]!;
      expect(condition, `${name} waits for ${dependency}`).toBe(
        restart === 'unless-stopped' ? 'service_healthy' : 'service_completed_successfully',
      );
      if (condition === 'service_healthy') expect(healthcheck?.test?.[0], dependency).toBe('CMD');
    }
    if (service.restart === 'unless-stopped') expect(service.healthcheck?.test, name).toBeTruthy();
  }
});

test('a worker is given longer to stop than it takes, and the API longer than a request', () => {
  const seconds = (period: string | undefined): number => Number(/^(\d+)s$/.exec(period ?? '')?.[1]);
  for (const [name, service] of agosServices(compose)) {
    if (!name.startsWith('worker-')) continue;
    expect(seconds(service.stop_grace_period) * 1_000, name).toBeGreaterThan(
      SHUTDOWN_GRACE_MS + CLEAN_UP_MS + 5_000,
    );
  }
  expect(seconds(compose.services.api?.stop_grace_period)).toBeGreaterThan(60);
});

test('only workers that open pages may make namespaces, and nothing else beside the default profile', () => {
  const allowed = services.filter(([, { security_opt }]) =>
    security_opt.some((one) => one.startsWith('seccomp:')),
  );
  expect(namesOf(allowed)).toEqual(['worker-browser', 'worker-lighthouse']);
  const profile = JSON.parse(read('deploy/chromium/seccomp.json'));
  expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
  const [ours] = profile.syscalls;
  expect(ours).toMatchObject({ names: ['chroot', 'clone', 'unshare'], action: 'SCMP_ACT_ALLOW' });
  for (const [, { volumes = [], environment: variables }] of allowed) {
    expect(volumes).toContain('machine-lock:/tmp/agos-machine-lock');
    expect(variables?.AGOS_CHROMIUM_SANDBOX).toBeUndefined();
  }
});

test('Temporal is fair between tenants, and files that compose mounts are there', () => {
  const dynamic = parse(read('deploy/temporal/dynamic-config.yaml'));
  expect(dynamic['matching.enableFairness']).toEqual([{ value: true }]);
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.filter((one) => one.startsWith('./')));
  expect(mounted.length).toBeGreaterThan(2);
  for (const one of mounted) expect(existsSync(join(ROOT, one.split(':')[0]!)), one).toBe(true);
});
