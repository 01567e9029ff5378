// Every fixture gets the same answer from the module for browsers as from the core on this machine,
// which e2e-tests/tests/module_against_core.rs compares with the policy in waPC.

import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { examples } from '../build/examples.ts';
import { fixtures } from '../build/fixtures.ts';
import { check } from '../src/policy.ts';
import type { Answer } from '../src/policy.ts';
import { EMPTY } from '../src/state.ts';
import type { State } from '../src/state.ts';
import { read } from '../src/yaml.ts';
import { ROOT, loadModule, native } from './module.ts';

beforeAll(loadModule);

const { now, verdicts } = native();
const states = fixtures(resolve(ROOT, 'test_data'));

/** Evaluates as the page does. */
function evaluate(state: State): Answer {
  const documents = read(state.manifest).map((source) => source.json ?? `"${source.error?.message}"`);
  return check(documents, settings(state), state, now);
}

function settings(state: State): string {
  return read(state.settings)[0]?.json ?? '{}';
}

function response(answer: Answer): string {
  const [first] = answer.objects;
  return first && 'response' in first ? JSON.stringify(first.response) : JSON.stringify(first);
}

test('the page finds the same fixtures', () => {
  expect(states.map(({ path }) => path)).toEqual(verdicts.map(({ path }) => path));
  expect(states.length).toBeGreaterThan(500);
});

test('every request gets the same bytes', () => {
  const differ = verdicts.flatMap((verdict, index) => {
    const state = states[index]?.state ?? EMPTY;
    // What look-ups meet comes with the state; the request is the very one that was evaluated natively.
    const cluster = read(state.manifest).slice(1).map((source) => source.json ?? '');
    const request = [JSON.stringify(verdict.request), ...cluster];
    const answer = check(request, settings(state), { ...EMPTY, cluster: state.cluster }, now);
    return response(answer) === verdict.response ? [] : [`${verdict.path}\n  native:  ${verdict.response}\n  browser: ${response(answer)}`];
  });
  expect(differ.join('\n')).toBe('');
});

test('every manifest, read by the page, gets the same bytes', () => {
  const differ = states.flatMap(({ path, state }, index) => {
    const expected = verdicts[index]?.response;
    const found = response(evaluate(state));
    return found === expected ? [] : [`${path}\n  native:  ${expected}\n  browser: ${found}`];
  });
  expect(differ.join('\n')).toBe('');
});

test('every finding of a fixture has a place in its text', () => {
  let findings = 0;
  for (const { path, state } of states) {
    const sources = read(state.manifest);
    for (const object of evaluate(state).objects) {
      if (!('response' in object)) continue;
      for (const finding of object.findings) {
        const { from, to } = sources[object.document]?.locate(object.pointer + finding.pointer, finding.path) ?? { from: 0, to: 0 };
        expect(to, `${path}: ${finding.path}`).toBeGreaterThan(from);
        expect(state.manifest.slice(from, to), `${path}: ${finding.path}`).not.toContain('\n');
        findings += 1;
      }
    }
  }
  expect(findings).toBeGreaterThan(500);
});

test('the examples are evaluated as their names say', () => {
  const menu = examples(ROOT).filter(({ group }) => group !== 'Showcase');
  for (const { group, name, state } of menu) {
    const [object] = evaluate({ ...EMPTY, ...state }).objects;
    const found = object && 'response' in object ? object.findings.map(({ rule }) => rule) : [];
    expect(found.includes(group), `${group}: ${name}`).toBe(name.startsWith('found: '));
  }
  expect(menu.length).toBeGreaterThan(100);
});
