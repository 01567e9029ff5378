// The module for browsers, under node.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { load } from '../src/policy.ts';

const folder = resolve(import.meta.dirname, '../wasm');

export const ROOT = resolve(import.meta.dirname, '../../..');

export async function loadModule(): Promise<void> {
  await load(new Uint8Array(readFileSync(resolve(folder, 'policy_bg.wasm'))));
}

export interface Native {
  now: number;
  verdicts: { path: string; request: unknown; response: string }[];
}

/** What the core says on this machine: written by `cargo run -p playground --example verdicts`. */
export function native(): Native {
  return JSON.parse(readFileSync(resolve(folder, 'verdicts.json'), 'utf8')) as Native;
}
