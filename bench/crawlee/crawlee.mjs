import dns from 'node:dns';
import { CheerioCrawler } from '@crawlee/cheerio';
import { Configuration, LogLevel, log, PlaywrightCrawler } from '@crawlee/playwright';
import { serveCalls } from '../harness/serve-calls.mjs';
import { fromHtml, IN_PAGE } from './extract.mjs';

log.setLevel(LogLevel.ERROR);
/** Nothing is remembered from one run to the next. */
const forgetful = () => new Configuration({ persistStorage: false });
const shared = (concurrency) => ({
  minConcurrency: concurrency,
  maxConcurrency: concurrency,
  // Its client uses a connection again that the server is about to close.
  maxRequestRetries: 2,
});

async function run(crawler, urls, pages) {
  const failed = [];
  crawler.failedRequestHandler = ({ request }) => failed.push(request.url);
  await crawler.run(urls);
  await crawler.teardown();
  if (failed.length > 0) throw new Error(`crawlee could not open ${failed[0]}`);
  return pages;
}

async function browser({ urls, address, chromium, concurrency }) {
  const pages = {};
  const args = ['--ignore-certificate-errors', `--host-resolver-rules=MAP * ${address}`];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  const crawler = new PlaywrightCrawler(
    {
      ...shared(concurrency),
      browserPoolOptions: { useFingerprints: false },
      // Crawlee puts a proxy of its own in front, which would ask the resolver for names that only the rule knows.
      launchContext: {
        launchOptions: { executablePath: chromium, headless: true, args, proxy: { bypass: '*' } },
      },
      requestHandler: async ({ page, request }) => {
        pages[request.url] = await page.evaluate(IN_PAGE);
      },
    },
    forgetful(),
  );
  return run(crawler, urls, pages);
}

async function http({ urls, address, concurrency }) {
  const pages = {};
  // Its client knows no option for names, and they stand in no server of names.
  dns.lookup = (_host, options, callback) =>
    options?.all ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4);
  const crawler = new CheerioCrawler(
    {
      ...shared(concurrency),
      ignoreSslErrors: true,
      requestHandler: async ({ body, request }) => {
        pages[request.url] = fromHtml(String(body));
      },
    },
    forgetful(),
  );
  return run(crawler, urls, pages);
}

serveCalls({ browser, http });
