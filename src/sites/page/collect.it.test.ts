import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servePages, type TestPages, testPool } from '../../../tests/support/test-browser.ts';
import type { BrowserPool } from '../browser/pool.ts';
import { collectPage } from './collect.ts';
import type { ViewportFacts } from './facts.ts';
import { COLLECT_FILTERS, COLLECT_LIMITS } from './filters.ts';
import { inPageExpression, membersIn } from './in-page/source.ts';

const HOST = 'page.test-sites.example';
const pages = new Map<string, string>();
let server: TestPages;
let pool: BrowserPool;

beforeAll(async () => {
  server = await servePages(HOST, (request, response) => {
    const body = pages.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(body ?? 'nothing here');
  });
  pool = await testPool(`${HOST}:${server.port}=127.0.0.1`);
});

afterAll(async () => {
  await pool?.close();
  await server?.close();
});

const HEAD =
  '<!doctype html><meta name="viewport" content="width=device-width, initial-scale=1"><title>t</title>';

async function look(
  html: string,
  device: 'phone' | 'desktop' = 'phone',
  before: () => Promise<void> = async () => undefined,
): Promise<ViewportFacts> {
  pages.set('/page', html);
  const { signal } = new AbortController();
  return await pool.withSite({ signal, deadlineMs: 25_000 }, (site) =>
    site.withPage({ device, deadlineMs: 20_000 }, async (page) => {
      await page.goto(server.url('/page'), { waitUntil: 'load' });
      await before();
      return await collectPage(page, device);
    }),
  );
}

const contacts = (facts: ViewportFacts) => facts.contacts.map((contact) => contact.text);

describe('what a page shows', () => {
  test('is told apart from what it hides', async () => {
    const facts = await look(`${HEAD}<style>.fade{opacity:0;transition:opacity 1s}</style>
      <p>shown@a.example</p>
      <p style="display:none">none@a.example</p>
      <p style="visibility:hidden">hidden@a.example <b style="visibility:visible">again@a.example</b></p>
      <p style="position:absolute;left:-9999px">left@a.example</p>
      <p style="position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0)">reader@a.example</p>
      <p style="height:0;overflow:hidden">folded@a.example</p>
      <p style="opacity:0">clear@a.example</p>
      <p class="fade">fading@a.example</p>
      <div class="fade" style="position:fixed;inset:0">overlay@a.example</div>
      <details><summary>More</summary>closed@a.example</details>
      <template>template@a.example</template><noscript>noscript@a.example</noscript>
      <!-- comment@a.example -->`);
    const text = contacts(facts).join(' ');
    for (const word of ['shown@', 'again@', 'fading@']) expect(text).toContain(word);
    for (const word of [
      'none@',
      'hidden@',
      'overlay@',
      'left@',
      'reader@',
      'folded@',
      'clear@',
      'closed@',
      'template@',
      'noscript@',
      'comment@',
    ]) {
      expect(text).not.toContain(word);
    }
  });

  test('includes open shadow roots and frames of the same origin', async () => {
    pages.set('/frame', '<p>framed@a.example</p>');
    const facts = await look(`${HEAD}<x-card></x-card><iframe src="/frame"></iframe>
      <script>document.querySelector('x-card').attachShadow({mode:'open'}).innerHTML='<p>shadow@a.example</p>'</script>`);
    expect(contacts(facts).join(' ')).toContain('framed@');
    expect(contacts(facts).join(' ')).toContain('shadow@');
  });

  test('joins numbers that are written in pieces and names them by the cell before', async () => {
    const facts = await look(
      `${HEAD}<p>Call <span>415</span>-<b>555</b>-<i>0134</i></p><dl><dt>Fax</dt><dd>0511 123456</dd></dl>`,
    );
    expect(contacts(facts)).toEqual(['Call 415-555-0134', 'Fax 0511 123456']);
  });

  test('has its notice also when sign and year stand in parts, and when a script writes the year', async () => {
    const facts =
      await look(`${HEAD}<footer style="display:flex"><span>©</span><span id="y"></span><span>Acme</span></footer>
      <script>document.getElementById('y').textContent = 2019</script>`);
    expect(facts.notices[0]?.text).toContain('2019');
    expect(facts.notices[0]?.in_footer).toBe(true);
  });
});

describe('the width of a page', () => {
  test.each([
    ['a table that is too wide', '<table width="960"><tr><td>x</td></tr></table>', true],
    [
      'an element inside a scrolling box',
      '<div style="overflow-x:auto"><div style="width:960px">x</div></div>',
      false,
    ],
    [
      'a hidden menu beside the page',
      '<style>body{overflow-x:hidden}</style><div style="position:absolute;left:390px;width:300px">x</div>',
      false,
    ],
    [
      'a picture that the window cuts through, where the page hides the rest',
      '<style>body{overflow-x:hidden}</style><img width="700" height="80" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">',
      true,
    ],
    [
      'a picture that slides in from the side',
      '<style>body{overflow-x:hidden}</style><img style="transform:translateX(100px)" width="380" height="80" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">',
      false,
    ],
    ['one point too much', '<div style="width:391px;margin:-8px">x</div>', false],
  ])('%s', async (_name, body, wide) => {
    const facts = await look(`${HEAD}${body}`);
    expect(facts.page_width > 391).toBe(wide);
    if (wide) expect(facts.wide_elements[0]?.selector).toMatch(/table|img/);
  });

  test('without a viewport meta is what phones fall back to', async () => {
    const facts = await look('<!doctype html><title>t</title><p>x</p>');
    expect(facts.meta_viewport).toBe(null);
    expect(facts.layout_width).toBeGreaterThan(900);
  });
});

describe('parts that a later check may name', () => {
  test('are controls, frames and elements with words, on the phone alone', async () => {
    const body = `<form><input name="attributes"><input name="mail"></form><div><p class="pale">Words</p></div><p></p>`;
    const tags = (facts: ViewportFacts) => facts.parts?.map(({ snippet }) => snippet);
    expect(tags(await look(`${HEAD}${body}`))).toEqual([
      '<input>', // Its name would hide the form's own attributes.
      '<input name="mail">',
      '<p class="pale">Words',
    ]);
    expect(tags(await look(`${HEAD}${body}`, 'desktop'))).toEqual([]);
  });

  test('small text is counted as a phone shows it', async () => {
    const text = '<p style="font-size:11px">elevenpoint</p><p>sixteen</p>';
    const { small_text: own } = await look(`${HEAD}${text}`);
    expect(own).toMatchObject({
      characters: 11,
      of: 18,
      elements: [{ snippet: expect.stringContaining('11px') }],
    });
    const { small_text: shrunk } = await look(`<!doctype html><title>t</title>${text}`);
    expect(shrunk).toMatchObject({ characters: 18, of: 18 });
  });
});

describe('a hostile page', () => {
  test('cannot lie by changing what JavaScript and the DOM bring along', async () => {
    const facts = await look(`${HEAD}<h1>Real</h1><p>real@a.example</p><script>
      for (const proto of [Array.prototype, String.prototype, Map.prototype, Element.prototype, Document.prototype, Node.prototype, Range.prototype, RegExp.prototype]) {
        for (const name of Object.getOwnPropertyNames(proto)) {
          try { Object.defineProperty(proto, name, { get() { throw new Error('gotcha') }, configurable: false }) } catch {}
        }
      }
      try { JSON.stringify = () => 'lies'; getComputedStyle = () => ({ display: 'none' }); performance.now = () => 1e12; } catch {}
    </script>`);
    expect(facts.h1[0]?.text).toBe('Real');
    expect(contacts(facts)).toEqual(['real@a.example']);
  });

  // sabotage: src/sites/page/in-page/collect.ts :: unshadow(document); =>
  test('cannot hide the DOM behind the names of its elements, in frames and shadow roots neither', async () => {
    const names = membersIn(inPageExpression(COLLECT_LIMITS, COLLECT_FILTERS, 390));
    expect(names).toEqual(expect.arrayContaining(['childNodes', 'documentElement', 'body', 'scripts']));
    const fields = names
      .map((name) => `<input name="${name}"><img name="${name}"><img id="${name}">`)
      .join('');
    const form = (mail: string) => `<form><h1>Real</h1><p>${mail}</p>${fields}</form>${fields}`;
    const shadow = form('shadow@a.example').replaceAll('`', '');
    const facts =
      await look(`${HEAD}${form('real@a.example')}<iframe srcdoc='${form('frame@a.example')}'></iframe>
      <div id="around"></div><script>Element.prototype.attachShadow.call(
        Document.prototype.getElementById.call(document, 'around'), { mode: 'open' }).innerHTML = \`${shadow}\`;
      </script>`);
    expect(facts.title).toBe('t');
    expect(facts.h1.map(({ text }) => text)).toEqual(['Real', 'Real', 'Real']);
    expect(contacts(facts).sort()).toEqual(['frame@a.example', 'real@a.example', 'shadow@a.example']);
  });

  test('that never answers is held as too slow, whoever looks at it', async () => {
    const spin = `${HEAD}<script>setTimeout(() => { for (;;); }, 300)</script>`;
    const late = look(spin, 'phone', () => delay(1_000));
    await expect(late).rejects.toMatchObject({ hold: { code: 'page_timeout' } });
  });

  test('cannot make the collection endless, large or wrong about versions', async () => {
    const startedAt = performance.now();
    const facts = await look(`${HEAD}<body><script>
      window.jQuery = { fn: { get jquery() { while (true) {} } } };
      window.angular = { version: { full: { toString() { return '1.0' } } } };
      const parts = [];
      for (let i = 0; i < 90000; i++) parts.push('<p>a' + i + '@a.example ' + 'x'.repeat(20) + '</p>');
      document.body.innerHTML = parts.join('');
    </script>`);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(facts.truncated).toBe(true);
    expect(JSON.stringify(facts).length).toBeLessThan(400_000);
    expect(facts.technologies).toEqual([]);
  });
});

test('a picture that is no picture does not decode, one that loads does', async () => {
  const pixel = 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/%3E';
  const facts = await look(
    `${HEAD}<img src='${pixel}'><img src="/missing.png" loading="lazy" style="margin-top:9000px">`,
  );
  expect(facts.images.map((image) => image.natural_width > 0 || image.decodes === true)).toEqual([
    true,
    false,
  ]);
  expect(facts.images[1]?.decodes).toBe(false);
});

test('links are of the same origin, distinct, and do nothing when asked', async () => {
  const facts =
    await look(`${HEAD}<a href="/a">1</a><a href="/a#x">2</a><a href="https://other.example/">3</a>
    <a href="/logout">4</a><a href="/?add-to-cart=7">5</a><a href="mailto:a@a.example">6</a><a href="b.html">7</a>`);
  expect(facts.links.map((url) => new URL(url).pathname)).toEqual(['/a', '/b.html']);
});
