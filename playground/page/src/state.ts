// Everything that the user can choose on the page, and its form in a link.

import { pack, unpack } from './base64.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

export interface State {
  manifest: string;
  settings: string;
  operation: Operation;
  /** Before an UPDATE. */
  old: string;
  /** The requester; none if empty, as in an audit. */
  username: string;
  groups: string[];
  oid: string;
  /** How look-ups fail; if empty they are answered from the manifests. */
  cluster: string;
}

export const EMPTY: Readonly<State> = {
  manifest: '',
  settings: '',
  operation: 'CREATE',
  old: '',
  username: '',
  groups: [],
  oid: '',
  cluster: '',
};

export const OPERATIONS: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE'];
export const FAILURES: readonly string[] = ['not-granted', 'refused', 'not-found', 'failed'];

/** The fragment that opens the example of a rule's page, which links to it. */
export function toRule(id: string): string {
  return `#rule=${id}`;
}

export function fromRule(fragment: string): string | undefined {
  return /^#rule=([a-z0-9-]+)$/.exec(fragment)?.[1];
}

/** The state without what is as in `example`: what came with an example leaves with its manifest. */
export function without(state: State, example: State): State {
  const kept = Object.entries(state).filter(
    ([key, value]) => key === 'manifest' || JSON.stringify(value) !== JSON.stringify(example[key as keyof State]),
  );
  return { ...EMPTY, ...Object.fromEntries(kept) };
}

/** Longest state that a link may unpack to. */
const LONGEST = 4 << 20;

/** The fragment of a link: packed, because only some browsers take long ones. */
export async function toFragment(state: State): Promise<string> {
  const chosen = Object.entries(state).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(EMPTY[key as keyof State]),
  );
  const packed = await pack(new TextEncoder().encode(JSON.stringify(Object.fromEntries(chosen))));
  return `v1=${packed.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** The state in a link's fragment; `undefined` if there is none, an error if it is damaged. */
export async function fromFragment(fragment: string): Promise<State | undefined> {
  const packed = /^#?v1=(.*)$/.exec(fragment)?.[1];
  if (packed === undefined) {
    return undefined;
  }
  const bytes = await unpack(packed.replaceAll('-', '+').replaceAll('_', '/'), LONGEST);
  return toState(JSON.parse(new TextDecoder().decode(bytes)));
}

/** Anyone can write a link: values of the wrong type are left out. */
function toState(found: unknown): State {
  const state: State = { ...EMPTY, groups: [] };
  if (typeof found !== 'object' || found === null) {
    throw new Error('no state');
  }
  const members = found as Record<string, unknown>;
  for (const key of ['manifest', 'settings', 'old', 'username', 'oid'] as const) {
    if (typeof members[key] === 'string') state[key] = members[key];
  }
  if (Array.isArray(members['groups'])) state.groups = members['groups'].filter((group) => typeof group === 'string');
  const operation = OPERATIONS.find((one) => one === members['operation']);
  if (operation) state.operation = operation;
  const cluster = FAILURES.find((one) => one === members['cluster']);
  if (cluster) state.cluster = cluster;
  return state;
}
