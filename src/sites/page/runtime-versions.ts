import type { TechnologyFact } from './facts.ts';

/** What the page's own world says about one library; hostile pages may answer anything. */
export type RuntimeAnswer = { id: string; version: string };

const NAMES = [
  'jquery',
  'jquery-ui',
  'jquery-mobile',
  'bootstrap',
  'angularjs',
  'mootools',
  'prototype-js',
  'script-aculo-us',
  'yui',
  'dojo',
  'wordpress',
] as const;

/**
 * Reads versions from the globals of the page's own world. Runs there, so it touches only what it asks
 * for, each in its own try, and answers with short strings.
 */
export function readRuntimeVersions(): RuntimeAnswer[] {
  type Globals = Record<string, { [name: string]: unknown } | undefined>;
  const globals = window as unknown as Globals;
  const at = (path: string): unknown => {
    let value: unknown = globals;
    for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
    return value;
  };
  const paths: [string, string[]][] = [
    ['jquery', ['jQuery.fn.jquery']],
    ['jquery-ui', ['jQuery.ui.version']],
    ['jquery-mobile', ['jQuery.mobile.version']],
    [
      'bootstrap',
      [
        'bootstrap.Tooltip.VERSION',
        'bootstrap.Collapse.VERSION',
        'jQuery.fn.tooltip.Constructor.VERSION',
        'jQuery.fn.collapse.Constructor.VERSION',
        'jQuery.fn.modal.Constructor.VERSION',
      ],
    ],
    ['angularjs', ['angular.version.full']],
    ['mootools', ['MooTools.version']],
    ['prototype-js', ['Prototype.Version']],
    ['script-aculo-us', ['Scriptaculous.Version']],
    ['yui', ['YUI.version', 'YAHOO.VERSION']],
    ['dojo', ['dojo.version']],
    ['wordpress', ['_wpemojiSettings.source.concatemoji', '_wpemojiSettings.source.wpemoji']],
  ];
  const answers: RuntimeAnswer[] = [];
  for (const [id, candidates] of paths) {
    for (const path of candidates) {
      try {
        const value = at(path);
        const parts = value as { major?: unknown; minor?: unknown } | null;
        const text =
          typeof value === 'string'
            ? value
            : typeof parts?.major === 'number'
              ? `${parts.major}.${parts.minor}`
              : '';
        // WordPress tells its version in the address of a script of its own.
        const version = /^\d/.test(text) ? text : (/[?&]ver=(\d[\d.]*)/.exec(text)?.[1] ?? '');
        if (version === '') continue;
        answers[answers.length] = { id, version };
        break;
      } catch {}
    }
  }
  return answers;
}

/** The number that a version begins with; one that ends in a dash was set by a plug-in, as "1.5-" of jQuery UI is. */
function numberOf(version: string): string | undefined {
  return /-$/.test(version) ? undefined : /^\d{1,4}(?:\.\d{1,5}){0,3}/.exec(version)?.[0];
}

/** Keeps only answers that a library could have given. */
export function trustedRuntimeFacts(answers: unknown): TechnologyFact[] {
  if (!Array.isArray(answers)) return [];
  const facts: TechnologyFact[] = [];
  for (const answer of answers.slice(0, NAMES.length)) {
    const { id, version } = (answer ?? {}) as Partial<Record<'id' | 'version', unknown>>;
    const name = NAMES.find((known) => known === id);
    const number = typeof version === 'string' ? numberOf(version) : undefined;
    if (name && number) {
      facts.push({
        id: name,
        version: number,
        source: 'runtime',
        detail: 'the running page',
        selector: null,
      });
    }
  }
  return facts;
}
