import { cannotTell, sentence } from './evidence.ts';
import type { Detector } from './types.ts';

const LIMIT = 50;

/** Lighthouse's mobile performance score is below 50. */
export const detectPagespeed: Detector = ({ lighthouse }) => {
  const score = lighthouse?.scores.performance ?? null;
  if (score === null) return cannotTell('The speed of this page could not be measured.');
  const text = `The page scores ${Math.round(score)} of 100 for speed on a phone; below ${LIMIT} counts as slow.`;
  return { detected: score < LIMIT, value: score, evidence: score < LIMIT ? [sentence(text)] : [] };
};
