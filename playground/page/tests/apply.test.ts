// Fixes in the text: the finding is gone, and the rest of the text is still there.

import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { fixtures } from '../build/fixtures.ts';
import { applied, comments } from '../src/apply.ts';
import { hunks, merge } from '../src/diff.ts';
import { check, fix } from '../src/policy.ts';
import type { Change, Verdict } from '../src/policy.ts';
import type { State } from '../src/state.ts';
import { read } from '../src/yaml.ts';
import { ROOT, loadModule, native } from './module.ts';

beforeAll(loadModule);

const { now } = native();
const all = fixtures(resolve(ROOT, 'test_data')).filter(({ path }) => /\/deny-[^/]*\.yaml$/.test(path));

function ask(state: State): [string[], string, State, number] {
  const documents = read(state.manifest).flatMap(({ json }) => json ?? []);
  return [documents, read(state.settings)[0]?.json ?? '{}', state, now];
}

function verdicts(state: State): Verdict[] {
  return check(...ask(state)).objects.filter((object) => 'response' in object);
}

/** Every finding that is shown, without its place, which other changes can move. */
function rules(state: State): string[] {
  return verdicts(state).flatMap(({ findings }, at) =>
    findings.filter(({ action }) => action === 'deny' || action === 'warn').map(({ rule }) => `${at} ${rule}`),
  );
}

test('the safe fix of every fixture resolves its finding, and keeps the rest of the text', () => {
  const faults: string[] = [];
  let made = 0;
  for (const { path, state } of all) {
    const commented = { ...state, manifest: `# The first line.\n${state.manifest.trimEnd()}\n# The last line.\n` };
    const before = rules(commented);
    const safe = verdicts(commented).flatMap(({ findings }, object) =>
      findings.flatMap(({ offer, rule }, finding) => (offer?.safety === 'safe' ? [{ at: [object, finding] as [number, number], rule: `${object} ${rule}` }] : [])),
    );
    for (const { at, rule } of safe) {
      try {
        const fixed = fix(...ask(commented), at);
        if (fixed.done.length === 0) continue;
        made += 1;
        const manifest = applied(commented.manifest, fixed);
        const left = rules({ ...commented, manifest });
        const expected = [...before];
        expected.splice(expected.indexOf(rule), 1);
        if (!left.every((one) => expected.includes(one)) || left.length > expected.length) faults.push(`${path}: ${left.join(', ')} instead of ${expected.join(', ')}`);
        if (comments(manifest) !== comments(commented.manifest)) faults.push(`${path}: comments are lost:\n${manifest}`);
        const changed = hunks(commented.manifest.split('\n'), manifest.split('\n'));
        const lines = changed.reduce((sum, { from, to, lines }) => sum + to - from + lines.length, 0);
        if (lines > 24) faults.push(`${path}: ${lines} lines are different:\n${manifest}`);
      } catch (error) {
        faults.push(`${path}: ${(error as Error).message}\n${commented.manifest}`);
      }
    }
  }
  expect(faults.join('\n')).toBe('');
  expect(made).toBeGreaterThan(35);
});

test('every kind of suggestion can be written', () => {
  const faults: string[] = [];
  const seen = new Set<string>();
  let made = 0;
  for (const { path, state } of all) {
    const [object] = verdicts(state);
    object?.findings.forEach(({ offer, rule }, finding) => {
      // One fixture for each edit of a rule.
      if (offer?.safety !== 'suggested' || seen.has(`${rule} ${offer.title}`)) return;
      seen.add(`${rule} ${offer.title}`);
      const fixed = fix(...ask(state), [0, finding]);
      if (fixed.done.length === 0) return;
      made += 1;
      try {
        const manifest = applied(state.manifest, fixed);
        if (comments(manifest) < comments(state.manifest)) faults.push(`${path}: comments are lost:\n${manifest}`);
      } catch (error) {
        faults.push(`${path}: ${(error as Error).message}\n${state.manifest}`);
      }
    });
  }
  expect(faults.join('\n')).toBe('');
  expect(made).toBeGreaterThan(70);
});

/** The text after one change of its first document. */
function edit(text: string, ...changes: Change[]): string {
  const value = JSON.parse(read(text)[0]?.json ?? '') as Record<string, never>;
  for (const { change, pointer, value: made, key } of changes) {
    const path = pointer.split('/').slice(1);
    const last = path.pop() ?? '';
    const parent = path.reduce((node, step) => (node[step] ??= {} as never), value) as unknown as Record<string, unknown>;
    if (Array.isArray(parent) && change === 'remove') parent.splice(Number(last), 1);
    else if (Array.isArray(parent) && last === '-') parent.push(made);
    else if (change !== 'set') {
      if (key !== undefined) parent[key] = parent[last];
      delete parent[last];
    } else parent[last] = made;
  }
  return applied(text, { documents: [{ document: 0, changes, value }], new: [] });
}

test('only lines that change are written again', () => {
  const text = `# head
metadata:
    labels:
        use:   True   # odd
        # about more
        gone: 1   # with it

        'quoted':  'a'
    list:
    -   name: x # one
        value: {a: 1,  b: [1,2]}
    -   name: y
---
other:   1
`;
  const after = edit(
    text,
    { change: 'set', pointer: '/metadata/labels/use', value: 'true' },
    { change: 'remove', pointer: '/metadata/labels/gone' },
    { change: 'set', pointer: '/metadata/labels/quoted', value: 'b' },
    { change: 'set', pointer: '/metadata/annotations/new', value: '<client id>' },
  );
  expect(after).toBe(`# head
metadata:
    labels:
        use: "true" # odd
        # about more

        'quoted': 'b'
    list:
    -   name: x # one
        value: {a: 1,  b: [1,2]}
    -   name: y
    annotations:
        new: <client id>
---
other:   1
`);
});

test('items, keys and new documents', () => {
  const text = 'list:\n- name: a\n# second\n- name: b # b\n- name: c\nold: 1 # kept\n# end\n';
  expect(edit(text, { change: 'remove', pointer: '/list/1' })).toBe('list:\n- name: a\n# second\n- name: c\nold: 1 # kept\n# end\n');
  expect(edit(text, { change: 'set', pointer: '/list/-', value: { name: 'd' } })).toContain('- name: c\n- name: d\nold: 1 # kept');
  expect(edit(text, { change: 'rename', pointer: '/old', key: 'new' })).toContain('new: 1 # kept');
  expect(applied('a: 1', { documents: [], new: [{ b: ['yes'] }] })).toBe('a: 1\n---\nb:\n  - "yes"\n');
});

test('JSON keeps its indentation', () => {
  const text = '{\n\t"a": "1",\n\t"b": [1, 2]\n}\n';
  expect(edit(text, { change: 'set', pointer: '/a', value: '2' })).toBe(text.replace('"1"', '"2"'));
  expect(edit('{"a":1,"b":2}', { change: 'remove', pointer: '/a' })).toBe('{"b":2}');
  expect(() => applied(text, { documents: [], new: [{}] })).toThrow('JSON text holds one document');
});

test('what is used elsewhere too is not changed', () => {
  const text = 'a: &a {x: 1}\nb: *a\n';
  expect(() => edit(text, { change: 'set', pointer: '/b/x', value: 2 })).toThrow('by hand');
  expect(() => applied(text, { documents: [{ document: 0, changes: [{ change: 'set', pointer: '/a/x', value: 2 }], value: { a: { x: 2 }, b: { x: 1 } } }], new: [] })).toThrow('by hand');
  expect(() => applied('a: 1\n', { documents: [{ document: 3, changes: [], value: {} }], new: [] })).toThrow('has changed');
});

test('differences are the shortest', () => {
  const lines = (text: string) => text.split('');
  expect(hunks(lines('abcabba'), lines('cbabac')).reduce((sum, { from, to, lines }) => sum + to - from + lines.length, 0)).toBe(5);
  expect(hunks(lines('abc'), lines('abc'))).toEqual([]);
  expect(hunks(lines('ab'), lines('axb'))).toEqual([{ from: 1, to: 1, at: 1, lines: ['x'] }]);
  expect(merge(lines('abcdef'), lines('aBcdeF'), lines('abxdef')).join('')).toBe('aBxdeF');
  expect(merge(lines('abc'), lines('aBc'), lines('axc')).join('')).toBe('axc');
  expect(merge(lines('abc'), lines('0abc'), lines('abcd')).join('')).toBe('0abcd');
});
