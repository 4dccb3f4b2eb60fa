import type { TechnologyFact } from '../facts.ts';
import type { Walk } from './types.ts';

declare const cut: typeof import('./describe.ts').cut;
declare const selectorOf: typeof import('./describe.ts').selectorOf;

/** Addresses of scripts and stylesheets that the page has, in order. */
export function collectFiles(walk: Walk): { url: string; selector: string }[] {
  const scripts = [...document.scripts]
    .filter(
      (script) =>
        script.src !== '' &&
        !script.noModule &&
        /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/i.test(script.type),
    )
    .map((script) => ({ url: script.src, selector: selectorOf(script) }));
  const styles = [...document.querySelectorAll('link[rel~="stylesheet" i][href]')].map((link) => ({
    url: (link as HTMLLinkElement).href,
    selector: selectorOf(link),
  }));
  return [...scripts, ...styles]
    .slice(0, walk.limits.items * 4)
    .map((file) => ({ ...file, url: cut(file.url, 1000) }));
}

/** Contents of the page's generator elements. */
export function collectGenerators(): string[] {
  return [...document.querySelectorAll('meta[name="generator" i]')]
    .slice(0, 10)
    .map((meta) => cut((meta.getAttribute('content') ?? '').trim(), 200));
}

/** Plug-ins that no browser shows any more. */
export function collectPlugins(): TechnologyFact[] {
  const found: TechnologyFact[] = [];
  for (const element of [...document.querySelectorAll('object,embed,applet')].slice(0, 50)) {
    const type = (element.getAttribute('type') ?? '').toLowerCase();
    const params = [...element.querySelectorAll('param')].map((param) => param.getAttribute('value') ?? '');
    const files = [element.getAttribute('data'), element.getAttribute('src'), ...params].map(
      (one) => one ?? '',
    );
    const classId = (element.getAttribute('classid') ?? '').toLowerCase();
    const flash =
      type === 'application/x-shockwave-flash' ||
      classId.includes('d27cdb6e') ||
      files.some((file) => /\.swf(?:$|[?#])/i.test(file));
    const java =
      element.localName === 'applet' ||
      /^application\/x-java-applet/.test(type) ||
      classId.startsWith('java:');
    const id = flash ? 'flash' : java ? 'java-applet' : /silverlight/.test(type) ? 'silverlight' : null;
    if (id)
      found.push({
        id,
        version: null,
        source: 'element',
        detail: cut(files.find(Boolean) ?? type, 200),
        selector: selectorOf(element),
      });
  }
  return found;
}
