// The text of a fixture as a state of the page: for the examples of rules, and for those of the menu.
// crates/admission/src/fixture.rs describes the directives.

import { parse, parseAllDocuments, stringify } from 'yaml';
import { EMPTY } from './state.ts';
import type { State } from './state.ts';

/** A request with its settings, or manifests below directives. */
export function toState(text: string): State {
  const [first] = parseAllDocuments(text);
  const value = first?.toJS() as Parameters<typeof fromRequest>[0] & { uid?: string; operation?: string } | null;
  const isRequest = value?.request !== undefined || (value?.uid !== undefined && value.operation !== undefined);
  return value && isRequest ? fromRequest(value) : fromManifest(text);
}

export function fromRequest(fixture: { request?: unknown; settings?: unknown; cluster?: unknown[] }): State {
  const documents = [JSON.stringify(fixture.request ?? fixture, null, 2) + '\n', ...cluster(fixture.cluster)];
  return { ...EMPTY, manifest: documents.join('---\n'), settings: settings(fixture.settings) };
}

export function fromManifest(text: string): State {
  const state: State = { ...EMPTY };
  const lines = text.split('\n');
  const more: string[] = [];
  const body = lines.filter((line) => !line.startsWith('#:')).join('\n');
  for (const line of lines.filter((line) => line.startsWith('#:'))) {
    const directive = parse(line.slice(2)) as string | Record<string, never>;
    if (typeof directive === 'string') {
      state.operation = 'UPDATE';
      continue;
    }
    for (const [key, value] of Object.entries(directive) as [string, unknown][]) {
      if (key === 'settings') state.settings = settings(value);
      else if (key === 'cluster') more.push(...cluster(value as unknown[]));
      else if (key === 'cluster-error') state.cluster = value as string;
      else if (key === 'as') Object.assign(state, { groups: [], ...(value as object) });
      else throw new Error(`unknown directive ${key}`);
    }
  }
  let manifest = body;
  if (state.operation === 'UPDATE') {
    const [before, after] = parseAllDocuments(body);
    const at = after?.range[0] ?? 0;
    state.old = body.slice(before?.range[0], at).replace(/---\n$/, '');
    manifest = body.slice(at).replace(/^---\n/, '');
  }
  state.manifest = [manifest, ...more].join('---\n');
  return state;
}

function settings(value: unknown): string {
  return value === undefined || JSON.stringify(value) === '{}' ? '' : stringify(value, { version: '1.1' });
}

function cluster(objects: unknown[] = []): string[] {
  return objects.map((object) => `# In the cluster:\n${stringify(object, { version: '1.1' })}`);
}
