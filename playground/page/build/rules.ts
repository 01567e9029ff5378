// The pages of docs/rules, which are generated from the rules, as parts of the page.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { marked } from 'marked';

export interface RuleText {
  /** What is wrong, in one sentence. */
  sentence: string;
  /** Why it matters, HTML. */
  why: string;
  /** Everything else, HTML. */
  more: string;
}

export function ruleTexts(folder: string): Record<string, RuleText> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.md'));
  return Object.fromEntries(files.sort().map((name) => [name.slice(0, -3), split(readFileSync(join(folder, name), 'utf8'))]));
}

function split(page: string): RuleText {
  const parts = page.split(/^(?=## )/m);
  const [head = '', ...sections] = parts;
  // After the title, before the table.
  const sentence = /^# .*\n\n([^|]+?)\n\n/m.exec(head)?.[1];
  const why = sections[0];
  if (sentence === undefined || !why?.startsWith('## Why\n')) {
    throw new Error(`not a rule's page:\n${head}`);
  }
  const [reason, ...examples] = why.slice('## Why\n'.length).split(/^(?=This is found:)/m);
  return { sentence: inline(sentence), why: html(reason ?? ''), more: html(examples.join('') + sections.slice(1).join('')) };
}

function html(markdown: string): string {
  return (marked.parse(markdown, { async: false }) as string)
    .replaceAll('<h2>', '<h4>')
    .replaceAll('</h2>', '</h4>')
    .replaceAll('<h3>', '<h5>')
    .replaceAll('</h3>', '</h5>')
    .replaceAll('<a href="http', '<a rel="noreferrer" target="_blank" href="http')
    .replaceAll('<pre>', '<pre tabindex="0">');
}

function inline(markdown: string): string {
  return marked.parseInline(markdown, { async: false });
}
