import { describe, expect, test } from 'vitest';
import { trustedRuntimeFacts } from './runtime-versions.ts';
import {
  technologiesOfFiles,
  technologiesOfUrl,
  technologyOfBanner,
  technologyOfGenerator,
} from './technologies.ts';

describe('the address of a loaded file', () => {
  test.each([
    ['https://a.example/js/jquery-1.12.4.min.js', 'jquery', '1.12.4'],
    ['https://a.example/js/jquery.1.9.1.js', 'jquery', '1.9.1'],
    ['https://ajax.example/ajax/libs/jquery/1.8.3/jquery.min.js', 'jquery', '1.8.3'],
    ['https://cdn.example/npm/jquery@2.2.4/dist/jquery.min.js', 'jquery', '2.2.4'],
    ['https://cdn.example/bootstrap/3.3.7/css/bootstrap.min.css', 'bootstrap', '3.3.7'],
    ['https://a.example/bootstrap-3.3.7/css/bootstrap.min.css', 'bootstrap', '3.3.7'],
    ['https://a.example/bootstrap-3.3.7-dist/x.css', null, null],
    ['https://a.example/wp-includes/js/wp-embed.min.js?ver=5.2.1', 'wordpress', '5.2.1'],
    ['https://a.example/wp-includes/js/jquery/jquery.js?ver=1.12.4-wp', 'jquery', '1.12.4'],
    ['https://a.example/js/jquery.validate-1.9.0.min.js', null, null],
    ['https://a.example/js/jquery-migrate-1.4.1.min.js', null, null],
    ['https://a.example/js/jquery.min.js?ver=1.0.0', null, null],
    ['https://a.example/css/bootstrap.min.css?ver=1.2.3', null, null],
    ['https://a.example/media/jui/js/jquery.min.js', 'joomla', '3'],
    ['https://a.example/misc/drupal.js?v=7.54', 'drupal', '7'],
    ['https://a.example/core/misc/drupal.js?v=10.1', null, null],
    ['https://cdn.example/angular/17.0.1/angular.js', null, null],
  ])('%s', (url, id, version) => {
    expect(technologiesOfUrl(url)).toEqual(id === null ? [] : [{ id, version }]);
  });
});

describe('the banner of a loaded file', () => {
  test('counts where it begins the file', () => {
    expect(technologyOfBanner('/*! jQuery v1.11.3 | (c) 2005, 2015 jQuery Foundation */')).toEqual({
      id: 'jquery',
      version: '1.11.3',
    });
    expect(technologyOfBanner('@charset "UTF-8";/*!\n * Bootstrap v3.4.1 (https://x)\n */')).toEqual({
      id: 'bootstrap',
      version: '3.4.1',
    });
  });

  test('does not count further down, in code or in prose', () => {
    expect(technologyOfBanner('body{color:red}\n/*! Bootstrap v3.4.1 */')).toBe(null);
    expect(
      technologyOfBanner('/* our own styles, tested with many browsers */\n/* Bootstrap v3.4.1 */'),
    ).toBe(null);
    expect(technologyOfBanner('/*!\n * jQuery Cycle Plugin\n * Requires: jQuery v1.7.1\n */')).toBe(null);
    expect(technologyOfBanner('/*!\n * Datepicker for Bootstrap v1.9.0\n */')).toBe(null);
    expect(technologyOfBanner('const text = "jQuery v1.11.3";')).toBe(null);
  });

  test('is believed before the name of the file, and a file that failed tells nothing', () => {
    const file = { url: 'https://a.example/jquery-1.8.3.min.js', selector: 'script', failed: false };
    const renewed = technologiesOfFiles([{ ...file, banner: '/*! jQuery v3.7.1 */' }]);
    expect(renewed.map((fact) => fact.version)).toEqual(['3.7.1']);
    expect(technologiesOfFiles([{ ...file, banner: null, failed: true }])).toEqual([]);
  });

  test('does not count in a stylesheet of jQuery UI: a theme is often older than the script', () => {
    const theme = { url: 'https://a.example/jquery-ui-1.11.4.css', selector: 'link', failed: false };
    expect(technologiesOfFiles([{ ...theme, banner: '/*! jQuery UI CSS Framework 1.11.4 */' }])).toEqual([]);
    expect(
      technologiesOfFiles([{ ...theme, banner: null, url: 'https://a.example/jquery-ui-1.11.4.js' }]),
    ).toHaveLength(1);
  });
});

test('a generator names its program at its start alone', () => {
  expect(technologyOfGenerator('WordPress 5.8.1')).toEqual({ id: 'wordpress', version: '5.8.1' });
  expect(technologyOfGenerator('Joomla! 2.5 - Open Source Content Management')?.version).toBe('2.5');
  expect(technologyOfGenerator('Joomla! - Open Source Content Management')).toBe(null);
  expect(technologyOfGenerator('Drupal 7 (http://drupal.org)')?.version).toBe('7');
  expect(technologyOfGenerator('Microsoft FrontPage 4.0')?.id).toBe('frontpage');
  expect(technologyOfGenerator('Theme for WordPress 3')).toBe(null);
  expect(technologyOfGenerator('Hugo 0.120')).toBe(null);
});

test('answers of a hostile page are kept only when a library could have given them', () => {
  const answers = [
    { id: 'jquery', version: '1.12.4' },
    { id: 'jquery', version: '<b>1</b>' },
    { id: 'jquery-ui', version: '1.5-' },
    { id: 'evil', version: '1.0' },
    null,
    { id: 'bootstrap', version: { toString: 'x' } },
  ];
  expect(trustedRuntimeFacts(answers).map((fact) => `${fact.id} ${fact.version}`)).toEqual(['jquery 1.12.4']);
  expect(trustedRuntimeFacts('x')).toEqual([]);
});
