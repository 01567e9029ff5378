// The settings as a form, made from the policy's own table of keys and kept in step with the YAML.

import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { count, element, find, option } from './dom.ts';
import type { Key, Rule } from './policy.ts';

/** One control: how it shows what the YAML says. */
interface Control {
  show(document: Document): void;
}

const OPTIONS = { version: '1.1', keepSourceTokens: true } as const;

export class Form {
  private readonly controls: Control[];
  private readonly fields = find<HTMLFieldSetElement>('settings-fields');
  private readonly broken = find('settings-broken');

  /** `text` reads and writes the YAML. */
  constructor(
    keys: Key[],
    private readonly rules: Rule[],
    private readonly text: { get(): string; set(text: string): void },
  ) {
    this.controls = keys.map((key) => this.control(key));
    this.show();
  }

  /** Updates the form from the YAML, which may be incomplete while the user types. */
  show(): void {
    const document = this.document();
    this.fields.disabled = document === undefined;
    this.broken.hidden = document !== undefined;
    if (document) {
      this.controls.forEach((control) => control.show(document));
    }
  }

  private document(): Document | undefined {
    const document = parseDocument(this.text.get(), OPTIONS);
    const readable = document.errors.length === 0 && (document.contents === null || isMap(document.contents) || isEmpty(document));
    return readable ? document : undefined;
  }

  /** Changes the YAML and leaves the rest of it, comments included, as it is. */
  private change(edit: (document: Document) => void): void {
    const document = this.document();
    if (!document) return;
    if (!isMap(document.contents)) document.contents = document.createNode({});
    edit(document);
    const empty = isMap(document.contents) && document.contents.items.length === 0;
    const comment = document.commentBefore || document.comment;
    this.text.set(empty && !comment ? '' : document.toString({ lineWidth: 0, flowCollectionPadding: false }));
    this.show();
  }

  /** A key with its default value is left out. */
  private put(key: Key, value: unknown): void {
    this.change((document) => {
      if (value === undefined) document.delete(key.name);
      else document.set(key.name, document.createNode(value));
    });
  }

  private control(key: Key): Control {
    switch (key.kind) {
      case 'bool':
        return this.choice(key, ['true', 'false'], (word) => word === 'true');
      case 'choice':
        return this.choice(key, key.of as string[], (word) => word);
      case 'seconds':
        return this.line(key, { type: 'number', min: String(key.of), placeholder: key.default }, Number);
      case 'text':
      case 'date':
        return this.line(key, { type: 'text' }, String);
      case 'texts':
        return this.texts(key);
      case 'ruleActions':
        return this.actions(key);
      case 'entries':
        return this.entries(key);
    }
  }

  /** A row of the form: label, control, what it means. */
  private row(key: Key, control: HTMLElement): void {
    control.id = `setting-${key.name}`;
    const meaning = element('small', { id: `${control.id}-doc` }, key.doc.replaceAll('`', ''));
    control.setAttribute('aria-describedby', meaning.id);
    this.fields.append(
      element('div', { className: 'setting' }, element('label', { htmlFor: control.id }, label(key.name)), control, meaning),
    );
  }

  private choice(key: Key, words: string[], value: (word: string) => unknown): Control {
    const select = element('select', {}, ...words.map((word) => option(word)));
    select.addEventListener('change', () => this.put(key, select.value === key.default ? undefined : value(select.value)));
    this.row(key, select);
    return {
      show: (document) => {
        const found = document.get(key.name);
        const word = found === undefined || found === null || found === '' ? key.default : String(found).trim();
        // A value that the parser does not accept has no entry, so none is selected.
        select.value = word;
      },
    };
  }

  /** A value in one line. */
  private line(key: Key, properties: Partial<HTMLInputElement>, value: (text: string) => unknown): Control {
    const input = element('input', properties);
    input.addEventListener('change', () => this.put(key, input.value === '' ? undefined : value(input.value)));
    this.row(key, input);
    return {
      show: (document) => {
        if (!isInUse(input)) input.value = String(document.get(key.name) ?? '');
      },
    };
  }

  private texts(key: Key): Control {
    const area = element('textarea', { rows: 2, spellcheck: false, placeholder: 'one a line' });
    area.addEventListener('change', () => {
      const lines = area.value.split('\n').map((line) => line.trim()).filter((line) => line !== '');
      this.put(key, lines.length ? lines : undefined);
    });
    this.row(key, area);
    return {
      show: (document) => {
        const found = document.get(key.name);
        const texts = isSeq(found) ? found.items.map((item) => String(isScalar(item) ? item.value : item)) : [found ?? ''];
        if (!isInUse(area)) area.value = texts.join('\n');
      },
    };
  }

  private actions(key: Key): Control {
    const add = element('select', {}, option('', 'choose a rule'), ...this.rules.map(({ id }) => option(id)));
    const rows = element('div', { className: 'actions' });
    const put = (rule: string, action: string) =>
      this.change((document) => {
        let actions = document.get(key.name);
        if (!isMap(actions)) document.set(key.name, (actions = document.createNode({})));
        if (!isMap(actions)) return;
        if (action) actions.set(rule, action);
        else actions.delete(rule);
        if (actions.items.length === 0) document.delete(key.name);
      });
    add.addEventListener('change', () => {
      const rule = add.value;
      add.value = '';
      put(rule, 'warn');
      [...rows.querySelectorAll('select')].find((select) => select.name === rule)?.focus();
    });
    this.row(key, add);
    this.fields.lastElementChild?.append(rows);
    return {
      show: (document) => {
        const found = document.get(key.name);
        const pairs = isMap(found) ? found.items : [];
        const made = pairs.map((pair) => {
          const rule = String(pair.key);
          const value = isScalar(pair.value) ? pair.value.value : pair.value;
          const words = ['', ...(key.of as string[])];
          const select = element('select', { name: rule }, ...words.map((word) => option(word, word || 'as the profile says')));
          select.value = value === false ? 'off' : String(value ?? '');
          select.addEventListener('change', () => put(rule, select.value));
          return element('label', {}, element('code', {}, rule), ' ', select);
        });
        rows.replaceChildren(...made);
      },
    };
  }

  /** Entries have too many parts for a small form: it starts one, and the rest is YAML. */
  private entries(key: Key): Control {
    const button = element('button', { type: 'button' }, 'Add one in the YAML');
    const number = element('span', { className: 'note' });
    const parts = (key.of as Key[]).filter((part) => part.required);
    const start = Object.fromEntries(parts.map((part) => [part.name, part.kind === 'texts' ? [''] : '']));
    button.addEventListener('click', () =>
      this.change((document) => {
        if (!isSeq(document.get(key.name))) document.set(key.name, document.createNode([]));
        document.addIn([key.name], document.createNode(start));
      }),
    );
    this.row(key, button);
    button.after(number);
    return {
      show: (document) => {
        const found = document.get(key.name);
        number.textContent = isSeq(found) && found.items.length ? count(found.items.length, 'entry', 'entries') : 'none';
      },
    };
  }
}

/** It may be incomplete while the user types. */
function isInUse(control: HTMLElement): boolean {
  return document.activeElement === control;
}

/** A text of nothing but comments, or `{}`, or `null`. */
function isEmpty(document: Document): boolean {
  return isScalar(document.contents) && document.contents.value === null;
}

/** `maxTokenSeconds` as `Max token seconds`. */
function label(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The JSON Pointer of a path as the parser writes it: `exemptions[1].until` as `/exemptions/1/until`. */
export function pointer(path: string): string {
  const steps = path.match(/[^.[\]]+/g) ?? [];
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
