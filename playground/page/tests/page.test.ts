// The built page in a real browser, as a user uses it.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DIST, launch, serve } from './browser.ts';
import type { Host } from './browser.ts';
import { open as openIn } from './open.ts';

const BINDING = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: team, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: system:unauthenticated
`;
const FIXED = BINDING.replace('system:unauthenticated', '0f8fad5b-d9cb-469f-a165-70867728950e');

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {azure.workload.identity/use: "true"}}
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: shop.azurecr.io/web:1.0}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
`;

let host: Host;
let browser: Browser;
let requests: string[];
let complaints: string[];

beforeAll(async () => {
  host = await serve();
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
  await host.stop();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  // In every test: no requests to other hosts, and no errors.
  expect(requests.filter((url) => !url.startsWith(host.url) && !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
  expect(complaints).toEqual([]);
});

async function open({ url = host.url, ...options }: BrowserContextOptions & { url?: string } = {}): Promise<Page> {
  const opened = await openIn(browser, url, options);
  ({ requests, complaints } = opened);
  await opened.page.locator('html[data-ready]').waitFor();
  return opened.page;
}

/** Replaces what an editor holds, with the keyboard. */
async function type(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(`${editor} .cm-content`).click();
  await page.keyboard.press('ControlOrMeta+a');
  // Typed over a selection, Chromium itself tries to keep the style of what goes, and complains that it may not.
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

async function settings(page: Page, text: string): Promise<void> {
  const section = page.locator('#settings-section');
  if ((await section.getAttribute('open')) === null) await section.locator('> summary').click();
  await type(page, '#settings', text);
}

/** What an editor holds. */
async function text(page: Page, editor: string): Promise<string> {
  const lines = await page.locator(`${editor} .cm-line`).allTextContents();
  return lines.join('\n');
}

/** Every underlined text with its line, from 1. */
function underlined(page: Page, editor: string, severity = 'error'): Promise<[number, string][]> {
  return page.locator(`${editor} .cm-lintRange-${severity}`).evaluateAll((found) =>
    found.map((mark): [number, string] => {
      const line = mark.closest('.cm-line');
      return [line ? [...(line.parentElement?.children ?? [])].indexOf(line) + 1 : 0, mark.textContent ?? ''];
    }),
  );
}

function summary(page: Page, expected: string): Promise<void> {
  return expect.poll(() => page.locator('#summary').textContent()).toBe(expected);
}

test('a bad manifest is underlined, and allowed once it is fixed', async () => {
  const page = await open();
  await settings(page, '');
  await type(page, '#manifest', BINDING);
  await summary(page, '1 object: 1 denied.');
  expect(await underlined(page, '#manifest')).toEqual([[6, 'apiGroup: rbac.authorization.k8s.io']]);
  const finding = page.locator('#results li.deny');
  expect(await finding.textContent()).toContain('binding-anonymous');
  expect(await finding.textContent()).toContain('line 6: subjects[system:unauthenticated]');
  expect(await finding.textContent()).toMatch(/Fix: .*Entra group/);
  expect(await finding.textContent()).toContain('Why: A binding grants a role to unauthenticated requests.');
  await finding.locator('summary').click();
  expect(await finding.textContent()).toContain('Entra sign-in');
  await page.locator('#manifest .cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('# more');
  await expect.poll(() => text(page, '#manifest')).toContain('# more');
  await page.waitForTimeout(500);
  expect(await finding.locator('details').getAttribute('open')).not.toBeNull();
  await type(page, '#manifest', FIXED);
  await summary(page, '1 object: 1 allowed.');
  expect(await underlined(page, '#manifest')).toEqual([]);
  expect(await page.locator('#kubectl').textContent()).toBe('rolebinding.rbac.authorization.k8s.io/team created\n');
});

test('the output of kubectl is exact, and can be copied', async () => {
  const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  await settings(page, '');
  await type(page, '#manifest', BINDING);
  await summary(page, '1 object: 1 denied.');
  await page.locator('#copy').click();
  await expect.poll(() => page.locator('#status').textContent()).toBe('The output of kubectl is copied.');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    'Error from server: error when creating "manifest.yaml": admission webhook ' +
      '"clusterwide-entra-auth-policy.kubewarden.admission" denied the request: ' +
      'entra-auth-policy denied RoleBinding shop/team (baseline): 1 problem\n' +
      '1) binding-anonymous: subjects[system:unauthenticated] grants view to unauthenticated requests\n' +
      '   fix: remove the subject, or bind an Entra group by its object id\n' +
      'rules: https://github.com/entra-auth-policy/entra-auth-policy/blob/main/docs/rules.md\n',
  );
  expect(await page.locator('#command').textContent()).toBe('$ kubectl create -f manifest.yaml');
});

test('several documents, one of them broken', async () => {
  const page = await open();
  await settings(page, '');
  await type(page, '#manifest', `${FIXED}---\na: [\n---\n${BINDING}`);
  await summary(page, '3 objects: 1 denied, 1 allowed and 1 failed.');
  expect((await underlined(page, '#manifest')).map(([line]) => line)).toEqual([11, 17]);
  expect(await page.locator('#results .error').textContent()).toContain('not YAML');
});

test('errors in the settings are shown as the parser writes them', async () => {
  const page = await open();
  await type(page, '#manifest', BINDING);
  await settings(page, 'profile: baseline\nrules:\n  binding-anonymus: off\n');
  await summary(page, 'The settings are invalid: a policy server would not start with them.');
  const problem = page.locator('#results li');
  expect(await problem.textContent()).toBe('rules.binding-anonymusno such rule; did you mean `binding-anonymous`?');
  expect(await underlined(page, '#settings')).toEqual([[3, 'binding-anonymus: off']]);
  expect(await underlined(page, '#manifest')).toEqual([]);
  await settings(page, 'profile: [\n');
  await expect.poll(() => problem.textContent()).toContain('not YAML');
  expect(await page.locator('#settings-broken').isVisible()).toBe(true);
  await settings(page, 'rules:\n  binding-anonymous: off\n');
  await summary(page, '1 object: 1 allowed.');
});

test('the form of the settings and their YAML stay in step', async () => {
  const page = await open();
  await settings(page, '# ours\n\nratchet: false\n');
  await expect.poll(() => page.getByLabel('Ratchet').inputValue()).toBe('false');
  await page.getByLabel('Profile', { exact: true }).selectOption('restricted');
  await expect.poll(() => text(page, '#settings')).toBe('# ours\n\nratchet: false\nprofile: restricted\n');
  await page.getByLabel('Cluster admins').fill('0f8fad5b-d9cb-469f-a165-70867728950e');
  await page.keyboard.press('Tab');
  await page.getByLabel('Ratchet').selectOption('true');
  await page.getByRole('combobox', { name: 'Rules', exact: true }).selectOption('role-wildcard');
  await page.getByLabel('role-wildcard').selectOption('off');
  const expected = '# ours\n\nprofile: restricted\nclusterAdmins:\n  - 0f8fad5b-d9cb-469f-a165-70867728950e\nrules:\n  role-wildcard: "off"\n';
  await expect.poll(() => text(page, '#settings')).toBe(expected);
  await page.getByLabel('Exemptions').click();
  await expect.poll(() => page.locator('#results').textContent()).toContain('exemptions[0].reason');
  await settings(page, 'contact: Platform Team\n');
  await expect.poll(() => page.getByLabel('Contact').inputValue()).toBe('Platform Team');
  await page.getByLabel('Help url').fill('https://example.com/help');
  await page.keyboard.press('Tab');
  await expect.poll(() => text(page, '#settings')).toBe('contact: Platform Team\nhelpUrl: https://example.com/help\n');
  await settings(page, 'maxTokenSeconds: 3600\n');
  await expect.poll(() => page.getByLabel('Max token seconds').inputValue()).toBe('3600');
  expect(await page.getByLabel('Profile', { exact: true }).inputValue()).toBe('baseline');
});

test('a link holds everything, and nothing of it is sent', async () => {
  const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  await settings(page, 'maxTokenSeconds: 3600\n');
  await type(page, '#manifest', BINDING);
  await page.locator('#request-section > summary').click();
  await page.getByLabel('Operation').selectOption('UPDATE');
  await type(page, '#old', BINDING);
  await page.getByLabel('User', { exact: true }).fill('jane@contoso.com');
  await page.getByLabel('Groups of the user').fill('a\nb');
  await summary(page, '1 object: 1 allowed.');
  await page.locator('#share').click();
  await page.waitForURL(/#v1=/);
  const url = await page.evaluate(() => navigator.clipboard.readText());
  expect(url).toBe(page.url());

  const other = await open({ url });
  await summary(other, '1 object: 1 allowed.');
  expect(await text(other, '#manifest')).toBe(BINDING);
  expect(await text(other, '#settings')).toBe('maxTokenSeconds: 3600\n');
  expect(await text(other, '#old')).toBe(BINDING);
  expect(await other.getByLabel('User', { exact: true }).inputValue()).toBe('jane@contoso.com');
  expect(await other.getByLabel('Groups of the user').inputValue()).toBe('a\nb');
  // The fragment stays in the browser.
  expect(requests.every((request) => !request.includes('v1='))).toBe(true);

  const damaged = await open({ url: url.slice(0, -30) });
  expect(await damaged.locator('#status').textContent()).toContain('This link is damaged');
});

test('nothing leaves the browser, and nothing stays in it', async () => {
  const page = await open();
  // The page, its script and its style.
  const loaded = requests.length;
  expect(loaded).toBe(3);
  await type(page, '#manifest', BINDING);
  await page.locator('#examples').selectOption({ index: 20 });
  await page.locator('#share').click();
  await page.getByLabel('Search').fill('secret');
  await page.waitForTimeout(1000);
  expect(requests.length).toBe(loaded);
  const kept = await page.evaluate(async () => ({
    cookies: document.cookie,
    stored: localStorage.length + sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
  expect(kept).toEqual({ cookies: '', stored: 0, databases: 0, caches: 0, workers: 0 });
});

test('the browser forbids the page every connection', async () => {
  const page = await open();
  const loaded = host.asked.length;
  const refused = await page.evaluate(async () => {
    const ways: (() => Promise<unknown>)[] = [
      () => fetch(location.href),
      () => fetch('https://example.com/'),
      () => new Promise((_, fail) => Object.assign(new Image(), { onerror: fail, onload: fail, src: 'x.png' })),
      async () => new WebSocket('wss://example.com/'),
      async () => new Worker('x.js'),
      async () => eval('1'),
      async () => (document.body.innerHTML += '<b>x</b>'),
    ];
    const violations: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    for (const way of ways) await way().catch(() => undefined);
    navigator.sendBeacon('https://example.com/', 'x');
    // The events come late: one for each way and the beacon. A minute is for slow machines.
    for (let n = 0; n < 1200 && violations.length <= ways.length; n++) await new Promise((done) => setTimeout(done, 50));
    return violations;
  });
  expect(new Set(refused)).toEqual(new Set(['connect-src', 'img-src', 'require-trusted-types-for']));
  expect(refused.filter((directive) => directive === 'connect-src').length).toBe(4);
  expect(refused.filter((directive) => directive === 'require-trusted-types-for').length).toBe(3);
  expect(host.asked.length).toBe(loaded);
  // The browser complains, as it should.
  expect(complaints.every((complaint) => /Content Security Policy|This document requires/.test(complaint))).toBe(true);
  complaints = requests = [];
});

test('a Deployment and its account are evaluated together', async () => {
  const page = await open();
  await settings(page, 'clusterLookups: true\n');
  await type(page, '#manifest', DEPLOYMENT);
  await expect.poll(() => page.locator('#results').textContent()).toContain('workload-identity-no-client-id');
  expect(await underlined(page, '#manifest', 'warning')).toEqual([[8, 'serviceAccountName: web']]);
  const annotated = `${DEPLOYMENT}  annotations: {azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b}\n`;
  await type(page, '#manifest', annotated);
  await summary(page, '2 objects: 2 allowed.');
  await expect.poll(() => page.locator('#results li').count()).toBe(0);
  await page.locator('#request-section > summary').click();
  await page.getByLabel('Look-ups').selectOption('refused');
  await expect.poll(() => page.locator('#results').textContent()).toContain('could not check');
});

test('who asks, and for what', async () => {
  const page = await open();
  await settings(page, '');
  await type(page, '#manifest', BINDING);
  await page.locator('#request-section > summary').click();
  await page.getByLabel('Operation').selectOption('UPDATE');
  await summary(page, '1 object: 1 denied.');
  await type(page, '#old', BINDING);
  await summary(page, '1 object: 1 allowed.');
  await type(page, '#old', 'a: [\n');
  await summary(page, '1 object: 1 denied.');
  expect(await page.locator('#old-broken').isVisible()).toBe(true);
  expect((await underlined(page, '#old')).length).toBe(1);
  await type(page, '#old', BINDING);
  await summary(page, '1 object: 1 allowed.');
  expect(await page.locator('#kubectl').textContent()).toMatch(/^Warning: binding-anonymous: .*\n.*\/team replaced\n$/);
  await page.getByLabel('Operation').selectOption('DELETE');
  await expect.poll(() => page.locator('#kubectl').textContent()).toContain('"team" deleted from shop namespace');
  await page.getByLabel('Operation').selectOption('CREATE');
  await type(page, '#manifest', FIXED);
  await page.getByLabel('User', { exact: true }).fill('masterclient');
  await page.getByLabel('Groups of the user').fill('system:masters');
  await expect.poll(() => page.locator('#results').textContent()).toContain('requester-local-account');
});

test('findings and the output of kubectl are in view, for one object and for 25', async () => {
  const page = await open();
  await settings(page, '');
  const named = (at: number) => BINDING.replace('name: team', `name: team-${at}`);
  for (const number of [1, 25]) {
    await type(page, '#manifest', Array.from({ length: number }, (_, at) => named(at)).join('---\n'));
    await expect.poll(() => page.locator('#results article').count()).toBe(number);
    await page.evaluate(() => scrollTo(0, 0));
    for (const id of ['#manifest', '#summary', '#results article', '#terminal', '#command']) {
      const box = await page.locator(id).first().boundingBox();
      expect(box && box.y >= 0 && box.y < 900, `${id} of ${number}`).toBe(true);
    }
    expect(await page.locator('#kubectl').textContent()).toContain(`team-${number - 1}`);
  }
  // What the user looks at stays where it is while the text changes.
  const pane = page.locator('#findings');
  await pane.evaluate((pane) => pane.scrollTo(0, 700));
  await page.locator('#manifest .cm-content').focus();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.insertText('- {kind: Group, name: platform-team}\n');
  await expect.poll(() => page.locator('#results').textContent()).toContain('platform-team');
  expect(await pane.evaluate((pane) => pane.scrollTop)).toBe(700);
});

test('the borders between the panes move and stay', async () => {
  const page = await open();
  const width = async (id: string) => (await page.locator(id).boundingBox())?.width ?? 0;
  const before = await width('#manifest');
  await page.locator('#columns').focus();
  for (let n = 0; n < 4; n++) await page.keyboard.press('ArrowLeft');
  expect(await page.locator('#columns').getAttribute('aria-valuenow')).toBe('30');
  const narrow = await width('#manifest');
  expect(narrow).toBeLessThan(before * 0.7);
  await page.locator('#examples').selectOption({ label: 'pods' });
  await summary(page, '5 objects: 2 denied and 3 allowed.');
  expect(await width('#manifest')).toBe(narrow);
  const border = await page.locator('#rows').boundingBox();
  if (!border) throw new Error('no border');
  const height = async () => (await page.locator('#findings').boundingBox())?.height ?? 0;
  const high = await height();
  await page.mouse.move(border.x + 50, border.y + border.height / 2);
  await page.mouse.down();
  await page.mouse.move(border.x + 50, border.y - 150, { steps: 5 });
  await page.mouse.up();
  expect(await height()).toBeLessThan(high - 100);
  await page.locator('#columns').focus();
  await page.keyboard.press('Home');
  expect(await page.locator('#columns').getAttribute('aria-valuenow')).toBe('20');
});

test('the settings of an example leave with its manifest', async () => {
  const page = await open();
  // The showcase has settings.
  expect(await text(page, '#settings')).toContain('clusterAdmins');
  await page.locator('#manifest .cm-content').focus();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.insertText('# more\n');
  expect(await text(page, '#settings')).toContain('clusterAdmins');
  await type(page, '#manifest', BINDING);
  await expect.poll(() => text(page, '#settings')).toBe('');
  expect(await page.locator('#status').textContent()).toContain('gone with its manifest');
  // The user's own settings stay.
  await page.locator('#examples').selectOption({ label: 'bindings' });
  await settings(page, 'profile: restricted\n');
  await type(page, '#manifest', BINDING);
  await summary(page, '1 object: 1 denied.');
  expect(await text(page, '#settings')).toBe('profile: restricted\n');
});

test('a finding is copied as an exemption that accepts it', async () => {
  const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  await settings(page, '');
  await type(page, '#manifest', BINDING);
  await summary(page, '1 object: 1 denied.');
  await page.getByRole('button', { name: 'Copy as exemption' }).click();
  await expect.poll(() => page.locator('#status').textContent()).toContain('The exemption is copied');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.replace(/\d{4}-\d\d-\d\d/, 'DAY')).toBe(`exemptions:
- rules:
  - binding-anonymous
  kinds:
  - RoleBinding.rbac.authorization.k8s.io
  namespaces:
  - shop
  names:
  - team
  reason: "TODO: say why, and who fixes it"
  until: "DAY"
`);
  await settings(page, copied);
  await summary(page, '1 object: 1 allowed.');
  expect(await page.locator('#results').textContent()).toContain('exempted');
  expect(await page.getByRole('button', { name: 'Copy as exemption' }).count()).toBe(0);
});

const LABELLED = `# Ours.
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels:
    azure.workload.identity/use: "True" # signs in
spec:
  serviceAccountName: web
  containers:
  - {name: web,   image: shop.azurecr.io/web:1.0}
`;
const REPAIRED = LABELLED.replace('"True"', '"true"');

test('a fix is shown, applied and taken back', async () => {
  const page = await open();
  await settings(page, '');
  await type(page, '#manifest', LABELLED);
  const button = page.getByRole('button', { name: 'Apply fix: ' });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Apply 1 fix?' });
  await dialog.waitFor();
  expect(await dialog.locator('li').textContent()).toContain('Pod shop/web: ');
  const lines = await dialog.locator('#fix-diff > *').allTextContents();
  expect(lines[0]).toBe('@@ -5,7 +5,7 @@');
  expect(lines.filter((line) => /^[-+]/.test(line))).toEqual(['-    azure.workload.identity/use: "True" # signs in', '+    azure.workload.identity/use: "true" # signs in']);
  // Escape leaves everything as it is, and leads back to the button.
  await page.keyboard.press('Escape');
  await expect.poll(() => dialog.count()).toBe(0);
  expect(await text(page, '#manifest')).toBe(LABELLED);
  expect(await button.evaluate((button) => button === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
  await summary(page, '1 object: 1 allowed.');
  expect(await text(page, '#manifest')).toBe(REPAIRED);
  expect(await button.count()).toBe(0);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('findings');
  await page.locator('#manifest .cm-content').focus();
  await page.keyboard.press('ControlOrMeta+z');
  await expect.poll(() => text(page, '#manifest')).toBe(LABELLED);
  await button.waitFor();
});

test('all safe fixes at once, and a suggestion with something to fill in', async () => {
  const page = await open();
  await settings(page, '');
  const other = LABELLED.replace('name: web', 'name: other');
  const masters = BINDING.replace('system:unauthenticated', 'system:masters');
  await type(page, '#manifest', `${LABELLED}---\n${masters}---\n${other}`);
  await page.getByRole('button', { name: 'Apply all safe fixes' }).click();
  await page.getByRole('dialog', { name: 'Apply 2 fixes?' }).getByRole('button', { name: 'Apply', exact: true }).click();
  await expect.poll(() => text(page, '#manifest')).toBe(`${REPAIRED}---\n${masters}---\n${REPAIRED.replace('name: web', 'name: other')}`);
  expect(await page.getByRole('button', { name: 'Apply all safe fixes' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Apply suggestion: ' }).first().click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.locator('#fix-fill').textContent()).toBe('Then fill in <object id of an Entra group>.');
  await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
  await expect.poll(() => text(page, '#manifest')).toContain('name: <object id of an Entra group>');
  // An anchor that is used twice cannot be changed in one place.
  const shared = LABELLED.replace('labels:', 'labels: &labels').replace('spec:', '  annotations: *labels\nspec:');
  await type(page, '#manifest', shared);
  await page.getByRole('button', { name: 'Apply fix: ' }).click();
  expect(await page.getByRole('dialog', { name: 'The fix cannot be applied' }).textContent()).toContain('by hand');
  expect(await page.getByRole('button', { name: 'Apply', exact: true }).count()).toBe(0);
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await text(page, '#manifest')).toBe(shared);
});

test('the page of every rule opens its example', async () => {
  const pages = join(DIST, '../../../docs/rules');
  const rules = readdirSync(pages).map((name) => name.slice(0, -'.md'.length));
  const page = await open();
  for (const rule of rules) {
    const [, address] = /\]\((http:[^)]*#rule=[^)]*)\)/.exec(readFileSync(join(pages, `${rule}.md`), 'utf8')) ?? [];
    expect(address, rule).toBe(`http://127.0.0.1:4173/#rule=${rule}`);
    await page.evaluate((hash) => (location.hash = hash), new URL(address ?? '').hash);
    await expect.poll(() => page.locator('#status').textContent()).toBe(`The example of ${rule}.`);
    expect(await page.locator('#results li .rule').allTextContents(), rule).toContain(rule);
  }
  const unknown = await open({ url: `${host.url}#rule=no-such-rule` });
  await expect.poll(() => unknown.locator('#status').textContent()).toContain('no rule no-such-rule');
});

test('every example of the menu can be opened', async () => {
  const page = await open();
  const menu = page.locator('#examples');
  const options = await menu.locator('option').allTextContents();
  expect(options.length).toBeGreaterThan(100);
  for (const group of ['Showcase', 'binding-anonymous', 'workload-identity-no-client-id']) {
    expect(await menu.locator(`optgroup[label="${group}"] option`).count(), group).toBeGreaterThan(0);
  }
  for (let index = 1; index < options.length; index += 1) {
    await menu.selectOption({ index });
    expect(await page.locator('#results article').count(), options[index]).toBeGreaterThan(0);
    const wants = options[index]?.startsWith('found: ') ? /denied|allowed/ : /object/;
    expect(await page.locator('#summary').textContent(), options[index]).toMatch(wants);
  }
});

test('the rules can be searched', async () => {
  const page = await open();
  const found = page.locator('#rules-found');
  const all = await found.textContent();
  expect(all).toMatch(/^\d{2,} rules$/);
  await page.getByLabel('Search').fill('anonymous binding');
  await expect.poll(() => found.textContent()).toMatch(/^\d of \d+ rules$/);
  expect(await page.locator('details.rule:visible code').first().textContent()).toBe('binding-anonymous');
  await page.getByLabel('Search').fill('xyzzy');
  await expect.poll(() => found.textContent()).toMatch(/^0 of/);
  expect(await page.locator('#rules h3:visible').count()).toBe(0);
  // From a finding to its rule.
  await settings(page, '');
  await type(page, '#manifest', BINDING);
  await page.getByRole('button', { name: 'binding-anonymous' }).click();
  const rule = page.locator('details.rule[open]');
  expect(await rule.textContent()).toContain('This is found:');
  expect(await rule.locator('summary').evaluate((summary) => summary === document.activeElement)).toBe(true);
});

test('the keyboard is enough', async () => {
  const page = await open();
  await settings(page, '');
  await type(page, '#manifest', `${FIXED}---\n${BINDING}`);
  await summary(page, '2 objects: 1 denied and 1 allowed.');
  const active = () => page.locator('#manifest .cm-lineNumbers .cm-activeLineGutter').textContent();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.press('F8');
  await expect.poll(active).toBe('15');
  // Tab leads out of the editor.
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.id)).not.toBe('manifest');
  await page.locator('#results li button.place').focus();
  await page.locator('#manifest .cm-scroller').evaluate((scroller) => scroller.scrollTo(0, 0));
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('manifest');
  await expect.poll(active).toBe('15');
});

test.each([
  ['light', 1360],
  ['dark', 1360],
  ['light', 320],
  ['dark', 390],
] as const)('axe finds nothing, %s and %i pixels wide', async (colorScheme, width) => {
  const page = await open({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
  for (const section of ['#settings-section', '#request-section']) {
    if ((await page.locator(section).getAttribute('open')) === null) await page.locator(`${section} > summary`).click();
  }
  await page.getByLabel('Operation').selectOption('UPDATE');
  await page.getByLabel('Also show findings that the profile does not show').check();
  await page.locator('#results article').first().waitFor();
  await page.locator('details.rule').first().locator('summary').click();
  await page.locator('#results details summary').first().click();
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const faults = async (part = 'html') => {
    const { violations } = await page.evaluate((part) => (window as unknown as { axe: { run(part: string): Promise<AxeResults> } }).axe.run(part), part);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`);
  };
  expect(await faults()).toEqual([]);
  await page.getByRole('button', { name: 'Apply suggestion: ' }).first().click();
  await page.getByRole('dialog').waitFor();
  expect(await faults('dialog')).toEqual([]);
  const box = await page.getByRole('dialog').boundingBox();
  expect(box && box.x >= 0 && box.x + box.width <= width).toBe(true);
  // Nothing to scroll sideways.
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
    colorScheme === 'dark' ? 'rgb(20, 23, 28)' : 'rgb(246, 247, 249)',
  );
});

test('it can be opened from a folder, without a host', async () => {
  const page = await open({ url: pathToFileURL(join(DIST, 'index.html')).href });
  await settings(page, '');
  await type(page, '#manifest', BINDING);
  await summary(page, '1 object: 1 denied.');
});

test('the download is small', () => {
  const all = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(all.map(({ name }) => name)).toContain('licenses.txt');
  // That one is only there to be asked for.
  const files = all.filter(({ name }) => name !== 'licenses.txt');
  const sizes = files.map((file) => gzipSync(readFileSync(join(file.parentPath, file.name)), { level: 9 }).length);
  const size = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`the page is ${Math.round(size / 1000)} kB to download (gzip)`);
  expect(files.length).toBe(3);
  expect(size).toBeLessThanOrEqual(530_000);
});
