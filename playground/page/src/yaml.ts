// Reads manifests as kubectl does, and records the position of every node.
//
// kubectl reads YAML 1.1: unquoted `yes`, `no`, `on` and `off` are booleans, `017` is an octal number,
// merge keys merge. Dates and times stay text. A key that is given twice is an error here.

import { isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Document, Node, Pair, ParsedNode, ScalarTag, Tags } from 'yaml';

/** Offsets in the text. */
export interface Range {
  from: number;
  to: number;
}

/** One document of a text: its value as JSON, or what is wrong with it. */
export interface Source {
  range: Range;
  json?: string;
  error?: { message: string; range: Range };
  /**
   * Where a JSON Pointer leads, or the nearest thing above it that is there. A path for people may end
   * with a key within a text, which is found if the text shows it.
   */
  locate(pointer: string, path?: string): Range;
}

/** What YAML 1.1 has and kubectl does not read. */
const FOREIGN = ['timestamp', 'binary', 'omap', 'pairs', 'set'];

/** What kubectl reads and YAML 1.1 does not have: octal numbers as in YAML 1.2. */
const OCTAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0o[0-7]+$/,
  resolve: (text) => BigInt(text),
};

function tags(all: Tags): Tags {
  const isForeign = (tag: Tags[number]) =>
    typeof tag !== 'string' &&
    (FOREIGN.some((name) => tag.tag.endsWith(`:${name}`)) || ('format' in tag && tag.format === 'TIME'));
  return [...all.filter((tag) => !isForeign(tag)), OCTAL];
}

/** As kubectl reads. */
export const OPTIONS = { version: '1.1', customTags: tags, intAsBigInt: true, prettyErrors: false, logLevel: 'error' } as const;

/** The documents that hold something. */
export function read(text: string): Source[] {
  try {
    const all = parseAllDocuments(text, OPTIONS);
    return Array.isArray(all) ? all.map((document) => source(text, document)).filter(holdsSomething) : [];
  } catch (error) {
    const range = { from: 0, to: endOfLine(text, 0) };
    return [{ range, error: { message: words(error), range }, locate: () => range }];
  }
}

function holdsSomething(source: Source): boolean {
  return source.error !== undefined || source.json !== 'null';
}

function source(text: string, document: Document.Parsed): Source {
  const contents = document.contents;
  const range = { from: contents?.range[0] ?? document.range[0], to: document.range[1] };
  const locate = (pointer: string, path = '') => place(text, document, pointer, path) ?? firstLine(text, range);
  const [fault] = document.errors;
  if (fault) {
    const from = Math.min(fault.pos[0], text.length);
    return { range, locate, error: { message: complaint(text, fault.message), range: { from, to: Math.max(fault.pos[1], from) } } };
  }
  try {
    return { range, locate, json: json(document.toJS({ mapAsMap: true, maxAliasCount: 100 })) };
  } catch (error) {
    return { range, locate, error: { message: words(error), range: firstLine(text, range) } };
  }
}

function complaint(text: string, message: string): string {
  return text.includes('{{')
    ? 'a template, not YAML: render it first (helm template RELEASE CHART)'
    : `not YAML: ${message}`;
}

function words(error: unknown): string {
  // Documents are read by recursion.
  return error instanceof RangeError ? 'nested too deeply' : `not YAML: ${(error as Error).message}`;
}

/** JSON with the members in the order of the text, which objects of JavaScript do not keep. */
function json(value: unknown): string {
  if (value instanceof Map) {
    const member = ([key, value]: [unknown, unknown]) => `${JSON.stringify(name(key))}:${json(value)}`;
    return `{${[...value].map(member).join(',')}}`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(json).join(',')}]`;
  }
  return typeof value === 'bigint' ? value.toString() : (JSON.stringify(value) ?? 'null');
}

/** A key as Kubernetes reads it. */
export function name(key: unknown): string {
  return typeof key === 'object' ? json(key) : String(key);
}

/** The keys and indexes of a JSON Pointer. */
export function steps(pointer: string): string[] {
  return pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function place(text: string, document: Document.Parsed, pointer: string, path: string): Range | undefined {
  let node: Node | null = document.contents;
  let found: Range | undefined;
  // A node that came through an alias has the position of the alias.
  let alias: Range | undefined;
  for (const key of steps(pointer)) {
    if (isAlias(node)) {
      alias ??= range(text, node);
      node = node.resolve(document) ?? null;
    }
    if (isMap(node)) {
      const member = find(node.items as Pair<Node, Node | null>[], key, document);
      if (!member) break;
      found = alias ?? around(text, member.pair);
      alias ??= member.merged ? found : undefined;
      node = member.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)] as ParsedNode | undefined;
      if (!item) break;
      found = alias ?? whole(text, item);
      node = item;
    } else {
      break;
    }
  }
  return (isScalar(node) && !alias && within(text, range(text, node), pointer, path)) || found;
}

/** Where a text of several lines shows the key that a path ends with. */
function within(text: string, { from, to }: Range, pointer: string, path: string): Range | undefined {
  const key = /\[([^[\]]+)\]$/.exec(path)?.[1];
  if (key === undefined || isInline(text, from, to) || pointer.endsWith(`/${key}`)) {
    return undefined;
  }
  const literal = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const at = text.slice(from, to).search(new RegExp(`(?<![\\w.-])${literal}(?![\\w.-])`));
  return at < 0 ? undefined : { from: from + at, to: from + at + key.length };
}

interface Member {
  /** The pair to point at. */
  pair: Pair<Node, Node | null>;
  value: Node | null;
  merged: boolean;
}

/** The member of a mapping, or of what is merged into it. */
function find(pairs: Pair<Node, Node | null>[], key: string, document: Document.Parsed): Member | undefined {
  // If a merge repeats a key, the mapping's own value takes precedence.
  const own = pairs.find((pair) => isScalar(pair.key) && name(pair.key.value) === key);
  if (own) {
    return { pair: own, value: own.value, merged: false };
  }
  for (const pair of pairs) {
    if (!isScalar(pair.key) || pair.key.source !== '<<') continue;
    const merged = isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const part of merged) {
      const map = isAlias(part) ? part.resolve(document) : part;
      const member = isMap(map) ? find(map.items as Pair<Node, Node | null>[], key, document) : undefined;
      if (member) return { ...member, pair, merged: true };
    }
  }
  return undefined;
}

/** Without the line break that collections end with. */
function range(text: string, node: Node): Range {
  const [from, to] = node.range ?? [0, 0];
  return { from, to: from + text.slice(from, to).trimEnd().length };
}

/** A member: the key, and a value that ends on the same line. */
function around(text: string, pair: Pair<Node, Node | null>): Range {
  const key = range(text, pair.key);
  const to = pair.value ? range(text, pair.value).to : key.to;
  return { from: key.from, to: isInline(text, key.from, to) ? Math.max(to, key.to) : key.to };
}

/** An item: all of it if it is on one line, else its first. */
function whole(text: string, node: Node): Range {
  return firstLine(text, range(text, node));
}

function isInline(text: string, from: number, to: number): boolean {
  return !text.slice(from, to).includes('\n');
}

function firstLine(text: string, range: Range): Range {
  return { from: range.from, to: Math.min(range.to, endOfLine(text, range.from)) };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
