// The fixtures of test_data as states of the page: for its menu, and to test that it evaluates them correctly.
// crates/admission/src/fixture.rs describes the directives.

import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { EMPTY } from '../src/state.ts';
import type { State } from '../src/state.ts';

export interface Fixture {
  /** `binding-anonymous/deny-group.yaml` */
  path: string;
  state: State;
}

/** Folders with something else. */
const OTHERS = ['settings', 'sessions'];

export function fixtures(folder: string): Fixture[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(yaml|json)$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !OTHERS.includes(path.split('/')[0] ?? ''));
  return files.sort().map((path) => ({ path, state: toState(path, readFileSync(join(folder, path), 'utf8')) }));
}

function toState(path: string, text: string): State {
  return path.endsWith('.json') ? fromRequest(JSON.parse(text)) : fromManifest(text);
}

function fromRequest(fixture: { request?: unknown; settings?: unknown; cluster?: unknown[] }): State {
  const documents = [JSON.stringify(fixture.request ?? fixture, null, 2) + '\n', ...cluster(fixture.cluster)];
  return { ...EMPTY, manifest: documents.join('---\n'), settings: settings(fixture.settings) };
}

function fromManifest(text: string): State {
  const state: State = { ...EMPTY };
  const lines = text.split('\n');
  const more: string[] = [];
  const body = lines.filter((line) => !line.startsWith('#:')).join('\n');
  for (const line of lines.filter((line) => line.startsWith('#:'))) {
    const directive = parse(line.slice(2)) as string | Record<string, never>;
    if (typeof directive === 'string') {
      state.operation = 'UPDATE';
      continue;
    }
    for (const [key, value] of Object.entries(directive) as [string, unknown][]) {
      if (key === 'settings') state.settings = settings(value);
      else if (key === 'cluster') more.push(...cluster(value as unknown[]));
      else if (key === 'cluster-error') state.cluster = value as string;
      else if (key === 'as') Object.assign(state, { groups: [], ...(value as object) });
      else throw new Error(`unknown directive ${key}`);
    }
  }
  let manifest = body;
  if (state.operation === 'UPDATE') {
    const [before, after] = parseAllDocuments(body);
    const at = after?.range[0] ?? 0;
    state.old = body.slice(before?.range[0], at).replace(/---\n$/, '');
    manifest = body.slice(at).replace(/^---\n/, '');
  }
  state.manifest = [manifest, ...more].join('---\n');
  return state;
}

function settings(value: unknown): string {
  return value === undefined || JSON.stringify(value) === '{}' ? '' : stringify(value, { version: '1.1' });
}

function cluster(objects: unknown[] = []): string[] {
  return objects.map((object) => `# In the cluster:\n${stringify(object, { version: '1.1' })}`);
}
