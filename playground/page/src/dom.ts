// Short forms to create elements. Text stays text: user input never becomes markup.

type Child = Node | string | false | undefined;

export function element<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Partial<HTMLElementTagNameMap[T]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== false && child !== undefined));
  return made;
}

export function option(value: string, text = value): HTMLOptionElement {
  return element('option', { value }, text);
}

/** An element of index.html. */
export function find<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`no element #${id}`);
  }
  return found as T;
}

/** The one way from text to markup that the page's policy allows, where the browser knows such policies. */
const { trustedTypes } = globalThis as {
  trustedTypes?: { createPolicy(name: string, rules: { createHTML(html: string): string }): { createHTML(html: string): string } };
};
const RULES = trustedTypes?.createPolicy('rules', { createHTML: (html) => html });

/** Markdown of the repository, converted to HTML when the page was built; never user input. */
export function trusted(html: string): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = RULES?.createHTML(html) ?? html;
  return template.content;
}

/** `a`, `a and b`, `a, b and c` for summaries; nothing for nothing. */
export function list(parts: string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
