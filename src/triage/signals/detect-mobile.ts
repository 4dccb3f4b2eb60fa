import type { ViewportFacts } from '../../sites/page/facts.ts';
import { EVIDENCE_LIMIT, elementEvidence, sentence } from './evidence.ts';
import type { Detector, Evidence } from './types.ts';

const WINDOW = 390;
const TOLERANCE = 1;
/** From this share on small text is worth a word. */
const SMALL_TEXT_PERCENT = 20;

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
  const smallPercent = smallTextPercent(phone);
  if (detected) evidence.push(...smallTextEvidence(phone, smallPercent));
  const value = {
    viewport: phone.meta_viewport,
    page_width: width,
    small_targets: small,
    small_text_percent: smallPercent,
  };
  return { detected, value, evidence: evidence.slice(0, EVIDENCE_LIMIT) };
};

/** How much of the text a phone shows smaller than 12 points; null where it was not read. */
function smallTextPercent({ small_text: text }: ViewportFacts): number | null {
  return text === undefined || text.of === 0 ? null : Math.round((100 * text.characters) / text.of);
}

/** Small text bears out what is wrong with a page on a phone, and is never enough alone. */
function smallTextEvidence(phone: ViewportFacts, percent: number | null): Evidence[] {
  if (percent === null || percent < SMALL_TEXT_PERCENT) return [];
  const text = `${percent} % of the text is smaller than 12 points on a phone, too small to read without zooming.`;
  const first = phone.small_text?.elements[0];
  return [first === undefined ? sentence(text) : elementEvidence(first, 'phone', text)];
}

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
