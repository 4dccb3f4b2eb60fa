import type { CDPSession, ConsoleMessage, Page, Request, Response } from 'playwright-core';
import type { PageEvents } from '../page/events.ts';

const MAX_ENTRIES = 100;
const MAX_RESPONSES = 300;
const MAX_TEXT = 1_000;

/** Notes what happens while a page loads: a bounded log, whatever the page does. */
export async function startPageLog(page: Page, session: CDPSession): Promise<PageEvents> {
  const log: PageEvents = {
    console_errors: [],
    page_errors: [],
    failed_requests: [],
    responses: [],
    mixed_content: [],
  };
  page.on('console', (message) => noteConsole(log, message));
  page.on('pageerror', (error) => push(log.page_errors, { text: cut(String(error)) }));
  page.on('requestfailed', (request) => noteFailure(log, request));
  page.on('response', (response) => noteResponse(log, response));
  session.on('Audits.issueAdded', ({ issue }) => {
    const mixed = issue.details.mixedContentIssueDetails;
    if (!mixed) return;
    const resource_type = (mixed.resourceType ?? 'other').toLowerCase();
    push(log.mixed_content, { url: cut(mixed.insecureURL), resource_type });
  });
  await session.send('Audits.enable');
  return log;
}

function noteConsole(log: PageEvents, message: ConsoleMessage): void {
  if (message.type() !== 'error') return;
  const { url, lineNumber } = message.location();
  push(log.console_errors, {
    text: cut(message.text()),
    url: url ? cut(url) : null,
    line: url ? lineNumber : null,
  });
}

function noteFailure(log: PageEvents, request: Request): void {
  push(log.failed_requests, {
    url: cut(request.url()),
    resource_type: request.resourceType(),
    error: cut(request.failure()?.errorText ?? 'failed'),
  });
}

function noteResponse(log: PageEvents, response: Response): void {
  const request = response.request();
  const mime = response.headers()['content-type']?.split(';')[0]?.trim() ?? null;
  const entry = {
    url: cut(response.url()),
    resource_type: request.resourceType(),
    status: response.status(),
    mime,
  };
  push(log.responses, entry, MAX_RESPONSES);
}

function push<T>(list: T[], entry: T, limit = MAX_ENTRIES): void {
  if (list.length < limit) list.push(entry);
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}
