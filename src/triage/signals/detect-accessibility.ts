import { accessibilityWords } from './accessibility-words.ts';
import { cannotTell, EVIDENCE_LIMIT, elementEvidence, lighthouseEvidence, notFound } from './evidence.ts';
import { ownElement } from './own-element.ts';
import type { Detector } from './types.ts';

/** Lighthouse's accessibility check found barriers that it calls serious or critical. */
export const detectAccessibility: Detector = ({ page, lighthouse }) => {
  if (!lighthouse || lighthouse.scores.accessibility === null) {
    return cannotTell('The barriers for visitors with disabilities could not be checked.');
  }
  const failed = Object.entries(lighthouse.audits).filter(
    ([, audit]) => audit.score === 0 && (audit.impact === 'serious' || audit.impact === 'critical'),
  );
  if (failed.length === 0) return notFound({ rules: [] });
  const evidence = failed.flatMap(([id, audit]) =>
    audit.items.slice(0, 2).map((item) => {
      // Lighthouse's page has another width than our screenshots, so the element is looked up on ours.
      const own = ownElement(item, page.phone);
      const text = accessibilityWords(id);
      return own ? elementEvidence(own, 'phone', text) : lighthouseEvidence(item, text);
    }),
  );
  return {
    detected: true,
    value: { rules: failed.map(([id, audit]) => ({ id, impact: audit.impact, elements: audit.item_count })) },
    evidence: evidence.slice(0, EVIDENCE_LIMIT),
  };
};
