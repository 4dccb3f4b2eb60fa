export type { LinkRequest } from './check-links.ts';
export type { CertificateFacts, FetchFacts, Hop, LinkCheck, RobotsFacts } from './facts.ts';
export { judgePageKind, type PageKind, type SeenPage } from './page-kind.ts';
export {
  createSiteFetcher,
  type SiteFetcher,
  type SiteFetcherDeps,
  type SiteRequest,
} from './site-fetcher.ts';
