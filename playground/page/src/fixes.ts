// The dialog with what fixes would change.

import { applied } from './apply.ts';
import { hunks } from './diff.ts';
import type { Hunk } from './diff.ts';
import { count, element, find, list } from './dom.ts';
import type { Fixed, Made } from './policy.ts';

/** Lines around a change that the diff shows. */
const AROUND = 3;

const dialog = find<HTMLDialogElement>('fix');
const agree = find<HTMLButtonElement>('fix-apply');
const diff = find('fix-diff');

/** Asks whether to change the text. */
export function propose(text: string, compute: () => Fixed, apply: (hunks: Hunk[]) => void): void {
  let fixed: Fixed = { documents: [], new: [], done: [], left: [] };
  let changes: Hunk[] = [];
  let fault = '';
  try {
    fixed = compute();
    changes = hunks(text.split('\n'), applied(text, fixed).split('\n'));
  } catch (error) {
    fault = (error as Error).message;
  }
  const isPossible = changes.length > 0;
  find('fix-title').textContent = isPossible ? `Apply ${count(fixed.done.length, 'fix', 'fixes')}?` : 'The fix cannot be applied';
  const reason = ({ reason }: Made) => (isPossible ? `: not applied, because ${reason}` : `: ${reason}`);
  find('fix-list').replaceChildren(
    ...fixed.done.map((made) => element('li', {}, `${made.object}: ${made.title}`)),
    ...fixed.left.map((made) => element('li', {}, `${made.object}: ${made.title}${reason(made)}`)),
    ...(fault ? [element('li', { className: 'error' }, fault)] : []),
  );
  const added = changes.flatMap(({ lines }) => lines).join('\n');
  const isSuggested = fixed.done.some(({ safety }) => safety === 'suggested');
  const places = isSuggested ? [...new Set(added.match(/<[a-z][^<>\n]*>/g))] : [];
  find('fix-fill').textContent = places.length ? `Then fill in ${list(places)}.` : '';
  diff.replaceChildren(...(isPossible ? unified(text.split('\n'), changes) : []));
  diff.hidden = agree.hidden = !isPossible;
  agree.onclick = () => {
    dialog.close();
    apply(changes);
  };
  dialog.showModal();
  find('fix-title').focus();
}

/** The changes with the lines around them, as `diff -u` prints them. */
function unified(before: string[], changes: Hunk[]): HTMLElement[] {
  const groups: Hunk[][] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    const end = last?.at(-1)?.to;
    if (last && end !== undefined && change.from - end <= 2 * AROUND) last.push(change);
    else groups.push([change]);
  }
  return groups.flatMap((group) => {
    const [first, last] = [group[0], group.at(-1)];
    if (!first || !last) return [];
    // The line break at the end of the text is not a line.
    const most = before.at(-1) === '' ? before.length - 1 : before.length;
    const [from, to] = [Math.max(first.from - AROUND, 0), Math.min(last.to + AROUND, most)];
    const grown = group.reduce((sum, { from, to, lines }) => sum + lines.length - (to - from), 0);
    const range = (start: number, length: number) => `${length === 0 ? start : start + 1},${length}`;
    const lines = [element('b', {}, `@@ -${range(from, to - from)} +${range(first.at - (first.from - from), to - from + grown)} @@`)];
    let at = from;
    const same = (end: number) => lines.push(...before.slice(at, end).map((line) => element('span', {}, ` ${line}`)));
    for (const change of group) {
      same(change.from);
      lines.push(...before.slice(change.from, change.to).map((line) => element('del', {}, `-${line}`)));
      lines.push(...change.lines.map((line) => element('ins', {}, `+${line}`)));
      at = change.to;
    }
    same(to);
    return lines;
  });
}

find('fix-cancel').addEventListener('click', () => dialog.close());
