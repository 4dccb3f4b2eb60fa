/** The name that robots.txt files may address. */
export const PRODUCT_TOKEN = 'AgOS-Scanner';

/** How we name ourselves to every site: product, version and where to read about it. */
export const USER_AGENT = `Mozilla/5.0 (compatible; ${PRODUCT_TOKEN}/0.1; +https://agos.example/scanner)`;
