// The fixtures of test_data as states of the page: for its menu, and to test that it evaluates them correctly.

import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fromManifest, fromRequest } from '../src/fixture.ts';
import type { State } from '../src/state.ts';

export interface Fixture {
  /** `binding-anonymous/deny-group.yaml` */
  path: string;
  state: State;
}

/** Folders with something else. */
const OTHERS = ['estates', 'sessions', 'settings'];

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
