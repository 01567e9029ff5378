import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { examples } from './build/examples.ts';
import { ruleTexts } from './build/rules.ts';

const root = resolve(import.meta.dirname, '../..');

/** A module that is made when the page is built. */
const MADE = 'virtual:packed';

/**
 * The policy, the examples and the texts of the rules. Within the script there is nothing to fetch, so the page may
 * forbid every connection. XZ makes them a fifth smaller than what browsers unpack themselves, and base64 of plain bytes
 * would compress badly on the way. The texts come first, with their length.
 */
function packed(): string {
  const texts = Buffer.from(JSON.stringify({ examples: examples(root), rules: ruleTexts(resolve(root, 'docs/rules')) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(texts.length);
  const input = Buffer.concat([length, texts, readFileSync(resolve(import.meta.dirname, 'wasm/policy_bg.wasm'))]);
  const program = process.env['BINDGEN'] ?? resolve(root, 'target/debug/bindgen');
  return execFileSync(program, ['pack'], { input, maxBuffer: 8 << 20 }).toString('base64');
}

const made: Plugin = {
  name: 'made',
  resolveId: (id) => (id === MADE ? `\0${id}` : undefined),
  load: (id) => (id === `\0${MADE}` ? `export default ${JSON.stringify(packed())}` : undefined),
};

/** What the browser lets the page do: run its own script and the module in it, and nothing else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  // Would fall back to that of scripts.
  "worker-src 'none'",
  // Pictures in style sheets.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  // No text becomes markup or script but the rules' own, in src/dom.ts.
  "require-trusted-types-for 'script'",
  'trusted-types rules',
].join('; ');

/** One classic script: modules are refused to pages that are opened from a folder. */
const plain: Plugin = {
  name: 'plain',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => ({
      html: html.replace(/<script type="module" crossorigin/, '<script defer').replace('<link rel="stylesheet" crossorigin', '<link rel="stylesheet"'),
      tags: [
        { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' },
      ],
    }),
  },
};

export default defineConfig({
  // Any folder of any host.
  base: './',
  plugins: [made, plain],
  build: {
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    // Those of what the script is made of ask to go along.
    license: { fileName: 'licenses.txt' },
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { output: { format: 'iife' } },
  },
  test: {
    // `make playground-screenshots` asks for pictures instead.
    include: process.env['SCREENSHOTS'] ? ['tests/screenshots.ts'] : ['tests/*.test.ts'],
    // A busy machine is slow, and no reason to fail.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
