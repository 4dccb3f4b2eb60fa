import type { PageFacts } from '../../sites/page/facts.ts';
import { cannotTell } from './evidence.ts';
import type { Finding } from './types.ts';

/** What is to be said of something that was not found on a page too large to be read to its end, or null. */
export function cutShort({ phone, desktop }: PageFacts): Finding | null {
  if (!phone.truncated || !desktop.truncated) return null;
  return cannotTell('The page is so large that it was not read to its end.');
}
