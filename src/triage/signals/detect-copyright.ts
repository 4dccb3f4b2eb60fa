import type { NoticeFact } from '../../sites/page/facts.ts';
import { noticeYears } from './copyright-years.ts';
import { cutShort } from './cut-short.ts';
import { EVIDENCE_LIMIT, elementEvidence, notFound } from './evidence.ts';
import type { Detector, Region } from './types.ts';

const YEARS_ALLOWED = 2;

type Dated = { notice: NoticeFact; screenshot: Region['screenshot']; year: number };

/** The latest year of the site's own visible notices is older than two years before this one. */
export const detectCopyright: Detector = ({ page, now }) => {
  const dated = [
    ...datedNotices(page.phone.notices, 'phone', now),
    ...datedNotices(page.desktop.notices, 'desktop', now),
  ];
  const inFooter = dated.filter(({ notice }) => notice.in_footer);
  const own = inFooter.length > 0 ? inFooter : dated;
  if (own.length === 0) return cutShort(page) ?? notFound({ latest_year: null });
  const latest = Math.max(...own.map(({ year }) => year));
  if (latest >= now.getUTCFullYear() - YEARS_ALLOWED) return notFound({ latest_year: latest });
  const evidence = own
    .filter(({ year }) => year === latest)
    .map(({ notice, screenshot }) =>
      elementEvidence(notice, screenshot, `The notice reads “${notice.text}”.`),
    );
  return { detected: true, value: { latest_year: latest }, evidence: evidence.slice(0, EVIDENCE_LIMIT) };
};

function datedNotices(notices: NoticeFact[], screenshot: Region['screenshot'], now: Date): Dated[] {
  return notices
    .filter((notice) => !notice.in_credit)
    .flatMap((notice) => {
      const years = noticeYears(notice.text, now);
      return years.length === 0 ? [] : [{ notice, screenshot, year: Math.max(...years) }];
    });
}
