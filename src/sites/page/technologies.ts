import type { TechnologyFact } from './facts.ts';

const VERSION = '(\\d{1,2}(?:\\.\\d{1,5}){1,3})';
const END =
  '(?:[-.](?:slim|min|bundle|pack(?:ed)?|full|core|all|custom|production|debug))*\\.(?:js|css)(?:$|[?#])';

/** A library as its file may be called: alone with a version, or under a folder that is the version. */
type FileName = { id: string; names: string };

const FILE_NAMES: FileName[] = [
  { id: 'jquery', names: 'jquery' },
  { id: 'jquery-ui', names: 'jquery[-.]?ui' },
  { id: 'jquery-mobile', names: 'jquery[-.]mobile' },
  { id: 'bootstrap', names: '(?:twitter-)?bootstrap' },
  { id: 'angularjs', names: 'angular(?:\\.?js)?' },
  { id: 'mootools', names: 'mootools(?:-core|-yui-compressed)?' },
  { id: 'prototype-js', names: 'prototype' },
  { id: 'script-aculo-us', names: 'scriptaculous' },
  { id: 'yui', names: 'yui' },
  { id: 'dojo', names: 'dojo' },
];

/** Versions that the address of a loaded file tells: in its own name, or in the folder or package around it. */
export function technologiesOfUrl(url: string): { id: string; version: string }[] {
  const found: { id: string; version: string }[] = [];
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').toLowerCase();
  for (const { id, names } of FILE_NAMES) {
    const file = new RegExp(`/${names}[-._]v?${VERSION}${END}`).exec(path);
    const folder = new RegExp(
      `/${names}[/@-]v?${VERSION}/(?:(?:dist|js|css|cdn|build)/)*${names}${END}`,
    ).exec(path);
    const version = (file ?? folder)?.[1];
    if (version && !(id === 'angularjs' && !version.startsWith('1.'))) found.push({ id, version });
  }
  const core =
    /\/wp-includes\/(?:js\/(?:wp-emoji-release|wp-embed)\.min\.js|css\/dist\/block-library\/style(?:\.min)?\.css|css\/dashicons\.min\.css)\?ver=(\d+(?:\.\d+){1,3})(?:$|[&#])/.exec(
      path,
    );
  if (core?.[1]) found.push({ id: 'wordpress', version: core[1] });
  const bundled =
    /\/wp-includes\/js\/jquery\/jquery(?:\.min)?\.js\?ver=(\d+(?:\.\d+){1,3})(?:-wp)?(?:$|[&#])/.exec(path);
  if (bundled?.[1]) found.push({ id: 'jquery', version: bundled[1] });
  // Folders that only one generation of a program has.
  if (/\/media\/jui\/(?:js|css)\//.test(path)) found.push({ id: 'joomla', version: '3' });
  if (/(?<!\/core)\/misc\/drupal\.js(?:$|[?#])/.test(path)) found.push({ id: 'drupal', version: '7' });
  return found;
}

/** Libraries whose file carries a banner worth reading, by the name of the file. */
const BANNER_FILES = /\/(?:jquery|bootstrap|angular|mootools|prototype|yui|dojo)[^/]*\.(?:js|css)(?:$|[?#])/i;

/** Each names its library first; a plug-in's banner names itself there. */
const BANNERS: { id: string; pattern: RegExp }[] = [
  { id: 'jquery-ui', pattern: /^jQuery UI(?: CSS Framework)?(?: -)? v?(\d+(?:\.\d+){1,3})/i },
  { id: 'jquery-mobile', pattern: /^jQuery Mobile v?(\d+(?:\.\d+){1,3})/i },
  { id: 'jquery', pattern: /^jQuery (?:JavaScript Library )?v?(\d+(?:\.\d+){1,3})/i },
  { id: 'bootstrap', pattern: /^Bootstrap(?: Grid| Reboot)? v(\d+(?:\.\d+){1,3})/i },
  {
    id: 'bootstrap',
    pattern:
      /^bootstrap(?:: |-)(?:transition|alert|button|carousel|collapse|dropdown|modal|tooltip|popover|scrollspy|tab|typeahead|affix)\.js v(\d+(?:\.\d+){1,3})/i,
  },
  { id: 'angularjs', pattern: /^AngularJS v(1(?:\.\d+){1,3})/i },
  { id: 'prototype-js', pattern: /^Prototype JavaScript framework, version (\d+(?:\.\d+){1,3})/i },
];

/** Whether the start of this file is worth reading. */
export function mayCarryBanner(url: string): boolean {
  return BANNER_FILES.test(url);
}

/** The library that a loaded file names in the comment it begins with; prose further down never counts. */
export function technologyOfBanner(content: string): { id: string; version: string } | null {
  const comment =
    /^\uFEFF?\s*(?:@charset[^;]{0,40};)?\s*(?:\(function[^/]{0,60})?\/\*!?([\s\S]{0,400}?)\*\//.exec(
      content.slice(0, 1200),
    )?.[1];
  if (comment === undefined) return null;
  for (const { id, pattern } of BANNERS) {
    const version = pattern.exec(comment.replace(/^[\s*!=#-]+/, ''))?.[1];
    if (version) return { id, version };
  }
  return null;
}

const GENERATORS: { id: string; pattern: RegExp }[] = [
  { id: 'wordpress', pattern: /^WordPress (\d+(?:\.\d+)*)/i },
  { id: 'drupal', pattern: /^Drupal (\d+(?:\.\d+)*)/i },
  { id: 'joomla', pattern: /^Joomla!? (\d+(?:\.\d+)*)/i },
  { id: 'typo3', pattern: /^TYPO3 (\d+(?:\.\d+)*)/i },
  { id: 'frontpage', pattern: /^Microsoft FrontPage(?: (?:Express )?(\d+(?:\.\d+)*))?/i },
  { id: 'golive', pattern: /^Adobe GoLive(?: (\d+(?:\.\d+)*))?/i },
  { id: 'adobe-muse', pattern: /^(?:Adobe )?Muse(?: CC)?(?: (\d+(?:\.\d+)*))?|^\d{4}\.\d+\.\d+\.\d+$/i },
  { id: 'iweb', pattern: /^iWeb(?: (\d+(?:\.\d+)*))?/i },
  { id: 'netobjects-fusion', pattern: /^NetObjects Fusion(?: (\d+(?:\.\d+)*))?/i },
];

/** The program that a generator element names at its start. */
export function technologyOfGenerator(content: string): { id: string; version: string | null } | null {
  for (const { id, pattern } of GENERATORS) {
    const match = pattern.exec(content);
    if (match) return { id, version: match[1] ?? null };
  }
  return null;
}

/** The look of jQuery UI is often older than the script that runs, and has no faults of its own. */
function isThemeOf(id: string, url: string): boolean {
  return id === 'jquery-ui' && /\.css(?:$|[?#])/i.test(url);
}

/** Names the technologies of loaded files; a banner inside a file is believed before the file's name. */
export function technologiesOfFiles(
  files: readonly { url: string; selector: string; banner: string | null; failed: boolean }[],
): TechnologyFact[] {
  const facts: TechnologyFact[] = [];
  for (const { url, selector, banner, failed } of files) {
    if (failed) continue;
    const told = banner === null ? null : technologyOfBanner(banner);
    if (told && !isThemeOf(told.id, url)) facts.push({ ...told, source: 'banner', detail: url, selector });
    for (const named of technologiesOfUrl(url)) {
      if (named.id !== told?.id && !isThemeOf(named.id, url))
        facts.push({ ...named, source: 'url', detail: url, selector });
    }
  }
  return facts;
}
