import { expect, test } from 'vitest';
import { read } from '../src/yaml.ts';

function value(text: string): unknown {
  const [source] = read(`key: ${text}\n`);
  return source?.error?.message ?? source?.json?.slice('{"key":'.length, -1);
}

/** The text of the place that a pointer leads to, in the last document. */
function placed(text: string, pointer: string, path?: string): string {
  const { from, to } = read(text).at(-1)?.locate(pointer, path) ?? { from: 0, to: 0 };
  return text.slice(from, to);
}

// The same cases as in crates/manifest/src/tree.rs.
test.each([
  ['yes', 'true'],
  ['Off', 'false'],
  ['y', 'true'],
  ["'yes'", '"yes"'],
  ['TRUE', 'true'],
  ['~', 'null'],
  ["''", '""'],
  ['017', '15'],
  ['0o17', '15'],
  ['0x1F', '31'],
  ['1_000', '1000'],
  ['1e3', '1000'],
  ['1.5', '1.5'],
  ['-7', '-7'],
  ['18446744073709551615', '18446744073709551615'],
  ['2026-11-21', '"2026-11-21"'],
  ['12:30:45', '"12:30:45"'],
  ['1.2.3', '"1.2.3"'],
  ['!!str 1', '"1"'],
])('%s is what kubectl makes of it', (text, expected) => {
  expect(value(text)).toBe(expected);
});

test('members stay in the order of the text', () => {
  expect(read('b: 1\n2: x\na: {__proto__: 1}\n')[0]?.json).toBe('{"b":1,"2":"x","a":{"__proto__":1}}');
});

test('anchors and merge keys are followed', () => {
  const text = 'base: &base {a: 1, b: 2}\nmerged:\n  <<: *base\n  b: 3\nagain: *base\n';
  expect(JSON.parse(read(text)[0]?.json ?? '')).toEqual({ base: { a: 1, b: 2 }, merged: { a: 1, b: 3 }, again: { a: 1, b: 2 } });
  expect(placed(text, '/merged/b')).toBe('b: 3');
  expect(placed(text, '/merged/a')).toBe('<<: *base');
  expect(placed(text, '/again/a')).toBe('*base');
  expect(placed(text, '/base/a')).toBe('a: 1');
});

test('places of members and items', () => {
  const text = 'a: 1\n---\nmetadata:\n  labels:\n    app/name: x # why\nsubjects:\n- kind: User\n  name: b\n- {kind: Group}\n';
  expect(placed(text, '/metadata/labels/app~1name')).toBe('app/name: x');
  expect(placed(text, '/metadata/labels')).toBe('labels');
  expect(placed(text, '/subjects/0')).toBe('kind: User');
  expect(placed(text, '/subjects/0/name')).toBe('name: b');
  expect(placed(text, '/subjects/1')).toBe('{kind: Group}');
  expect(placed(text, '/subjects/0/namespace')).toBe('kind: User');
  expect(placed(text, '')).toBe('metadata:');
});

test('places in JSON', () => {
  const text = '{\n\t"kind": "List",\n\t"items": [{"a": {"b": [1, 2]}}]\n}\n';
  expect(placed(text, '/items/0/a/b/1')).toBe('2');
  expect(placed(text, '/items/0/a')).toBe('"a": {"b": [1, 2]}');
});

test('places within texts of several lines', () => {
  const text = 'data:\n  app.properties: |\n    other.db.password=x\n    db.password=secret\n  one: db.password\n';
  expect(placed(text, '/data/app.properties', 'data[app.properties]')).toBe('app.properties');
  expect(placed(text, '/data/app.properties', 'data[app.properties][db.password]')).toBe('db.password');
  const { from } = read(text)[0]!.locate('/data/app.properties', 'data[app.properties][db.password]');
  expect(text.slice(from)).toMatch(/^db.password=secret/);
  expect(placed(text, '/data/app.properties', 'data[app.properties][db.user]')).toBe('app.properties');
  expect(placed(text, '/data/one', 'data[one][db.password]')).toBe('one: db.password');
});

test('a broken document does not affect the others', () => {
  const text = 'a: 1\n---\nb: [\n---\nc: 1\nc: 2\n---\nd: 4\n';
  const sources = read(text);
  expect(sources.map(({ json }) => json)).toEqual(['{"a":1}', undefined, undefined, '{"d":4}']);
  expect(sources[2]?.error?.message).toContain('unique');
  expect(text.slice(0, sources[2]?.error?.range.from).split('\n').length).toBe(6);
});

test('texts that are not manifests', () => {
  expect(read('')).toEqual([]);
  expect(read('# only words\n---\n---\n')).toEqual([]);
  expect(read('a: {{ .Values.b }}\nc: }\n')[0]?.error?.message).toContain('a template');
  expect(read(`${'['.repeat(100_000)}`)[0]?.error?.message).toBeDefined();
  const laughs = 'abcdefghij'.split('').map((name, index, all) => `${name}: &${name} [${Array(9).fill(index ? `*${all[index - 1]}` : 'x').join(', ')}]\n`);
  expect(read(laughs.join(''))[0]?.error?.message).toContain('alias');
});
