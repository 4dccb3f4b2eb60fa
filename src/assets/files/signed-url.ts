import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';

/** What a signed address opens: one file of one tenant, until a moment. */
export type SignedFile = { tenantId: string; id: string };

export type FileSigner = {
  /** A signed address of a file; by default it is good for an hour. */
  sign(file: SignedFile, lifetimeMs?: number): string;
  /** The file that an address opens, or null when it is altered or too old. */
  verify(url: URL): SignedFile | null;
};

const HOUR_MS = 3_600_000;
const PATH = /^\/f\/([0-9a-f-]{36})\/([0-9a-f-]{36})$/;

/** Signs addresses on the origin that serves files and nothing else. */
export function createFileSigner(deps: { origin: string; signingSecret: string; clock: Clock }): FileSigner {
  const macOf = (file: SignedFile, until: string): Buffer =>
    createHmac('sha256', deps.signingSecret)
      .update(JSON.stringify(['asset', file.tenantId, file.id, until]))
      .digest();
  return {
    sign(file, lifetimeMs = HOUR_MS) {
      const until = String(deps.clock.now().getTime() + lifetimeMs);
      const url = new URL(`/f/${file.tenantId}/${file.id}`, deps.origin);
      url.searchParams.set('until', until);
      url.searchParams.set('mac', macOf(file, until).toString('base64url'));
      return url.href;
    },
    verify(url) {
      const [, tenantId, id] = PATH.exec(url.pathname) ?? [];
      const until = url.searchParams.get('until') ?? '';
      if (!tenantId || !id || !/^\d{1,16}$/.test(until)) return null;
      const right = macOf({ tenantId, id }, until);
      const given = Buffer.from(url.searchParams.get('mac') ?? '', 'base64url');
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
      return Number(until) > deps.clock.now().getTime() ? { tenantId, id } : null;
    },
  };
}
