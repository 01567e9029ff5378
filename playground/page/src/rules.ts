// The rule reference: every rule with its text, searchable.

import type { RuleText } from '../build/rules.ts';
import { count, element, find, trusted } from './dom.ts';
import type { Rule } from './policy.ts';
import { toRule } from './state.ts';

let texts: Record<string, RuleText> = {};

export class Reference {
  private readonly entries: { rule: Rule; element: HTMLDetailsElement; words: string }[];
  private readonly search = find<HTMLInputElement>('rule-search');
  private readonly found = find('rules-found');
  private readonly list = find('rules');

  constructor(rules: Rule[], pages: Record<string, RuleText>) {
    texts = pages;
    this.entries = rules.map((rule) => {
      const made = entry(rule);
      return { rule, element: made, words: `${rule.id} ${rule.group} ${rule.severity} ${made.textContent}`.toLowerCase() };
    });
    let group = '';
    for (const { rule, element: details } of this.entries) {
      if (rule.group !== group) {
        group = rule.group;
        this.list.append(element('h3', {}, group));
      }
      this.list.append(details);
    }
    this.search.addEventListener('input', () => this.filter());
    this.filter();
  }

  /** The manifest on the rule's page that the rule reports. */
  example(id: string): string | undefined {
    const details = this.entries.find(({ rule }) => rule.id === id)?.element;
    return details?.querySelector('pre')?.textContent ?? undefined;
  }

  /** Opens a rule and leads to it. */
  show(id: string): void {
    this.search.value = '';
    this.filter();
    const details = this.entries.find(({ rule }) => rule.id === id)?.element;
    if (details) {
      find<HTMLDetailsElement>('reference').open = true;
      details.open = true;
      details.scrollIntoView({ block: 'start' });
      details.querySelector('summary')?.focus();
    }
  }

  /** Shows the rules that have every word. */
  private filter(): void {
    const words = this.search.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const entry of this.entries) {
      entry.element.hidden = !words.every((word) => entry.words.includes(word));
      shown += entry.element.hidden ? 0 : 1;
    }
    // A heading is shown as long as a rule under it is shown.
    for (const heading of this.list.querySelectorAll('h3')) {
      let next = heading.nextElementSibling as HTMLElement | null;
      while (next?.hidden) next = next.nextElementSibling as HTMLElement | null;
      heading.hidden = next === null || next.tagName === 'H3';
    }
    this.found.textContent = shown === this.entries.length ? count(shown, 'rule') : `${shown} of ${count(this.entries.length, 'rule')}`;
  }
}

function entry(rule: Rule): HTMLDetailsElement {
  const text = texts[rule.id];
  const head = element('summary', {}, element('code', {}, rule.id), ` ${rule.summary} `, element('small', {}, rule.severity));
  const body = element('div', { className: 'text' }, element('p', {}, text ? trusted(text.sentence) : rule.summary));
  if (text) {
    const example = element('a', { href: toRule(rule.id) }, 'Open the example in the editor');
    body.append(element('h4', {}, 'Why'), trusted(text.why), trusted(text.more), element('p', {}, example));
  }
  return element('details', { className: 'rule' }, head, body);
}

/** Why a rule exists, in short and in full, for the findings. */
export function why(rule: string): { sentence: DocumentFragment; reason: DocumentFragment } | undefined {
  const text = texts[rule];
  return text && { sentence: trusted(text.sentence), reason: trusted(text.why) };
}
