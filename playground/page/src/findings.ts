// The verdicts next to the editor: every finding with its rule, position, reason and fix.

import { count, element, find, list } from './dom.ts';
import { exemption } from './exemption.ts';
import { keepPlace } from './panes.ts';
import type { Answer, Finding, Problem, Unread, Verdict } from './policy.ts';
import { why } from './rules.ts';
import type { Range } from './yaml.ts';

export interface Links {
  /** A position in the editor, and its line. */
  place(object: Verdict | Unread, finding?: Finding): { range: Range; line: number };
  reveal(range: Range): void;
  explain(rule: string): void;
  copy(text: string, done: string): void;
  /** Shows what a fix would change. */
  fix(object: Verdict, finding: Finding): void;
}

const ACTIONS = {
  deny: 'denies',
  warn: 'warns',
  exempt: 'exempted',
  none: 'not shown in this profile',
} as const;

const summary = find('summary');
const results = find('results');
const pane = find('findings');
const safe = find('fix-all');

export function show(answer: Answer, links: Links, all: boolean): void {
  summary.className = 'summary';
  const verdicts = answer.objects.filter((object) => 'response' in object);
  const refused = verdicts.filter(({ response }) => !response.accepted).length;
  const accepted = verdicts.length - refused;
  const unread = answer.objects.length - verdicts.length;
  const parts = [
    refused && `${refused} denied`,
    accepted && `${accepted} allowed`,
    unread && `${unread} failed`,
  ].filter((part): part is string => typeof part === 'string');
  summary.textContent =
    answer.objects.length === 0 ? 'No objects yet.' : `${count(answer.objects.length, 'object')}: ${list(parts)}.`;
  summary.classList.add(refused || unread ? 'deny' : 'fine');
  safe.hidden = !verdicts.some(({ findings }) => findings.some(({ offer }) => offer?.safety === 'safe'));
  // Details that are open stay open while the user types.
  const open = new Set([...results.querySelectorAll<HTMLElement>('details[open]')].map(({ dataset }) => dataset['rule']));
  keepPlace(pane, () => {
    results.replaceChildren(...answer.objects.map((object) => article(object, links, all)));
    for (const details of results.querySelectorAll('details')) details.open = open.has(details.dataset['rule']);
  });
}

/** Instead of verdicts: with such settings the policy would not start. */
export function showProblems(problems: Problem[], message: string, reveal: (problem: Problem) => void): void {
  safe.hidden = true;
  summary.className = 'summary deny';
  summary.textContent = 'The settings are invalid: a policy server would not start with them.';
  const items = problems.map((problem) =>
    element(
      'li',
      { className: 'deny' },
      element('button', { type: 'button', className: 'place', onclick: () => reveal(problem) }, problem.path || 'settings'),
      element('p', {}, problem.text),
    ),
  );
  results.replaceChildren(
    problems.length ? element('ul', { className: 'findings' }, ...items) : element('p', { className: 'error' }, message),
  );
}

function article(object: Verdict | Unread, links: Links, all: boolean): HTMLElement {
  const { line, range } = links.place(object);
  const to = (text: string) =>
    element('button', { type: 'button', className: 'place', onclick: () => links.reveal(range) }, text);
  if (!('response' in object)) {
    const head = element('h3', {}, element('span', { className: 'badge deny' }, 'failed'), ' ', to(`line ${line}`));
    return element('article', {}, head, element('p', { className: 'error' }, object.error));
  }
  const { response, findings } = object;
  const warns = findings.some(({ action }) => action === 'warn');
  const [kind, word] = !response.accepted ? ['deny', 'denied'] : warns ? ['warn', 'allowed with warnings'] : ['fine', 'allowed'];
  const head = element('h3', {}, element('span', { className: `badge ${kind}` }, word), ' ', object.title, ' ', to(`line ${line}`));
  const shown = findings.filter(({ action }) => all || action !== 'none');
  const hidden = findings.length - shown.length;
  return element(
    'article',
    {},
    head,
    shown.length > 0 && element('ul', { className: 'findings' }, ...shown.map((finding) => item(object, finding, links))),
    findings.length === 0 && response.message !== undefined && element('p', { className: 'error' }, response.message),
    hidden > 0 && element('p', { className: 'note' }, `${count(hidden, 'finding')} not shown by the profile.`),
  );
}

function item(object: Verdict, finding: Finding, links: Links): HTMLLIElement {
  const { range, line } = links.place(object, finding);
  const reason = why(finding.rule);
  const place = element(
    'button',
    { type: 'button', className: 'place', onclick: () => links.reveal(range) },
    `line ${line}: ${finding.path || 'the object'}`,
  );
  const because = reason && element('details', {}, element('summary', {}, element('b', {}, 'Why: '), reason.sentence), reason.reason);
  if (because) because.dataset['rule'] = finding.rule;
  const accepted = exemption(object, finding, Date.now());
  const accept =
    accepted !== undefined &&
    element(
      'button',
      { type: 'button', className: 'small', onclick: () => links.copy(accepted, 'The exemption is copied: paste it into the settings, and say why.') },
      'Copy as exemption',
    );
  const { offer } = finding;
  const words = offer?.safety === 'safe' ? 'Apply fix' : 'Apply suggestion';
  const apply = offer && element('button', { type: 'button', className: 'small', onclick: () => links.fix(object, finding) }, words);
  apply?.setAttribute('aria-label', `${words}: ${offer?.title}`);
  const rule = element('button', { type: 'button', className: 'rule', onclick: () => links.explain(finding.rule) }, finding.rule);
  return element(
    'li',
    { className: finding.action },
    element('p', { className: 'head' }, element('span', { className: `badge ${finding.action}` }, ACTIONS[finding.action]), ' ', rule, ' ', element('small', {}, finding.severity)),
    element('p', {}, place, ' ', finding.message),
    element('p', {}, element('b', {}, 'Fix: '), finding.fix),
    finding.reason !== undefined && element('p', {}, element('b', {}, 'Exempted: '), finding.reason),
    because,
    apply,
    ' ',
    accept,
  );
}
