// The policy's core, run by the browser.

import init, * as module from '../wasm/policy.js';
import type { State } from './state.ts';
import { read } from './yaml.ts';

export interface Finding {
  rule: string;
  severity: string;
  action: 'deny' | 'warn' | 'none' | 'exempt';
  reason?: string;
  path: string;
  /** Within the object. */
  pointer: string;
  message: string;
  fix: string;
  /** The edits that the page can make. */
  offer?: { safety: Safety; title: string };
}

/** Whether the object then does what its author meant, or a person has to decide. */
export type Safety = 'safe' | 'suggested';

export interface Verdict {
  /** Its place in the answer. */
  index: number;
  /** Which document, and where in it. */
  document: number;
  pointer: string;
  title: string;
  /** What an exemption of the object names; nothing if no exact name covers it. */
  names?: { kind: string; namespace?: string; name: string };
  requester: string;
  response: { accepted: boolean; message?: string; code?: number; warnings?: string[] };
  findings: Finding[];
}

export interface Unread {
  document: number;
  pointer: string;
  error: string;
}

export interface Answer {
  objects: (Verdict | Unread)[];
  kubectl: { command: string; text: string };
}

/** A change of a document, with a JSON Pointer from it. */
export interface Change {
  change: 'set' | 'remove' | 'rename';
  pointer: string;
  value?: unknown;
  key?: string;
}

export interface Made {
  object: string;
  rule: string;
  title: string;
  safety: Safety;
  /** Why it was not made. */
  reason?: string;
}

export interface Fixed {
  /** The changes of each document, one after the other, and the value that they lead to. */
  documents: { document: number; changes: Change[]; value: unknown }[];
  /** Objects to append as documents. */
  new: unknown[];
  done: Made[];
  left: Made[];
}

export interface Problem {
  /** `exemptions[1].until`; empty for the settings as a whole. */
  path: string;
  text: string;
}

export interface Validity {
  valid: boolean;
  message?: string;
  problems: Problem[];
}

export interface Rule {
  id: string;
  group: string;
  severity: string;
  summary: string;
  help: string;
}

export interface Key {
  name: string;
  kind: 'bool' | 'choice' | 'seconds' | 'text' | 'date' | 'texts' | 'ruleActions' | 'entries';
  /** Choices, the least number of seconds, what the texts are, the keys of an entry. */
  of: unknown;
  default: string;
  required: boolean;
  doc: string;
}

export async function load(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await init({ module_or_path: bytes });
}

/** Evaluates documents, given as JSON. */
export function check(documents: string[], settings: string, state: State, now: number): Answer {
  const found = answer<Answer>(module.check(question(documents, settings, state, now)));
  return { ...found, objects: found.objects.map((object, index) => ({ ...object, index })) };
}

/** The edits that resolve a finding, by the index of its object and its own, or all that have a safe fix. */
export function fix(documents: string[], settings: string, state: State, now: number, finding?: [number, number]): Fixed {
  return answer(module.fix(question(documents, settings, state, now, finding)));
}

function question(documents: string[], settings: string, state: State, now: number, finding?: [number, number]): string {
  const old = state.operation === 'UPDATE' ? read(state.old).flatMap((source) => source.json ?? []) : [];
  const { username, groups, oid } = state;
  const user = username === '' ? null : { username, groups, oid: oid === '' ? null : oid };
  const rest = { operation: state.operation, user, now, cluster: state.cluster === '' ? null : state.cluster, finding: finding ?? null };
  // Documents are passed as text, which keeps numbers and the order of members unchanged.
  return `{"documents":[${documents.join(',')}],"old":[${old.join(',')}],"settings":${settings},${JSON.stringify(rest).slice(1)}`;
}

/** Validates settings, given as JSON. */
export function validate(settings: string): Validity {
  return answer(module.validateSettings(settings));
}

export function rules(): Rule[] {
  return answer(module.rules());
}

export function settingsKeys(): Key[] {
  return answer(module.settingsKeys());
}

function answer<T>(text: string): T {
  const answer = JSON.parse(text) as T & { error?: string };
  if (answer.error !== undefined) {
    throw new Error(answer.error);
  }
  return answer;
}
