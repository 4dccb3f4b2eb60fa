import { z } from 'zod';
import { type AddressRange, parseRanges } from './addresses.ts';

/** A boolean from a closed list of words, so that a typing error stops the process instead of meaning "off". */
const flag = z.enum(['on', 'off']).transform((word) => word === 'on');

/** Visible ASCII without what could end the comment of a user agent. */
const PLAIN_CONTACT = /^[\x21-\x27\x2a-\x5b\x5d-\x7e]{1,200}$/;

/** An empty variable is a forgotten one. */
const setting = z.string().min(1);

const prefix = z.string().regex(/^[\w-][\w.-]{0,99}$/, 'must be one name without slashes');

/** `host:port`; an IPv6 address in brackets. */
const listenAddress = z.string().regex(/^(?:[\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5}$/, 'must be host:port');

const addressRanges = z.string().transform((text, context): AddressRange[] => {
  try {
    return parseRanges(text);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});

/** OpenTelemetry takes an empty variable for one that is not set. */
const otlpEndpoint = z.literal('').or(z.url({ protocol: /^https?$/ }));

const contact = z
  .string()
  .refine(isContact, 'must be a URL or a mail address of at most 200 plain characters, without parentheses');

const environmentSchema = z.object({
  AGOS_ENV: z.enum(['development', 'production']).default('production'),
  AGOS_HOST: z.string().default('127.0.0.1'),
  AGOS_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  /** Proxies in front of the API whose `X-Forwarded-For` counts: addresses and ranges. */
  AGOS_TRUSTED_PROXIES: addressRanges.optional(),
  /** Origin under which clients reach the API. */
  AGOS_PUBLIC_URL: z.url().optional(),
  /** Origin that serves signed files and nothing else; must differ from the API's. */
  AGOS_ASSETS_URL: z.url().optional(),
  AGOS_ASSETS_PORT: z.coerce.number().int().min(0).max(65535).default(8081),
  AGOS_ASSETS_DIR: z.string().optional(),
  /** Stores files in a bucket instead of the folder. */
  AGOS_S3_BUCKET: setting.optional(),
  AGOS_S3_REGION: setting.optional(),
  /** Of a store that is not Amazon's. */
  AGOS_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Both or neither: without them the standard AWS chain is asked. */
  AGOS_S3_ACCESS_KEY_ID: setting.optional(),
  AGOS_S3_SECRET_ACCESS_KEY: setting.optional(),
  AGOS_S3_PATH_STYLE: flag.default(false),
  AGOS_S3_PREFIX: prefix.optional(),
  AGOS_S3_ENCRYPTION: z.enum(['AES256', 'aws:kms']).optional(),
  AGOS_S3_KMS_KEY_ID: setting.optional(),
  /** Signs asset links and approval tickets; at least 32 characters. */
  AGOS_SIGNING_SECRET: z.string().min(32).optional(),
  /** Kill switch of this machine: nothing starts while this file is there. */
  AGOS_STOP_FILE: z.string().min(1).default('.agos/stop'),
  DATABASE_URL: z.string().optional(),
  DATABASE_SYSTEM_URL: z.string().optional(),
  DATABASE_ADMIN_URL: z.string().optional(),
  /** Keys of the payload codec: `id:base64,id:base64`, the first one encrypts. */
  AGOS_PAYLOAD_KEYS: z.string().optional(),
  /** Bearer token that the Web UI's codec endpoint demands. */
  AGOS_CODEC_TOKEN: z.string().min(16).optional(),
  AGOS_TEMPORAL_UI_URL: z.url().optional(),
  /** Task queues that this worker serves, `workflows,core,...`; every one of them when unset. */
  AGOS_QUEUES: z.string().optional(),
  /** Both or neither: with them workflows are worked on as this build of this deployment. */
  AGOS_DEPLOYMENT: prefix.optional(),
  AGOS_BUILD_ID: prefix.optional(),
  /** JSON array of `{issuer, audience, jwks_url}`. */
  AGOS_OIDC_ISSUERS: z.string().optional(),
  /** `name:port=127.0.0.1,...`; development only. */
  AGOS_ALLOW_TARGETS: z.string().optional(),
  /** PEM file of one more certificate authority for scanned sites and identity providers; development only. */
  AGOS_EXTRA_CA: z.string().optional(),
  AGOS_CHROMIUM_SANDBOX: flag.default(true),
  /** Whom a site's owner may ask about the scanner: URL or mail address, part of its user agent. */
  AGOS_SCANNER_CONTACT: contact.optional(),
  CHROMIUM_PATH: z.string().optional(),
  /** Refuses decisions that carry no signed ticket. */
  AGOS_REQUIRE_DECISION_TICKET: flag.default(false),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: z.url().optional(),
  /** Model ids of the three tiers. */
  AGOS_MODEL_FAST: z.string().default('claude-haiku-5-5'),
  AGOS_MODEL_BALANCED: z.string().default('claude-sonnet-5-5'),
  AGOS_MODEL_STRATEGIC: z.string().default('claude-opus-5-5'),
  /** JSON: what models cost by their ids, where the list prices are not true. */
  AGOS_MODEL_PRICES: z.string().optional(),
  /** What each user may spend in one calendar month, in dollars. */
  AGOS_USER_MONTHLY_USD: z.coerce.number().min(0).max(1_000_000).default(10),
  /** What may be spent on one UTC day, in dollars: by each tenant, and by all of them. */
  AGOS_TENANT_DAILY_USD: z.coerce.number().min(0).max(1_000_000).default(10),
  AGOS_GLOBAL_DAILY_USD: z.coerce.number().min(0).max(1_000_000).default(100),
  /** What a second of CPU time costs, in micro-dollars. */
  AGOS_CPU_SECOND_MICRO_USD: z.coerce.number().min(0).max(1_000_000).default(20),
  /** Where Prometheus reads the metrics of the API and of the worker; nothing listens when unset. */
  AGOS_API_METRICS_ADDRESS: listenAddress.optional(),
  AGOS_WORKER_METRICS_ADDRESS: listenAddress.optional(),
  /** Alerts: so many leads that strangers' sites hold within a day, and so long a wait for a worker. */
  AGOS_ALERT_HELD_LEADS: z.coerce.number().int().min(1).max(1_000_000).default(25),
  AGOS_ALERT_QUEUE_DELAY_SECONDS: z.coerce.number().int().min(10).max(86_400).default(300),
  /** How many days events, steps of runs and spend entries are kept. */
  AGOS_KEEP_EVENTS_DAYS: z.coerce.number().int().min(7).max(36_500).default(90),
  AGOS_KEEP_STEPS_DAYS: z.coerce.number().int().min(7).max(36_500).default(30),
  AGOS_KEEP_SPEND_DAYS: z.coerce.number().int().min(62).max(36_500).default(400),
  /** OpenTelemetry's standard variables: the SDK reads them and their like itself, these switch it on. */
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otlpEndpoint.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.literal('http/protobuf').optional(),
  OTEL_SDK_DISABLED: z.enum(['true', 'false']).default('false'),
  AGOS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type Config = z.output<typeof environmentSchema>;

/** Parses the environment once; throws a sentence that names the variable when a value is wrong. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  const config = parsed.data;
  if (config.AGOS_ENV === 'production') refuseDevelopmentSettings(config);
  refuseHalfAStore(config);
  if (!config.AGOS_DEPLOYMENT !== !config.AGOS_BUILD_ID) {
    throw new Error('AGOS_DEPLOYMENT and AGOS_BUILD_ID are set together or not at all.');
  }
  return config;
}

function isContact(text: string): boolean {
  if (!PLAIN_CONTACT.test(text)) return false;
  return /^https?:\/\//.test(text) ? URL.canParse(text) : z.email().safeParse(text).success;
}

function refuseDevelopmentSettings(config: Config): void {
  const set = [
    config.AGOS_ALLOW_TARGETS && 'AGOS_ALLOW_TARGETS',
    config.AGOS_EXTRA_CA && 'AGOS_EXTRA_CA',
    !config.AGOS_CHROMIUM_SANDBOX && 'AGOS_CHROMIUM_SANDBOX=off',
  ].filter(Boolean);
  if (set.length > 0) {
    throw new Error(`${set.join(' and ')} may only be set when AGOS_ENV=development`);
  }
}

/** A store that is half given would quietly be the folder, or fail with the first file. */
function refuseHalfAStore(config: Config): void {
  const { AGOS_S3_BUCKET: bucket, AGOS_S3_REGION: region, AGOS_S3_ACCESS_KEY_ID: id } = config;
  const set = Object.keys(config).filter(
    (name) => name.startsWith('AGOS_S3_') && config[name as keyof Config] !== undefined,
  );
  const given = set.filter((name) => name !== 'AGOS_S3_PATH_STYLE' || config.AGOS_S3_PATH_STYLE);
  if (given.length > 0 && !bucket) throw new Error(`AGOS_S3_BUCKET must be set beside ${given.join(', ')}.`);
  if (bucket && !region) throw new Error('AGOS_S3_REGION must be set beside AGOS_S3_BUCKET.');
  if (!id !== !config.AGOS_S3_SECRET_ACCESS_KEY) {
    throw new Error('AGOS_S3_ACCESS_KEY_ID and AGOS_S3_SECRET_ACCESS_KEY are set together or not at all.');
  }
  if (config.AGOS_S3_KMS_KEY_ID && config.AGOS_S3_ENCRYPTION !== 'aws:kms') {
    throw new Error('AGOS_S3_KMS_KEY_ID needs AGOS_S3_ENCRYPTION=aws:kms.');
  }
}

/** The value of a variable that this process cannot do without; throws a sentence that names it. */
export function required<Name extends keyof Config>(config: Config, name: Name): NonNullable<Config[Name]> {
  const value = config[name];
  if (value === undefined || value === null) throw new Error(`${name} must be set.`);
  return value;
}
