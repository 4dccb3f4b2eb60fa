import { type PageView, sourcesOf } from './page-view.ts';

/** Parked pages are adverts and an offer; a business that says more than this is no parked page. */
const MAX_PARKED_TEXT = 1_500;

/** Hosts from which only parked pages load. */
const PARKING_SOURCES =
  /(?:^|[/.])(?:sedoparking\.com|parkingcrew\.net|bodis\.com|parklogic\.com|park\.above\.com|parkingpage\.namecheap\.com|cdn0?\.dan\.com|voodoo\.com|ztomy\.com|dsnextgen\.com|skenzo\.com|rookmedia\.net|cashparking\.com|smartname\.com)(?:[/:?]|$)|wsimg\.com\/parking-lander\//i;

/** Marketplaces to which the name of a parked domain redirects. */
const MARKETPLACES =
  /(?:^|\.)(?:dan\.com|sedo\.com|afternic\.com|hugedomains\.com|buydomains\.com|domainmarket\.com|undeveloped\.com|above\.com|uniregistry\.com|brandbucket\.com|atom\.com|squadhelp\.com|sedoparking\.com|bodis\.com)$/i;

/** Scripts that parked pages write into themselves. */
const PARKING_SCRIPTS =
  /\bwindow\.park\s*=\s*["']|\bLANDER_SYSTEM\s*=|["']?tcblock["']?\s*:\s*\{[\s\S]{0,200}adtest|\bwindow\.__PARKING/i;

/** What a page says of its own domain; what it says of domains in general does not count. */
const OFFERS = [
  /\bth(?:is|e) domain(?: name)?(?: [\w-]+(?:\.[\w-]+)+)? (?:is|may be|could be)(?: now| currently| still)? (?:available )?(?:for sale|parked|listed for sale)/i,
  /\b(?:buy|purchase|acquire|get) this domain\b/i,
  /\bth(?:is|e) domain(?: name)?(?: [\w-]+(?:\.[\w-]+)+)? (?:has expired|is expired|is pending renewal|has been registered|was recently registered|is registered at|has recently been registered)/i,
  /\bparked free,? courtesy of\b|\bdomain (?:name )?(?:is )?parked (?:by|at|with|on)\b/i,
  /\bthis (?:web ?page|page|web ?site) is parked\b/i,
  /diese domain (?:steht zum verkauf|ist zu verkaufen|zu verkaufen|kann gekauft werden|ist (?:bereits )?(?:registriert|geparkt))/i,
  /domain im kundenauftrag registriert|hier entsteht eine neue internetpräsenz/i,
  /ce (?:nom de )?domaine est (?:à vendre|en vente|parqué)|votre domaine a bien été créé/i,
  /este dominio (?:está (?:en venta|a la venta|aparcado)|se vende)|questo dominio è in vendita|deze domein(?:naam)? is te koop|esse domínio está à venda/i,
  /future home of something quite cool/i,
];

/** Titles of pages that a server or registrar shows until somebody puts a site there. */
const DEFAULT_TITLES =
  /^(?:welcome to nginx!?|apache2? (?:ubuntu |debian |centos )?default page.*|(?:apache )?http server test page.*|test page for (?:the )?(?:apache|nginx).*|iis windows(?: server)?|iis\d|default web ?site page|domain default page|web server's default page|default parallels plesk.*|default page|parked domain name on hostinger dns system|congrats! your (?:domain|site) is (?:live|ready).*|domain parked.*|parked at loopia|domain name registration.*parked.*)$/i;

/** The sentence that names why nobody's site stands at this domain, or null. */
export function parkingSign(view: PageView): string | null {
  if (isMarketplace(view)) return `The domain leads to ${view.host}, where domains are sold.`;
  if (view.text.length > MAX_PARKED_TEXT) return null;
  const title = view.scan.title.trim();
  if (DEFAULT_TITLES.test(title)) return 'The server shows the page it has before a site is put there.';
  if (loadsParking(view)) return 'The page is the advert of a domain parking service.';
  const offer = OFFERS.map((pattern) => pattern.exec(`${title}. ${view.text}`)?.[0]).find(
    (text) => text !== undefined,
  );
  if (offer !== undefined && !isOwnShop(view))
    return `The page says of its domain: "${offer.slice(0, 100)}".`;
  if (namesItselfForSale(view)) return `The page offers its own name, ${view.host}, for sale.`;
  return null;
}

/** Only a lead whose own address is elsewhere was parked there. */
function isMarketplace({ host, requestedUrl }: PageView): boolean {
  if (requestedUrl === undefined || !MARKETPLACES.test(host)) return false;
  return !MARKETPLACES.test(new URL(requestedUrl).hostname);
}

function loadsParking(view: PageView): boolean {
  if (sourcesOf(view.scan).some((source) => PARKING_SOURCES.test(source))) return true;
  if (
    view.scan.tags.some(
      ({ name, attributes }) => name === 'html' && attributes['data-adblockkey'] !== undefined,
    )
  )
    return true;
  return (
    PARKING_SCRIPTS.test(view.scan.scripts) ||
    /window\.location\.href\s*=\s*["']\/lander["']/.test(view.scan.scripts)
  );
}

/** Somebody who sells domains lists several, and says how to reach them; a single offer does neither. */
function isOwnShop({ host, text, links }: PageView): boolean {
  const own = host.replace(/^www\./, '');
  const names = [...text.matchAll(/(?<![@\w.-])[a-z0-9-]{2,40}\.[a-z]{2,10}(?![\w-])/gi)].map(([name]) =>
    name.toLowerCase(),
  );
  const others = new Set(names.filter((name) => name !== own)).size;
  const hasPhone = /(?:\+|\b0)\d[\d ()/-]{6,}\d/.test(text);
  const hasContact =
    hasPhone || links.some(({ attributes }) => /^(?:tel|mailto):/i.test(attributes.href ?? ''));
  return others >= 4 || (others >= 2 && hasContact);
}

function namesItselfForSale({ host, text, scan }: PageView): boolean {
  const name = host.replace(/^www\./, '').toLowerCase();
  const said = `${scan.title}. ${text}`.toLowerCase();
  return [
    ' is for sale',
    ' is available for purchase',
    ' may be for sale',
    ' steht zum verkauf',
    ' is parked',
  ].some((offer) => said.includes(name + offer));
}
