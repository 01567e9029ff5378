// The reports of `entra-auth report` in a real browser: `make report-pages` writes them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launch } from './browser.ts';
import { open } from './open.ts';

const wasm = resolve(import.meta.dirname, '../wasm');
const SMALL = join(wasm, 'report.html');
const LARGE = join(wasm, 'large-report.html');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser: Browser;
let requests: string[] = [];
let complaints: string[] = [];

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  // Only the file itself, and nothing that the policy of the page blocked.
  expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
  expect(requests.length).toBe(1);
  expect(complaints).toEqual([]);
});

async function report(file: string, options: BrowserContextOptions = {}): Promise<Page> {
  const opened = await open(browser, pathToFileURL(file).href, options);
  ({ requests, complaints } = opened);
  return opened.page;
}

test.each([
  ['light', 1360],
  ['dark', 1360],
  ['light', 375],
  ['dark', 375],
] as const)('everyone can use it: %s, %i pixels wide', async (colorScheme, width) => {
  // axe is a script from elsewhere, which the page forbids.
  const page = await report(SMALL, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  await page.locator('details').evaluateAll((all) => all.forEach((details) => details.setAttribute('open', '')));
  await page.addScriptTag({ content: readFileSync(AXE, 'utf8') });
  const results = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
    return axe.run();
  });
  expect(results.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

test('the map is read with the keyboard', async () => {
  const page = await report(SMALL);
  const first = page.locator('.map .node[tabindex="0"]');
  expect(await first.count()).toBe(1);
  await first.focus();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-node'));
  const start = await focused();
  await page.keyboard.press('ArrowRight');
  expect(await focused()).not.toBe(start);
  await page.keyboard.press('Enter');
  const chosen = page.locator('.map .node[aria-pressed="true"]');
  expect(await chosen.count()).toBe(1);
  const lit = await page.locator('.map .node.lit').count();
  expect(lit).toBeGreaterThan(1);
  expect(lit).toBeLessThan(await page.locator('.map .node').count());
  await page.keyboard.press('Escape');
  expect(await chosen.count()).toBe(0);
  expect(await page.locator('.map .faded').count()).toBe(0);
});

test('a group in the map is opened with the keyboard, and its members found', async () => {
  const page = await report(SMALL);
  const picked = page.locator('.picked');
  expect(await picked.isVisible()).toBe(false);
  await page.getByLabel('Find in the map').fill('7b1d0e52-4c3f-4f0a-9d8e-2a6b5c4d3e1f');
  await page.keyboard.press('Enter');
  expect(await picked.isVisible()).toBe(true);
  const members = picked.getByRole('button');
  const names = await members.allTextContents();
  expect(names.length).toBeGreaterThan(1);
  expect(names).toContain('group 7b1d0e52-4c3f-4f0a-9d8e-2a6b5c4d3e1f');
  expect(await picked.textContent()).toContain('cluster-admin');
  // From the node to its members, and to what the first of them can do.
  await page.locator('.map').focus();
  await members.first().focus();
  await page.keyboard.press('Enter');
  expect(await page.locator('[data-count="subjects"]').textContent()).toBe('1 found');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-search'))).toBe('subjects');
  await page.locator('.map .node[aria-pressed="true"]').focus();
  await page.keyboard.press('Escape');
  expect(await picked.isVisible()).toBe(false);
});

test('the nodes of the map are a list as well', async () => {
  const page = await report(SMALL, { javaScriptEnabled: false });
  await page.locator('details.nodes > summary').click();
  const nodes = await page.locator('.map .node').count();
  expect(await page.locator('details.nodes .entry:visible').count()).toBe(nodes);
});

test('lists are searched', async () => {
  const page = await report(SMALL);
  const items = page.locator('[data-list="subjects"] [data-text]:visible');
  const all = await items.count();
  await page.getByLabel('Find a subject, role or namespace').fill('bob@');
  expect(await items.count()).toBe(1);
  expect(await page.locator('[data-count="subjects"]').textContent()).toBe('1 found');
  await page.getByLabel('Find a subject, role or namespace').fill('');
  expect(await items.count()).toBeGreaterThanOrEqual(all);
  await page.getByLabel('Find in the map').fill('platform/gitops');
  expect(await page.locator('.map .node.lit').count()).toBeGreaterThan(1);
});

test('a link to a rule opens it', async () => {
  const page = await report(SMALL);
  await page.locator('#glance a[href="#binding-cluster-admin"]').click();
  expect(await page.locator('details#binding-cluster-admin').getAttribute('open')).not.toBeNull();
});

test('paper shows what a click would', async () => {
  const page = await report(SMALL);
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  expect(await page.locator('details:not([open])').count()).toBe(0);
  expect(await page.locator('nav').isVisible()).toBe(false);
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  expect(await page.locator('details:not([open])').count()).toBeGreaterThan(0);
});

test('without scripts everything is there', async () => {
  const page = await report(SMALL, { javaScriptEnabled: false });
  expect(await page.locator('.search').first().isVisible()).toBe(false);
  await page.locator('#who details.item summary').first().click();
  expect(await page.locator('#who details.item').first().locator('.role').first().isVisible()).toBe(true);
});

test('a report of 5,000 objects opens', async () => {
  const page = await report(LARGE);
  expect(await page.locator('h1').textContent()).toBe('dump');
  await page.getByLabel('Find a rule, object or namespace').fill('team-003');
  expect(await page.locator('[data-list="findings"] [data-text]:visible').count()).toBeGreaterThan(0);
});
