import { deflateSync } from 'node:zlib';
import { SIGNAL_CODES, type SignalCode } from '../signals/codes.ts';
import type { Evidence } from '../signals/types.ts';
import type { ReportModel } from './model.ts';

/** A PNG of one colour, large enough to carry marks. */
export function plainPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0], 8);
  const rows = deflateSync(Buffer.alloc((width + 1) * height, 0));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const EVIDENCE: Evidence = {
  selector: 'body > footer',
  snippet: '<footer>',
  region: { screenshot: 'desktop', x: 40, y: 500, width: 300, height: 40 },
  text: 'Seen at the foot of the page.',
};

/** A report's model in which every signal is found, fine or unknown, as asked. */
export function reportModel(change: Partial<ReportModel> = {}, detected: boolean | null = true): ReportModel {
  const signal = (code: SignalCode, index: number) => ({
    code,
    detected,
    value: null,
    evidence: detected === true ? [EVIDENCE] : [],
    points: detected === true ? index : 0,
  });
  return {
    name: 'Acme Shoes',
    requested_url: 'acme.example',
    final_url: 'https://www.acme.example/',
    scanned_at: new Date('2026-11-21T09:30:00Z'),
    duration_ms: 14_200,
    score: 72,
    threshold: 60,
    decision: 'qualified',
    decided_by: 'score',
    awaiting_until: null,
    reasons: ['The score of 72 out of 100 reaches the threshold of 60.'],
    signals: SIGNAL_CODES.map(signal),
    lighthouse: {
      version: '13.5.0',
      scores: { performance: 38, accessibility: 71, best_practices: 92, seo: null },
      metrics: { fcp_ms: 2_900, lcp_ms: 6_100, tbt_ms: 640, cls: 0.02, speed_index_ms: null },
    },
    summary: { text: 'acme.example scores 72 out of 100 as an opportunity.', generated_by: 'offline' },
    screenshots: {
      phone: { mime: 'image/png', bytes: plainPng(390, 1200) },
      desktop: { mime: 'image/png', bytes: plainPng(1280, 900) },
    },
    hold: null,
    playbook: { name: 'Standard triage', slug: 'triage-standard', version: '1.0.0' },
    ...change,
  };
}
