import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SITE_HOLD_CODES } from '../../src/kernel/holds.ts';
import { SIGNAL_CODES, type SignalCode } from '../../src/triage/signals/codes.ts';

export { SIGNAL_CODES, type SignalCode };

/** The holds that a served page can earn by itself (the rest are about the machine or the run). */
export const LABEL_HOLDS = SITE_HOLD_CODES.filter((code) => code !== 'browser_sandbox_unavailable');

const hostName = z.string().regex(/^(?:[a-z0-9-]+\.)+example$/, 'a lower-case name under .example');

const route = z.strictObject({
  status: z.int().min(200).max(599).optional(),
  location: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Path of the body inside public/. */
  file: z.string().optional(),
  delay_ms: z.int().min(0).optional(),
});

/** What site.json may say about one site. */
export const siteSchema = z.strictObject({
  host: hostName,
  aliases: z.array(hostName).default([]),
  tls: z.enum(['valid', 'expired', 'expiring', 'self_signed', 'wrong_name', 'none']),
  http: z.enum(['redirect', 'serve', 'off']),
  routes: z.record(z.string().startsWith('/'), route).default({}),
});

export type Site = z.infer<typeof siteSchema>;
/** What a person writes into site.json: the fields with a default may be absent. */
export type SiteFileContent = z.input<typeof siteSchema>;
export type SiteRoute = z.infer<typeof route>;

const judgement = z.strictObject({ expected: z.boolean(), why: z.string().min(10) });

/** What labels.json says: a person's judgement of the page, with the reason for each signal. */
export const labelsSchema = z.strictObject({
  host: hostName,
  hold: z.enum(LABEL_HOLDS).nullable(),
  signals: z.record(z.enum(SIGNAL_CODES), judgement),
});

export type Labels = z.infer<typeof labelsSchema>;

/** Reads and checks the site.json of one site's folder. */
export function readSite(folder: string): Site {
  return siteSchema.parse(JSON.parse(readFileSync(join(folder, 'site.json'), 'utf8')));
}

/** Reads and checks the labels.json of one site's folder. */
export function readLabels(folder: string): Labels {
  return labelsSchema.parse(JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')));
}

/** Lists the site folders directly under a root, in alphabetical order. */
export function listSiteFolders(root: string): string[] {
  const entries = readdirSync(root, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name));
  return folders.sort();
}

/** The address under which a person would type this site in. */
export function siteUrl(site: Site, port: number): string {
  return `${site.tls === 'none' ? 'http' : 'https'}://${site.host}:${port}/`;
}
