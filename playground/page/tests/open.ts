// A page in a context of its own, with everything that it requests and complains about.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface Opened {
  page: Page;
  /** Every address that was requested, by workers and frames as well. */
  requests: string[];
  /** Errors and warnings, also of the page's own policy. */
  complaints: string[];
}

/** Opens an address on a wide screen, unless the options say otherwise. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  context.setDefaultTimeout(20_000);
  const requests: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requests.push(request.url()));
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  const page = await context.newPage();
  await page.goto(url);
  return { page, requests, complaints };
}
