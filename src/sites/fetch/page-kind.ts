import { scanHtml } from './html-scan.ts';
import { type SeenPage, viewOf } from './page-view.ts';
import { parkingSign } from './parked.ts';
import { wallSign } from './walls.ts';

export type { SeenPage } from './page-view.ts';

/** Why what came back is not the business's site, in a sentence that names the sign. */
export type PageKind = { code: 'blocked' | 'domain_parked'; message: string };

/** Tells a wall and a parked domain from a site; null for everything else, and when in doubt. */
export function judgePageKind(page: SeenPage): PageKind | null {
  const view = viewOf(page, scanHtml(page.html));
  const wall = wallSign(view);
  if (wall !== null) return { code: 'blocked', message: wall };
  const parked = parkingSign(view);
  return parked === null ? null : { code: 'domain_parked', message: parked };
}
