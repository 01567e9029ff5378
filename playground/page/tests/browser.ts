// A real browser, and the built page on a host of its own, in a folder of that host.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const page = resolve(import.meta.dirname, '..');
export const DIST = join(page, 'dist');

/** The types that a plain static host sends; it does not compress. */
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

export interface Host {
  url: string;
  /** Every path that was requested. */
  asked: string[];
  stop(): Promise<void>;
}

/** Serves the built page at `/some/folder/`. */
export async function serve(): Promise<Host> {
  const folder = '/some/folder/';
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://host').pathname);
    asked.push(path);
    try {
      if (!path.startsWith(folder)) throw new Error('elsewhere');
      const file = path === folder ? 'index.html' : path.slice(folder.length);
      const content = readFileSync(join(DIST, file));
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}${folder}`, asked, stop };
}

/** The system's Chromium, with a new profile and without calls home. */
export async function launch(): Promise<Browser> {
  const setup = resolve(page, '../../scripts/setup-chromium');
  const executablePath = execFileSync(setup, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
