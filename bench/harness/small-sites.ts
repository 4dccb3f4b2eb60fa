import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes so many small sites of two pages below `root`, each with a name and words of its own; gives back their folders. */
export function writeSmallSites(root: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `shop-${String(index + 1).padStart(4, '0')}`;
    const folder = join(root, name);
    mkdirSync(join(folder, 'public'), { recursive: true });
    const site = { host: `${name}.example`, tls: 'valid', http: 'redirect' };
    writeFileSync(join(folder, 'site.json'), JSON.stringify(site));
    writeFileSync(join(folder, 'public/index.html'), page(name, 'about.html'));
    writeFileSync(join(folder, 'public/about.html'), page(`About ${name}`, 'index.html'));
    writeFileSync(join(folder, 'public/style.css'), 'body { font: 18px/1.5 sans-serif; margin: 2rem }\n');
    return folder;
  });
}

function page(title: string, other: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="description" content="${title}, a shop">
<link rel="stylesheet" href="/style.css"></head><body><h1>${title}</h1>
<p>${`Words of ${title} that fill the page. `.repeat(20)}</p><p><a href="/${other}">More</a>
<a href="mailto:hello@${title.split(' ').at(-1)}.example">Write to us</a></p>
<footer>© ${new Date().getUTCFullYear()} ${title}</footer></body></html>`;
}
