// A YAML editor with diagnostics.

import { defaultKeymap, history, historyKeymap, isolateHistory } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import type { Diagnostic } from '@codemirror/lint';
import { search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState } from '@codemirror/state';
import type { ViewUpdate } from '@codemirror/view';
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Hunk } from './diff.ts';
import type { Range } from './yaml.ts';

// The colours are variables of the page, so that they follow its light and dark themes.
const COLOURS = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: 'var(--code-key)' },
  { tag: [tags.string, tags.content, tags.special(tags.string), tags.attributeValue], color: 'var(--code-text)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.labelName, tags.typeName, tags.meta], color: 'var(--code-mark)' },
]);

const THEME = {
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--field)', fontSize: '0.875rem' },
  '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--text)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'var(--field)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--line)' },
  // The page shows the focus around the whole editor.
  '&.cm-focused': { outline: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--selection)',
  },
  // Not by colour alone: a denial has a solid line, a warning a dotted one.
  '.cm-lintRange': { backgroundImage: 'none', paddingBottom: '1px' },
  '.cm-lintRange-error': { borderBottom: '2px solid var(--deny)', backgroundColor: 'var(--deny-back)' },
  '.cm-lintRange-warning': { borderBottom: '2px dotted var(--warn)', backgroundColor: 'var(--warn-back)' },
  '.cm-lintRange-info': { borderBottom: '1px dashed var(--muted)' },
  '.cm-tooltip, .cm-panels': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--edge)',
    maxWidth: 'min(40rem, 90vw)',
  },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap', fontFamily: 'var(--sans)' },
  '.cm-panels input, .cm-panels button': {
    backgroundColor: 'var(--field)',
    backgroundImage: 'none',
    color: 'var(--text)',
    border: '1px solid var(--edge)',
  },
};

/** Whether nothing is left of the text before. */
function isWhole({ changes, startState }: ViewUpdate): boolean {
  let isLeft = startState.doc.length === 0;
  changes.iterChangedRanges((from, to) => (isLeft ||= from > 0 || to < startState.doc.length));
  return !isLeft;
}

/** The page itself also puts texts there. */
function isByUser({ transactions }: ViewUpdate): boolean {
  return transactions.some((transaction) => ['input', 'delete', 'move'].some((event) => transaction.isUserEvent(event)));
}

export interface Mark extends Range {
  severity: 'error' | 'warning' | 'info';
  message: string;
}

export class Editor {
  private readonly view: EditorView;

  /** `changed` learns whether the user replaced the whole text. */
  constructor(host: HTMLElement, label: string, changed: (isReplaced: boolean) => void) {
    // In a shadow root the editor's styles do not need an exception from the page's style policy.
    const root = host.attachShadow({ mode: 'open', delegatesFocus: true });
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const theme = new Compartment();
    const themed = () => EditorView.theme(THEME, { dark: dark.matches });
    this.view = new EditorView({
      root,
      parent: root,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        search({ top: true }),
        yaml(),
        syntaxHighlighting(COLOURS),
        theme.of(themed()),
        EditorState.tabSize.of(2),
        EditorView.lineWrapping,
        // Tab is not bound: it has to lead out of the editor.
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', spellcheck: 'false', autocapitalize: 'off' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(isByUser(update) && isWhole(update));
        }),
      ],
    });
    dark.addEventListener('change', () => this.view.dispatch({ effects: theme.reconfigure(themed()) }));
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set text(text: string) {
    if (text !== this.text) {
      this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    }
  }

  /** As the setter, and "undo" takes back exactly this. The cursor stays with the text that it is in. */
  replace(hunks: Hunk[]): void {
    const { doc } = this.view.state;
    const changes = hunks.map(({ from, to, lines }) => {
      const start = from < doc.lines ? doc.line(from + 1).from : doc.length;
      if (to < doc.lines) return { from: start, to: doc.line(to + 1).from, insert: lines.map((line) => `${line}\n`).join('') };
      // Behind the last line there is no line break to take along, but before it there is.
      if (from > 0) return { from: doc.line(from).to, to: doc.length, insert: lines.map((line) => `\n${line}`).join('') };
      return { from: 0, to: doc.length, insert: lines.join('\n') };
    });
    this.view.dispatch({ changes, annotations: isolateHistory.of('full') });
  }

  /** Underlines what is wrong, and replaces what was underlined before. */
  mark(marks: Mark[]): void {
    const { doc } = this.view.state;
    const diagnostics = marks.map(({ from, to, severity, message }): Diagnostic => {
      const start = Math.min(from, doc.length);
      const end = Math.min(Math.max(to, start), doc.length);
      if (doc.sliceString(start, end).trim() !== '') return { from: start, to: end, severity, message };
      // If there is nothing to see here, use the last text before it, or else the text after it.
      const last = doc.sliceString(0, start).trimEnd().length;
      return { from: Math.max(last - 1, 0), to: Math.min(Math.max(last, 1), doc.length), severity, message };
    });
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics.sort((a, b) => a.from - b.from)));
  }

  line(offset: number): number {
    return this.view.state.doc.lineAt(Math.min(offset, this.view.state.doc.length)).number;
  }

  /** Puts the cursor there. */
  reveal({ from, to }: Range): void {
    const most = this.view.state.doc.length;
    this.view.dispatch({
      selection: { anchor: Math.min(from, most), head: Math.min(to, most) },
      effects: EditorView.scrollIntoView(Math.min(from, most), { y: 'center' }),
    });
    this.view.focus();
  }
}
