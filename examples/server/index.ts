export { allowTargets, freeLoopbackAddress } from './address.ts';
export {
  type Authority,
  type CertificateRequest,
  createAuthority,
  type IssuedCertificate,
} from './authority.ts';
export { type ServeSitesOptions, type SiteServer, serveSites } from './serve-sites.ts';
export {
  LABEL_HOLDS,
  type Labels,
  labelsSchema,
  listSiteFolders,
  readLabels,
  readSite,
  SIGNAL_CODES,
  type SignalCode,
  type Site,
  type SiteRoute,
  siteSchema,
  siteUrl,
} from './site.ts';
