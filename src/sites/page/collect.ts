import type { CDPSession, Page } from 'playwright-core';
import type { TechnologyFact, ViewportFacts } from './facts.ts';
import { COLLECT_FILTERS, COLLECT_LIMITS } from './filters.ts';
import type { InPageFacts } from './in-page/collect.ts';
import { inPageExpression } from './in-page/source.ts';
import { openIsolatedWorld, within } from './isolated-world.ts';
import { readRuntimeVersions, trustedRuntimeFacts } from './runtime-versions.ts';
import { mayCarryBanner, technologiesOfFiles, technologyOfGenerator } from './technologies.ts';

const WINDOW_WIDTH = { phone: 390, desktop: 1280 } as const;
const RUNTIME_MS = 1_500;
const RESOURCES_MS = 5_000;
const BANNER_FILES = 12;

/** Collects what one viewport shows, in a JavaScript world that the page's scripts cannot reach. */
export async function collectPage(page: Page, viewport: 'phone' | 'desktop'): Promise<ViewportFacts> {
  const session = await page.context().newCDPSession(page);
  try {
    const { files, generators, plugins, ...facts } = await lookIntoPage(session, viewport);
    const runtime = await askRuntime(session);
    const named = await nameFiles(session, files);
    const technologies = [...runtime, ...named, ...generators.flatMap(generatorFact), ...plugins];
    return { viewport, final_url: page.url(), ...facts, technologies };
  } finally {
    await session.detach().catch(() => undefined);
  }
}

async function lookIntoPage(session: CDPSession, viewport: 'phone' | 'desktop'): Promise<InPageFacts> {
  const world = await openIsolatedWorld(session);
  // Lighthouse looks at the page as a phone, so only there its elements are looked up.
  const limits = { ...COLLECT_LIMITS, parts: viewport === 'phone' ? COLLECT_LIMITS.parts : 0 };
  return await world.evaluate(inPageExpression(limits, COLLECT_FILTERS, WINDOW_WIDTH[viewport]));
}

/** Asks the page's own world for versions; a page that hinders this only loses these facts. */
async function askRuntime(session: CDPSession): Promise<TechnologyFact[]> {
  const asked = session.send('Runtime.evaluate', {
    expression: `(${String(readRuntimeVersions)})()`,
    returnByValue: true,
    silent: true,
    timeout: RUNTIME_MS,
  });
  const answer = await within(RUNTIME_MS * 2, asked).catch(() => null);
  return trustedRuntimeFacts(answer?.result.value);
}

/** Reads the first comment of library files from the browser's own copy: no further request is made. */
async function nameFiles(session: CDPSession, files: InPageFacts['files']): Promise<TechnologyFact[]> {
  await session.send('Page.enable');
  const { frameTree } = await within(RESOURCES_MS, session.send('Page.getResourceTree'));
  const loaded = new Map(frameTree.resources.map((resource) => [resource.url, resource]));
  const frameId = frameTree.frame.id;
  let read = 0;
  const known: { url: string; selector: string; banner: string | null; failed: boolean }[] = [];
  for (const file of files) {
    const resource = loaded.get(file.url);
    let banner: string | null = null;
    if (resource && !resource.failed && mayCarryBanner(file.url) && read < BANNER_FILES) {
      read += 1;
      const asked = session.send('Page.getResourceContent', { frameId, url: file.url });
      const content = await within(RUNTIME_MS, asked).catch(() => null);
      banner = content && !content.base64Encoded ? content.content.slice(0, 1200) : null;
    }
    known.push({ ...file, banner, failed: resource?.failed === true || resource?.canceled === true });
  }
  return technologiesOfFiles(known);
}

function generatorFact(content: string): TechnologyFact[] {
  const told = technologyOfGenerator(content);
  return told === null
    ? []
    : [{ ...told, source: 'generator', detail: content, selector: 'meta[name="generator"]' }];
}
