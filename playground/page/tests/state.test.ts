import { expect, test } from 'vitest';
import { pack } from '../src/base64.ts';
import { EMPTY, fromFragment, toFragment } from '../src/state.ts';
import type { State } from '../src/state.ts';

const STATE: State = {
  manifest: 'kind: Pod # äöü 🦀\n'.repeat(1000),
  settings: 'profile: restricted\n',
  operation: 'UPDATE',
  old: 'kind: Pod\n',
  username: 'jane@contoso.com',
  groups: ['a', 'b'],
  oid: '0f8fad5b-d9cb-469f-a165-70867728950e',
  cluster: 'refused',
};

async function link(text: string): Promise<string> {
  return `#v1=${await pack(new TextEncoder().encode(text))}`;
}

test('a state survives the way through a link', async () => {
  const fragment = await toFragment(STATE);
  expect(fragment).toMatch(/^v1=[\w-]+$/);
  expect(fragment.length).toBeLessThan(600);
  expect(await fromFragment(`#${fragment}`)).toEqual(STATE);
  expect(await fromFragment(await toFragment(EMPTY))).toEqual(EMPTY);
});

test('other fragments are none', async () => {
  expect(await fromFragment('')).toBeUndefined();
  expect(await fromFragment('#main')).toBeUndefined();
});

test('a link from anybody does no harm', async () => {
  const damaged = (await toFragment(STATE)).slice(0, -20);
  for (const fragment of [damaged, 'v1=', 'v1=%', 'v1=AAAA', await link('null'), await link('nonsense')]) {
    await expect(fromFragment(fragment), fragment).rejects.toThrow();
  }
  await expect(fromFragment(await link(`"${' '.repeat(5 << 20)}"`))).rejects.toThrow('too long');
  const odd = await link('{"manifest": 1, "groups": ["a", 2], "operation": "EAT", "cluster": "x", "__proto__": {"oid": "x"}}');
  expect(await fromFragment(odd)).toEqual({ ...EMPTY, groups: ['a'] });
});
