// The page: reads what the user types, evaluates it and shows the result.

import packed from 'virtual:packed';
import type { Example } from '../build/examples.ts';
import type { RuleText } from '../build/rules.ts';
import { unpackMade } from './base64.ts';
import { element, find, option } from './dom.ts';
import { Editor } from './editor.ts';
import type { Mark } from './editor.ts';
import { propose } from './fixes.ts';
import { show, showProblems } from './findings.ts';
import { toState } from './fixture.ts';
import type { Links } from './findings.ts';
import * as policy from './policy.ts';
import type { Answer, Finding, Problem, Unread, Verdict } from './policy.ts';
import { splitter } from './panes.ts';
import { Reference } from './rules.ts';
import { Form, pointer } from './settings.ts';
import { EMPTY, fromFragment, fromRule, toFragment, without } from './state.ts';
import type { Operation, State } from './state.ts';
import { read } from './yaml.ts';
import type { Source } from './yaml.ts';

/** Longer than the pause between two keystrokes. */
const PAUSE = 150;

const status = find('status');
const operation = find<HTMLSelectElement>('operation');
const username = find<HTMLInputElement>('username');
const groups = find<HTMLTextAreaElement>('groups');
const oid = find<HTMLInputElement>('oid');
const cluster = find<HTMLSelectElement>('cluster');
const all = find<HTMLInputElement>('all');
const kubectl = find('kubectl');
const command = find('command');

const manifest = new Editor(find('manifest'), 'Manifests, YAML', (isReplaced) => {
  if (isReplaced) leaveExample();
  later();
});
const settings = new Editor(find('settings'), 'Settings, YAML', later);
const old = new Editor(find('old'), 'Objects before the update, YAML', later);

let reference: Reference;
let form: Form | undefined;
let timer: number | undefined;
/** What the verdicts on the page are about. */
let evaluated: { state: State; documents: string[]; settings: string; now: number } | undefined;
/** What the page put there itself. */
let example: State | undefined;

function later(): void {
  // Nothing can be evaluated before the policy is loaded.
  if (form === undefined) return;
  clearTimeout(timer);
  timer = window.setTimeout(evaluate, PAUSE);
}

function current(): State {
  return {
    manifest: manifest.text,
    settings: settings.text,
    operation: operation.value as Operation,
    old: old.text,
    username: username.value.trim(),
    groups: groups.value.split('\n').map((line) => line.trim()).filter((line) => line !== ''),
    oid: oid.value.trim(),
    cluster: cluster.value,
  };
}

function put(state: State): void {
  example = undefined;
  manifest.text = state.manifest;
  settings.text = state.settings;
  operation.value = state.operation;
  old.text = state.old;
  username.value = state.username;
  groups.value = state.groups.join('\n');
  oid.value = state.oid;
  cluster.value = state.cluster;
  // Show what the user chose.
  if (state.settings) find<HTMLDetailsElement>('settings-section').open = true;
  if (state.operation !== 'CREATE' || state.username || state.cluster) find<HTMLDetailsElement>('request-section').open = true;
  evaluate();
}

function putExample(state: State): void {
  put(state);
  example = state;
}

/** A manifest of the user's is evaluated with the user's settings, not with those of the example before it. */
function leaveExample(): void {
  if (example === undefined) return;
  const before = current();
  const kept = without(before, example);
  if (JSON.stringify(kept) === JSON.stringify(before)) {
    example = undefined;
    return;
  }
  put(kept);
  find<HTMLSelectElement>('examples').value = '';
  say('The settings and the request of the example are gone with its manifest.');
}

/** Opens the example of a rule's page, with settings with which the rule reports it. */
function putRule(id: string): boolean {
  const text = reference.example(id);
  if (text === undefined) {
    say(`There is no rule ${id}.`);
    return false;
  }
  const state = toState(text);
  // Some rules report only under other settings than the default ones, which their examples need not repeat.
  const others = ['profile: restricted\n', 'clusterLookups: true\n'].map((settings) => ({ ...state, settings }));
  putExample([state, ...others].find((state) => reports(id, state)) ?? state);
  say(`The example of ${id}.`);
  return true;
}

function reports(rule: string, state: State): boolean {
  const documents = read(state.manifest).flatMap((source) => source.json ?? []);
  const [settings] = read(state.settings);
  const { objects } = policy.check(documents, settings?.json ?? '{}', state, 0);
  return objects.some((object) => 'findings' in object && object.findings.some((found) => found.rule === rule && found.action !== 'none'));
}

/** Reads and evaluates everything, and shows the result. */
function evaluate(): void {
  clearTimeout(timer);
  const state = current();
  find('old-section').hidden = state.operation !== 'UPDATE';
  form?.show();
  const sources = read(state.manifest);
  const broken = faults(sources);
  const before = faults(read(state.old));
  old.mark(before);
  find('old-broken').hidden = before.length === 0;
  evaluated = undefined;
  try {
    const chosen = checkSettings(state.settings);
    if (chosen === undefined) {
      manifest.mark(broken);
      print({ command: '', text: '' });
      return;
    }
    const readable = sources.filter((source) => source.json !== undefined);
    const now = Math.floor(Date.now() / 1000);
    const documents = readable.map((source) => source.json ?? '');
    const answer = policy.check(documents, chosen, state, now);
    evaluated = { state, documents, settings: chosen, now };
    // So far the index counts the readable documents; from here on it counts all.
    const index = readable.map((source) => sources.indexOf(source));
    const placed = answer.objects.map((object) => ({ ...object, document: index[object.document] ?? 0 }));
    const unread = sources.flatMap(({ error }, document): Unread[] => (error ? [{ document, pointer: '', error: error.message }] : []));
    const objects = [...placed, ...unread].sort((a, b) => a.document - b.document);
    const links = linksTo(sources);
    manifest.mark([...broken, ...marks(placed, links)]);
    show({ ...answer, objects }, links, all.checked);
    print(answer.kubectl);
  } catch (error) {
    showProblems([], (error as Error).message, () => {});
    print({ command: '', text: '' });
  }
}

/** The settings as JSON, or nothing if they are wrong, which is then shown. */
function checkSettings(text: string): string | undefined {
  const [source, more] = read(text);
  const failed = (problems: Problem[], message: string) => {
    const place = (problem: Problem) => source?.locate(pointer(problem.path)) ?? { from: 0, to: 0 };
    settings.mark(problems.map((problem) => ({ ...place(problem), severity: 'error', message: problem.text })));
    showProblems(problems, message, (problem) => {
      find<HTMLDetailsElement>('settings-section').open = true;
      settings.reveal(place(problem));
    });
    return undefined;
  };
  if (source?.error) {
    const { message, range } = source.error;
    failed([{ path: '', text: message }], message);
    settings.mark([{ ...range, severity: 'error', message }]);
    return undefined;
  }
  if (more) {
    return failed([{ path: '', text: 'more than one document' }], 'more than one document');
  }
  const json = source?.json ?? '{}';
  const { valid, message, problems } = policy.validate(json);
  if (!valid) {
    return failed(problems, message ?? '');
  }
  settings.mark([]);
  return json;
}

/** What could not be read. */
function faults(sources: Source[]): Mark[] {
  return sources.flatMap(({ error }): Mark[] =>
    error ? [{ ...error.range, severity: 'error', message: error.message }] : [],
  );
}

function linksTo(sources: Source[]): Links {
  return {
    place: (object: Verdict | Unread, finding?: Finding) => {
      const source = sources[object.document];
      const range = source?.error?.range ??
        source?.locate(object.pointer + (finding?.pointer ?? ''), finding?.path) ?? { from: 0, to: 0 };
      return { range, line: manifest.line(range.from) };
    },
    reveal: (range) => manifest.reveal(range),
    explain: (rule) => reference.show(rule),
    copy: (text, done) => void copy(text, done),
    fix: (object, finding) => proposeFix([object.index, object.findings.indexOf(finding)]),
  };
}

/** Shows what the fix of a finding, or every safe one, would change, and changes it if the user agrees. */
function proposeFix(finding?: [number, number]): void {
  // While the user types, the verdicts can be about an earlier text.
  if (evaluated === undefined || JSON.stringify(evaluated.state) !== JSON.stringify(current())) {
    evaluate();
    say('The text has changed in the meantime: choose the fix again.');
    return;
  }
  const { documents, settings, state, now } = evaluated;
  propose(state.manifest, () => policy.fix(documents, settings, state, now, finding), (hunks) => {
    manifest.replace(hunks);
    evaluate();
    find('findings').focus();
    say('The text is changed. Undo in the editor takes it back.');
  });
}

const SEVERITIES = { deny: 'error', warn: 'warning', exempt: 'info', none: 'info' } as const;

function marks(objects: Answer['objects'], links: Links): Mark[] {
  return objects.flatMap((object): Mark[] => {
    if (!('response' in object)) {
      return [{ ...links.place(object).range, severity: 'error', message: object.error }];
    }
    const shown = object.findings.filter(({ action }) => all.checked || action !== 'none');
    return shown.map((finding) => ({
      ...links.place(object, finding).range,
      severity: SEVERITIES[finding.action],
      message: `${finding.rule}: ${finding.message}\nFix: ${finding.fix}`,
    }));
  });
}

function print(output: Answer['kubectl']): void {
  command.textContent = output.command && output.text ? `$ ${output.command}` : '';
  kubectl.textContent = output.text;
  find('terminal').hidden = find('rows').hidden = output.text === '';
}

/** Announces a message to all users, including those of screen readers. */
function say(text: string): void {
  status.textContent = text;
}

async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    say('The browser does not allow this page to copy: select the text and copy it yourself.');
  }
}

async function share(): Promise<void> {
  const address = new URL(location.href);
  address.hash = await toFragment(current());
  history.replaceState(null, '', address);
  await copy(address.href, 'The link is copied and in the address bar. Your input is in the part after #, which browsers do not send.');
}

async function openLink(): Promise<boolean> {
  const rule = fromRule(location.hash);
  if (rule !== undefined) return putRule(rule);
  try {
    const state = await fromFragment(location.hash);
    if (state) put(state);
    return state !== undefined;
  } catch {
    say('This link is damaged: it may have been cut off.');
    return false;
  }
}

function fillExamples(examples: Example[]): void {
  const menu = find<HTMLSelectElement>('examples');
  let group: HTMLOptGroupElement | undefined;
  examples.forEach((example, index) => {
    if (group?.label !== example.group) {
      group = element('optgroup', { label: example.group });
      menu.append(group);
    }
    group.append(option(String(index), example.name));
  });
  menu.addEventListener('change', () => {
    const example = examples[Number(menu.value)];
    if (menu.value !== '' && example) {
      putExample({ ...EMPTY, ...example.state });
      say(`Example: ${example.group}, ${example.name}.`);
    }
  });
}

async function start(): Promise<void> {
  const { texts, module } = await unpackMade<{ examples: Example[]; rules: Record<string, RuleText> }>(packed);
  await policy.load(module);
  const rules = policy.rules();
  reference = new Reference(rules, texts.rules);
  form = new Form(policy.settingsKeys(), rules.filter(({ id }) => id !== 'unreadable-object'), {
    get: () => settings.text,
    set: (text) => (settings.text = text),
  });
  fillExamples(texts.examples);
  splitter('columns', '--left');
  splitter('rows', '--top');
  for (const control of [operation, username, groups, oid, cluster, all]) {
    control.addEventListener('input', later);
  }
  find('fix-all').addEventListener('click', () => proposeFix());
  find('share').addEventListener('click', () => void share());
  find('copy').addEventListener('click', () => void copy(kubectl.textContent ?? '', 'The output of kubectl is copied.'));
  window.addEventListener('hashchange', () => void openLink());
  if (!(await openLink())) {
    putExample({ ...EMPTY, ...texts.examples[0]?.state });
  }
  document.documentElement.dataset['ready'] = 'yes';
}

void start();
