/** What both sides read of a page, in the browser. */
export const IN_PAGE: string;

/** What both sides read of a page's HTML, without a browser. */
export function fromHtml(html: string): Record<string, unknown>;
