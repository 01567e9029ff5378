// A finding as an entry of the settings that accepts it.

import { stringify } from 'yaml';
import type { Finding, Verdict } from './policy.ts';

/** As `entra-auth check --write-exemptions` writes it. */
const DAYS = 90;
const REASON = 'TODO: say why, and who fixes it';
const DAY = 86_400_000;

/** Settings with an exemption for exactly this rule and object; nothing if there can be none. */
export function exemption({ names }: Verdict, finding: Finding, now: number): string | undefined {
  const isReported = finding.action === 'deny' || finding.action === 'warn';
  if (names === undefined || !isReported || finding.rule === 'unreadable-object') return undefined;
  const entry = {
    rules: [finding.rule],
    kinds: [names.kind],
    ...(names.namespace !== undefined && { namespaces: [names.namespace] }),
    names: [names.name],
    reason: REASON,
    until: new Date(now + DAYS * DAY).toISOString().slice(0, 10),
  };
  return stringify({ exemptions: [entry] }, { version: '1.1', lineWidth: 0, indentSeq: false });
}
