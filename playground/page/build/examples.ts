// The examples menu: the showcase of `make demo`, and a few fixtures of every rule.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EMPTY } from '../src/state.ts';
import type { State } from '../src/state.ts';
import { fixtures } from './fixtures.ts';

export interface Example {
  /** The rule, or another heading. */
  group: string;
  name: string;
  state: Partial<State>;
}

/** What the demo shows, the simplest first. */
const SHOWCASE = ['bindings', 'pods', 'roles', 'secrets'];

/** Of each rule. All of them would make the menu too long and the page too large. */
const MOST: Record<string, number> = { deny: 2, allow: 1 };

export function examples(root: string): Example[] {
  const demo = (name: string) => readFileSync(resolve(root, `demo/${name}.yml`), 'utf8');
  const showcase = SHOWCASE.map((name) => ({
    group: 'Showcase',
    name,
    state: { manifest: demo(name), settings: demo('settings') },
  }));
  const seen = new Map<string, number>();
  const few = fixtures(resolve(root, 'test_data')).filter(({ path }) => {
    const kind = /^[^/]+\/(deny|allow)-/.exec(path);
    const before = kind ? (seen.get(kind[0]) ?? 0) : Infinity;
    if (kind) seen.set(kind[0], before + 1);
    return before < (MOST[kind?.[1] ?? ''] ?? 0);
  });
  return [
    ...showcase,
    ...few.map(({ path, state }) => {
      const [group = '', name = ''] = path.replace(/\.\w+$/, '').split('/');
      return { group, name: title(name), state: chosen(state) };
    }),
  ];
}

/** `deny-config-map` as `found: config map`. */
function title(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.replace(/^deny /, 'found: ').replace(/^allow /, 'fine: ');
}

/** Without the members that are always the same. */
function chosen(state: State): Partial<State> {
  const differs = ([key, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(EMPTY[key as keyof State]);
  return Object.fromEntries(Object.entries(state).filter(differs));
}
