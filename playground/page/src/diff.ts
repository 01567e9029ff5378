// Which lines differ between two texts.

/** Lines `from` to `to` of the text before, and what is there afterwards, from its line `at`. */
export interface Hunk {
  from: number;
  to: number;
  at: number;
  lines: string[];
}

/** More differences than this count as one, because the search takes the square of their number. */
const MOST = 2000;

/** The shortest list of differences (Myers, "An O(ND) difference algorithm"). */
export function hunks(before: string[], after: string[]): Hunk[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let [left, right] = [before.length, after.length];
  while (left > start && right > start && before[left - 1] === after[right - 1]) [left, right] = [left - 1, right - 1];
  if (left === start && right === start) return [];
  const kept = common(before.slice(start, left), after.slice(start, right));
  const found: Hunk[] = [];
  let [x, y] = [start, start];
  for (const [a, b] of [...kept.map(([a, b]) => [a + start, b + start] as const), [left, right] as const]) {
    if (a > x || b > y) found.push({ from: x, to: a, at: y, lines: after.slice(y, b) });
    [x, y] = [a + 1, b + 1];
  }
  return found;
}

/** The lines that both have, as pairs of indexes. */
function common(a: string[], b: string[]): [number, number][] {
  const most = Math.min(a.length + b.length, MOST);
  const reached = new Int32Array(2 * most + 3);
  const steps: Int32Array[] = [];
  const offset = most + 1;
  const comesFromAbove = (row: Int32Array, k: number, d: number) =>
    k === -d || (k !== d && (row[offset + k - 1] ?? 0) < (row[offset + k + 1] ?? 0));
  for (let d = 0; d <= most; d += 1) {
    steps.push(reached.slice());
    for (let k = -d; k <= d; k += 2) {
      let x = comesFromAbove(reached, k, d) ? (reached[offset + k + 1] ?? 0) : (reached[offset + k - 1] ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reached[offset + k] = x;
      if (x >= a.length && x - k >= b.length) return backwards(a.length, b.length, d);
    }
  }
  return [];

  function backwards(x: number, y: number, d: number): [number, number][] {
    const pairs: [number, number][] = [];
    for (; d >= 0; d -= 1) {
      const row = steps[d] ?? reached;
      const k = x - y;
      const before = comesFromAbove(row, k, d) ? k + 1 : k - 1;
      const from = d === 0 ? 0 : (row[offset + before] ?? 0);
      const to = d === 0 ? 0 : from - before;
      while (x > from && y > to) pairs.push([(x -= 1), (y -= 1)]);
      [x, y] = [from, to];
    }
    return pairs.reverse();
  }
}

/** What leads from `base` to `theirs`, done to `ours`. Where both have changed a line, `theirs` counts. */
export function merge(base: string[], ours: string[], theirs: string[]): string[] {
  const [mine, other] = [hunks(base, ours), hunks(base, theirs)];
  const merged: string[] = [];
  let at = 0;
  const put = (all: Hunk[], from: number, to: number) => {
    merged.push(...base.slice(at, from));
    at = from;
    for (const hunk of all) {
      merged.push(...base.slice(at, hunk.from), ...hunk.lines);
      at = hunk.to;
    }
    merged.push(...base.slice(at, to));
    at = to;
  };
  for (;;) {
    const [own, their] = [mine[0], other[0]];
    if (own && (!their || own.to <= their.from)) {
      put(mine.splice(0, 1), own.from, own.to);
    } else if (their && (!own || their.to <= own.from)) {
      put(other.splice(0, 1), their.from, their.to);
    } else if (own && their) {
      const from = Math.min(own.from, their.from);
      const taken: Hunk[] = [];
      let to = from + 1;
      for (let next = true; next; ) {
        const overlaps = (hunk: Hunk | undefined) => hunk !== undefined && hunk.from < to;
        const found = overlaps(other[0]) ? other.splice(0, 1) : [];
        const lost = overlaps(mine[0]) ? mine.splice(0, 1) : [];
        taken.push(...found);
        next = found.length + lost.length > 0;
        to = Math.max(to, ...[...found, ...lost].map((hunk) => hunk.to));
      }
      put(taken, from, to);
    } else {
      put([], base.length, base.length);
      return merged;
    }
  }
}
