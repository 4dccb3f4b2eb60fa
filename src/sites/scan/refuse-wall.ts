import { SiteHoldError } from '../../kernel/holds.ts';
import type { PageAnswer } from '../browser/page-answer.ts';
import { judgePageKind } from '../fetch/page-kind.ts';

/** A page as a browser shows it, with the answer that brought it. */
export type ShownPage = {
  url: string;
  requestedUrl: string;
  answer: PageAnswer;
  html: string;
};

/** A wall, a parking page or an error may show itself to browsers only, or once scripts have run. */
export function refuseWall({ url, requestedUrl, answer, html }: ShownPage): void {
  const kind = judgePageKind({ url, requestedUrl, ...answer, html, isRendered: true });
  if (kind) throw new SiteHoldError(kind.code, kind.message);
  if (answer.status >= 400) {
    throw new SiteHoldError('http_error', `The browser was answered with status ${answer.status}.`);
  }
}
