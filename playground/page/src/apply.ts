// Writes fixes into the text: only the documents that change, with their comments and their style.

import { isMap, isScalar, isSeq, parseDocument, stringify } from 'yaml';
import type { Document, Node, Pair, ToStringOptions } from 'yaml';
import { merge } from './diff.ts';
import type { Change, Fixed } from './policy.ts';
import { OPTIONS, name, read, steps } from './yaml.ts';
import type { Source } from './yaml.ts';

/** The text with the fixes of its readable documents. Throws if the text would not say what was evaluated. */
export function applied(text: string, fixed: Pick<Fixed, 'documents' | 'new'>): string {
  const sources = read(text);
  const readable = sources.filter(({ json }) => json !== undefined);
  const expected = sources.map(({ json }) => (json === undefined ? undefined : (JSON.parse(json) as unknown)));
  let result = text;
  // From the end, so that the positions of those before stay right.
  for (const { document, changes, value } of [...fixed.documents].sort((a, b) => b.document - a.document)) {
    const source = readable[document];
    if (!source) throw new Error('The text has changed.');
    const { from, to } = whole(text, source);
    result = result.slice(0, from) + edited(text.slice(from, to), changes, value) + result.slice(to);
    expected[sources.indexOf(source)] = value;
  }
  if (fixed.new.length > 0 && isJson(text)) throw new Error('A JSON text holds one document, and the fix adds another.');
  for (const value of fixed.new) {
    const indentSeq = !/^(\s*)\S.*:\s*\n\1- /m.test(text);
    result = `${result.trimEnd()}\n---\n${stringify(value, { version: '1.1', lineWidth: 0, indentSeq })}`;
    expected.push(value);
  }
  const then = read(result).map(({ json }) => (json === undefined ? undefined : (JSON.parse(json) as unknown)));
  if (canonical(then) !== canonical(expected)) throw new Error(CANNOT);
  return result;
}

const CANNOT = 'The page cannot make this change in the text as it is written: make it by hand.';

/** From the start of its first line, if nothing else is there. */
function whole(text: string, { range }: Source): { from: number; to: number } {
  const start = text.lastIndexOf('\n', range.from - 1) + 1;
  return { from: text.slice(start, range.from).trim() === '' ? start : range.from, to: range.to };
}

function edited(text: string, changes: Change[], value: unknown): string {
  const rest = /\s*$/.exec(text)?.[0] ?? '';
  const body = text.slice(0, text.length - rest.length);
  const write = isJson(body) ? json(body, value) : yaml(body, changes);
  const [base, theirs] = [write.before.trimEnd(), write.after.trimEnd()];
  // What the fixes do not change stays as it is written, if that can be told apart.
  const merged = merge(base.split('\n'), body.split('\n'), theirs.split('\n')).join('\n');
  const wanted = canonical([value]);
  const fits = [merged, theirs].filter((one) => canonical(read(one + rest).map(({ json }) => JSON.parse(json ?? 'null') as unknown)) === wanted);
  const [best] = fits.sort((a, b) => comments(b) - comments(a));
  if (best === undefined) throw new Error(CANNOT);
  return best + rest;
}

/** A text before and after, in the style of the first. */
interface Written {
  before: string;
  after: string;
}

function json(text: string, value: unknown): Written {
  const indent = /\n([ \t]+)/.exec(text)?.[1] ?? '';
  return { before: JSON.stringify(JSON.parse(text), null, indent), after: JSON.stringify(value, null, indent) };
}

function yaml(text: string, changes: Change[]): Written {
  const document = parseDocument(text, OPTIONS);
  // The style with which most of the text is written again as it is.
  const lines = new Set(text.split('\n'));
  const styles = [2, 4].flatMap((indent) =>
    [true, false].flatMap((indentSeq) =>
      [true, false].map((flowCollectionPadding): ToStringOptions => ({ indent, indentSeq, flowCollectionPadding, lineWidth: 0 })),
    ),
  );
  const all = styles.map((style) => {
    const before = document.toString(style);
    return { style, before, strange: before.split('\n').filter((line) => !lines.has(line)).length };
  });
  const [best] = all.sort((a, b) => a.strange - b.strange);
  for (const one of changes) change(document, one);
  return { before: best?.before ?? '', after: document.toString(best?.style) };
}

type Pairs = Pair<Node, Node | null>[];

function change(document: Document, { change, pointer, value, key }: Change): void {
  const path = steps(pointer);
  const last = path.pop();
  let node = document.contents;
  const fill = (made: unknown) => document.createNode(made) as Node;
  path.forEach((step, at) => {
    const empty = () => fill((path[at + 1] ?? last) === '-' ? [] : {});
    if (isMap(node)) {
      const pairs = node.items as Pairs;
      let pair = pairs.find((pair) => isScalar(pair.key) && name(pair.key.value) === step);
      if (!pair) pairs.push((pair = document.createPair(step, empty()) as Pairs[number]));
      if (!pair.value || (isScalar(pair.value) && pair.value.value === null)) pair.value = like(pair.value, empty());
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)] as Node | null;
    } else {
      // An alias: what it names is also used elsewhere.
      throw new Error(CANNOT);
    }
  });
  if (last === undefined) throw new Error(CANNOT);
  if (isMap(node)) {
    const pairs = node.items as Pairs;
    const at = pairs.findIndex((pair) => isScalar(pair.key) && name(pair.key.value) === last);
    const pair = pairs[at];
    if (change === 'set' && pair) pair.value = like(pair.value, fill(value));
    else if (change === 'set') pairs.push(document.createPair(last, value) as Pairs[number]);
    else if (!pair) throw new Error(CANNOT);
    else if (change === 'rename') pair.key = like(pair.key, fill(key));
    else {
      pairs.splice(at, 1);
      keepComment(pair.key, pairs[at]?.key, node);
    }
  } else if (isSeq(node)) {
    const items = node.items as Node[];
    const at = Number(last);
    const item = items[at];
    if (last === '-') items.push(fill(value));
    else if (!item) throw new Error(CANNOT);
    else if (change === 'set') items[at] = like(item, fill(value));
    else {
      items.splice(at, 1);
      keepComment(item, items[at], node);
    }
  } else {
    throw new Error(CANNOT);
  }
}

/** The new node with the comments and the quotes of the old one. */
function like<T extends Node>(old: Node | null, made: T): T {
  if (!old) return made;
  made.commentBefore = old.commentBefore ?? null;
  made.comment = old.comment ?? null;
  if (old.spaceBefore) made.spaceBefore = true;
  const type = isScalar(old) ? old.type : undefined;
  if ((type === 'QUOTE_SINGLE' || type === 'QUOTE_DOUBLE') && isScalar(made) && typeof made.value === 'string') made.type = type;
  return made;
}

/** The lines above something that is removed can be about more. */
function keepComment(removed: Node, next: Node | undefined, above: Node): void {
  const comment = removed.commentBefore;
  if (!comment) return;
  if (!next) {
    above.comment = [comment, above.comment].filter(Boolean).join('\n');
    return;
  }
  // An empty line between two comments is a part of them.
  next.commentBefore = `${comment}\n${next.spaceBefore ? '\n' : ''}${next.commentBefore ?? ''}`.replace(/\n$/, '');
  next.spaceBefore = removed.spaceBefore ?? false;
}

/** The lines that are comments. */
export function comments(text: string): number {
  return text.match(/^\s*#/gm)?.length ?? 0;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Equal texts for equal values; the order of members does not count. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
