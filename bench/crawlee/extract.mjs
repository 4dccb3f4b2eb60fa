import { load } from 'cheerio';

/** What both sides read of a page, in the browser. */
export const IN_PAGE = `({
  title: document.title,
  description: document.querySelector('meta[name=description]')?.content ?? null,
  headings: [...document.querySelectorAll('h1')].map((one) => one.textContent.trim()),
  links: [...document.links].map((one) => one.href),
  words: document.body.innerText.split(/\\s+/).length,
})`;

/** What both sides read of a page's HTML, without a browser. */
export function fromHtml(html) {
  const $ = load(html);
  return {
    title: $('title').text(),
    description: $('meta[name=description]').attr('content') ?? null,
    headings: $('h1')
      .toArray()
      .map((one) => $(one).text().trim()),
    links: $('a[href]').length,
  };
}
