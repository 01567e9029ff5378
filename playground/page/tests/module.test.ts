// The module answers every question: a trap would make it unusable.

import { beforeAll, expect, test } from 'vitest';
import { check, rules, settingsKeys, validate } from '../src/policy.ts';
import type { Answer } from '../src/policy.ts';
import { EMPTY } from '../src/state.ts';
import * as module from '../wasm/policy.js';
import { loadModule } from './module.ts';

beforeAll(loadModule);

function evaluate(document: string, settings = '{}'): Answer {
  return check([document], settings, EMPTY, 0);
}

function nested(depth: number, open: string, close: string, inner = ''): string {
  return open.repeat(depth) + inner + close.repeat(depth);
}

test.each([
  ['nothing', ''],
  ['half a text', '{"documents":['],
  ['another type', '[]'],
  ['unknown members', '{"documents":[],"settings":{},"now":0,"more":1}'],
  ['another operation', '{"documents":[],"settings":{},"now":0,"operation":"EAT"}'],
  ['a lone surrogate', '{"documents":["\ud800"],"settings":{},"now":0,"x":"\ud800"}'],
  ['a deep text', nested(1_000_000, '[', ']')],
  ['a long text', ' '.repeat(9 << 20)],
])('%s is an error', (_, question) => {
  for (const ask of [module.check, module.fix, module.validateSettings]) {
    const answer = JSON.parse(ask(question)) as { error?: string; valid?: boolean };
    expect('error' in answer || answer.valid === false).toBe(true);
  }
  expect(evaluate('null').objects).toEqual([]);
});

test('deep documents are evaluated or fail', () => {
  for (const [open, close] of [['[', ']'], ['{"a":', '}'], ['[{"items":', '}]']] as const) {
    for (const depth of [10, 60, 120, 124, 126, 128, 130, 100_000]) {
      const pod = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":${nested(depth, open, close, '1')}}}`;
      const paths = '{"credentialPaths":[{"kind":"ConfigMap","path":"$..*"},{"kind":"ConfigMap","path":"$.data.a..[?@.a]"}]}';
      const [object] = evaluate(pod, paths).objects;
      expect(object && ('error' in object ? object.error : object.response)).toBeTruthy();
      const [listed] = evaluate(`{"apiVersion":"v1","kind":"List","items":[${pod}]}`).objects;
      expect(listed).toBeDefined();
    }
  }
  expect(() => validate(nested(100_000, '{"rules":', '}', '1'))).toThrow('nested too deeply');
});

test('many and large documents', () => {
  const pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"b"}]}}';
  expect(check(Array<string>(2000).fill(pod), '{}', EMPTY, 0).objects.length).toBe(2000);
  const data = `"${'secret='.repeat(500_000)}"`;
  expect(evaluate(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":${data}}}`).objects.length).toBe(1);
});

test('settings that make no sense', () => {
  for (const settings of ['null', '1', '[]', '""', '{"exemptions":[[],null,1]}', '{"rules":[]}', '{"credentialPaths":[{"kind":"A","path":"$[?@.a==1e999]"}]}']) {
    expect(typeof validate(settings).valid).toBe('boolean');
    expect(evaluate('{"apiVersion":"v1","kind":"Pod"}', settings).objects.length).toBe(1);
  }
});

test('rules and settings are told', () => {
  expect(rules().length).toBeGreaterThan(70);
  expect(settingsKeys().map(({ name }) => name)).toContain('clusterLookups');
});
