/** The name that robots.txt files may address. */
export const PRODUCT_TOKEN = 'AgOS-Scanner';

const PRODUCT = `${PRODUCT_TOKEN}/0.1`;

/** How the fetch names itself to every site: product, version and, where somebody said, whom to ask about it. */
export function fetchUserAgent(contact?: string): string {
  return `Mozilla/5.0 (compatible; ${PRODUCT}${contact === undefined ? '' : `; ${reachable(contact)}`})`;
}

/** How a browser names itself to the sites it opens, at the end of the usual words. */
export function browserProduct(contact?: string): string {
  return contact === undefined ? PRODUCT : `${PRODUCT} (${reachable(contact)})`;
}

function reachable(contact: string): string {
  return contact.includes('://') ? `+${contact}` : contact;
}
