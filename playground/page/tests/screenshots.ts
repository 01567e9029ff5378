// Pictures of the page, to look at, and the one in the README: `make playground-screenshots`.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'vitest';
import { launch, serve } from './browser.ts';

const folder = resolve(process.env['SCREENSHOTS'] ?? '.');

/** The one in the README shows what its text does. */
const REFUSED = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: team
  namespace: shop
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: system:anonymous
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: platform-team
`;

test('the picture of the README', async () => {
  mkdirSync(folder, { recursive: true });
  const host = await serve();
  const browser = await launch();
  const page = await browser.newPage({ colorScheme: 'light', viewport: { width: 1360, height: 900 } });
  await page.goto(host.url);
  await page.locator('html[data-ready]').waitFor();
  await page.locator('#manifest .cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(REFUSED);
  await page.locator('#results li').nth(1).waitFor();
  await page.locator('#settings-section > summary').click();
  await page.locator('#rows').focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.locator('h1').click();
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(folder, 'playground.png') });
  await browser.close();
  await host.stop();
});

test.each([
  ['light', 1360, 900],
  ['dark', 1360, 900],
  ['light', 375, 800],
] as const)('%s, %i pixels wide', async (colorScheme, width, height) => {
  mkdirSync(folder, { recursive: true });
  const host = await serve();
  const browser = await launch();
  const page = await browser.newPage({ colorScheme, viewport: { width, height } });
  const save = (name: string, fullPage = false) =>
    page.screenshot({ path: join(folder, `${colorScheme}-${width}-${name}.png`), fullPage });
  await page.goto(host.url);
  await page.locator('html[data-ready]').waitFor();
  await page.locator('#examples').selectOption({ label: 'pods' });
  await page.waitForTimeout(500);
  await save('first');
  await page.locator('#results li button.place').first().click();
  await page.waitForTimeout(300);
  await save('place');
  await page.locator('#request-section > summary').click();
  await page.getByLabel('Operation').selectOption('UPDATE');
  await page.locator('#results details').first().locator('summary').click();
  await page.locator('details.rule').nth(1).locator('summary').click();
  await page.waitForTimeout(300);
  await save('whole', true);
  for (const part of ['#settings-section', '#request-section', '#terminal', '#reference']) {
    await page.locator(part).screenshot({ path: join(folder, `${colorScheme}-${width}-${part.slice(1)}.png`) });
  }
  await browser.close();
  await host.stop();
});

test.each([
  ['light', 1360, 1180],
  ['dark', 1360, 1180],
  ['light', 375, 800],
  ['dark', 375, 800],
] as const)('report: %s, %i pixels wide', async (colorScheme, width, height) => {
  mkdirSync(folder, { recursive: true });
  const browser = await launch();
  const page = await browser.newPage({ colorScheme, viewport: { width, height } });
  await page.goto(pathToFileURL(resolve(import.meta.dirname, '../wasm/report.html')).href);
  await page.screenshot({ path: join(folder, `report-${colorScheme}-${width}.png`) });
  await page.locator('#paths').screenshot({ path: join(folder, `report-paths-${colorScheme}-${width}.png`) });
  await browser.close();
});
