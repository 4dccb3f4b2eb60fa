import type { ViewportFacts } from '../../sites/page/facts.ts';
import { EVIDENCE_LIMIT, elementEvidence, sentence } from './evidence.ts';
import type { Detector, Evidence } from './types.ts';

const WINDOW = 390;
const TOLERANCE = 1;

/** No viewport meta, or the page is wider than a 390 px window. */
export const detectMobile: Detector = ({ page, lighthouse }) => {
  const phone = page.phone;
  const width = Math.max(phone.page_width, phone.layout_width);
  const absent = !setsViewport(phone.meta_viewport);
  const fixed = fixedWidth(phone.meta_viewport);
  const wide = width > WINDOW + TOLERANCE || fixed !== null;
  const evidence: Evidence[] = [];
  if (absent) {
    evidence.push(sentence('The page does not tell phones to use their own width, so they show it shrunk.'));
  }
  if (wide) evidence.push(...wideEvidence(phone, Math.max(width, fixed ?? 0)));
  const detected = absent || wide;
  const small =
    lighthouse?.audits['target-size']?.score === 0 ? lighthouse.audits['target-size'].item_count : 0;
  if (detected && small > 0)
    evidence.push(sentence(`${small} buttons or links are too small or too close for a finger.`));
  const value = { viewport: phone.meta_viewport, page_width: width, small_targets: small };
  return { detected, value, evidence: evidence.slice(0, EVIDENCE_LIMIT) };
};

/** Whether the viewport meta says anything about the width at all. */
function setsViewport(content: string | null): boolean {
  return content !== null && /(?:width|initial-scale)\s*=/i.test(content);
}

/** The fixed width that a viewport meta asks for, when a phone does not have it. */
function fixedWidth(content: string | null): number | null {
  const width = Number(/(?:^|[\s,;])width\s*=\s*["']?(\d+)/i.exec(content ?? '')?.[1] ?? Number.NaN);
  return width > WINDOW + TOLERANCE ? width : null;
}

function wideEvidence(phone: ViewportFacts, width: number): Evidence[] {
  const first = sentence(
    `On a phone ${WINDOW} points wide the page takes ${width}, so visitors scroll sideways.`,
  );
  const elements = phone.wide_elements.map((element) =>
    elementEvidence(element, 'phone', `This part reaches ${element.right} points to the right.`),
  );
  return [first, ...elements];
}
