'use strict';
// What is on the page without this script: everything. It adds searching, the map's selection, and printing in full.

for (const line of document.querySelectorAll('.search')) line.hidden = false;

function normal(text) {
  return text.trim().toLowerCase();
}

// Lists and tables.
for (const input of document.querySelectorAll('input[data-search]')) {
  const of = input.dataset.search;
  const list = document.querySelector(`[data-list="${of}"]`);
  const count = document.querySelector(`[data-count="${of}"]`);
  if (!list) continue;
  input.addEventListener('input', () => {
    const words = normal(input.value);
    let found = 0;
    for (const item of list.querySelectorAll('[data-text]')) {
      item.hidden = !item.dataset.text.includes(words);
      if (!item.hidden) found += 1;
    }
    for (const group of list.querySelectorAll('details.group')) {
      group.hidden = words !== '' && !group.querySelector('[data-text]:not([hidden])');
      if (words !== '' && !group.hidden) group.open = true;
    }
    count.textContent = words === '' ? '' : `${found} found`;
  });
}

// The map.
const map = document.querySelector('.map svg');
if (map) {
  const nodes = [...map.querySelectorAll('.node')];
  const edges = [...map.querySelectorAll('.edges path')].map((path) => ({
    path,
    from: Number(path.dataset.from),
    to: Number(path.dataset.to),
  }));
  const out = nodes.map(() => []);
  const into = nodes.map(() => []);
  for (const edge of edges) {
    out[edge.from].push(edge);
    into[edge.to].push(edge);
  }
  let chosen = -1;

  /** Everything before and behind a node. */
  function light(starts) {
    const lit = new Set();
    const paths = new Set();
    for (const [next, end] of [[out, 'to'], [into, 'from']]) {
      const open = [...starts];
      const seen = new Set(open);
      while (open.length > 0) {
        const at = open.pop();
        lit.add(at);
        for (const edge of next[at]) {
          paths.add(edge);
          if (!seen.has(edge[end])) {
            seen.add(edge[end]);
            open.push(edge[end]);
          }
        }
      }
    }
    map.classList.toggle('faded', starts.length > 0);
    nodes.forEach((node, at) => node.classList.toggle('lit', lit.has(at)));
    for (const edge of edges) edge.path.classList.toggle('lit', paths.has(edge));
  }

  function choose(at) {
    chosen = at === chosen ? -1 : at;
    nodes.forEach((node, n) => {
      node.classList.toggle('chosen', n === chosen);
      node.setAttribute('aria-pressed', String(n === chosen));
    });
    light(chosen < 0 ? [] : [chosen]);
    pick();
  }

  const picked = document.querySelector('.picked');
  const subjects = document.querySelector('input[data-search="subjects"]');

  /** Shows what the list says about the chosen node. Who is in it leads to the list of subjects. */
  function pick() {
    const entry = document.querySelector(`[data-entry="${chosen}"]`);
    picked.hidden = entry === null;
    picked.replaceChildren(...(entry === null ? [] : [entry.cloneNode(true)]));
    for (const member of picked.querySelectorAll('[data-member]')) {
      const name = member.dataset.member.replace(/^(user|group|service account) /, '');
      if (!document.querySelector(`[data-list="subjects"] [data-text*="${CSS.escape(name.toLowerCase())}"]`)) continue;
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = member.dataset.member;
      button.addEventListener('click', () => {
        subjects.value = name;
        subjects.dispatchEvent(new Event('input'));
        subjects.scrollIntoView({ block: 'start' });
        subjects.focus();
      });
      member.replaceChildren(button);
    }
  }

  function focus(at) {
    nodes.forEach((node, n) => node.setAttribute('tabindex', n === at ? '0' : '-1'));
    nodes[at].focus();
  }

  const height = (at) => nodes[at].getBoundingClientRect().top;
  const columnOf = (at) =>
    nodes.map((_, n) => n).filter((n) => nodes[n].dataset.column === nodes[at].dataset.column).sort((a, b) => height(a) - height(b));

  nodes.forEach((node, at) => {
    node.addEventListener('click', () => {
      focus(at);
      choose(at);
    });
    node.addEventListener('keydown', (event) => {
      const column = columnOf(at);
      const place = column.indexOf(at);
      const next = {
        ArrowDown: column[place + 1],
        ArrowUp: column[place - 1],
        ArrowRight: out[at][0]?.to,
        ArrowLeft: into[at][0]?.from,
        Home: column[0],
        End: column[column.length - 1],
      }[event.key];
      if (event.key === 'Enter' || event.key === ' ') choose(at);
      else if (event.key === 'Escape' && chosen >= 0) choose(chosen);
      else if (next === undefined) return;
      else focus(next);
      event.preventDefault();
    });
  });

  const input = document.querySelector('input[data-search="map"]');
  const count = document.querySelector('[data-count="map"]');
  input.addEventListener('input', () => {
    const words = normal(input.value);
    const found = nodes.map((_, at) => at).filter((at) => nodes[at].dataset.text.includes(words));
    light(words === '' ? [] : found);
    if (words !== '' && found.length === 0) map.classList.add('faded');
    count.textContent = words === '' ? '' : `${found.length} found`;
  });
  // From what is found into the map.
  input.addEventListener('keydown', (event) => {
    const first = nodes.findIndex((node) => node.dataset.text.includes(normal(input.value)));
    if (event.key !== 'Enter' || normal(input.value) === '' || first < 0) return;
    focus(first);
    if (chosen !== first) choose(first);
    event.preventDefault();
  });
} else {
  document.querySelector('input[data-search="map"]')?.closest('.search').remove();
}

// A link to a rule opens it.
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === 'DETAILS') {
    target.open = true;
    target.scrollIntoView();
  }
}
addEventListener('hashchange', openTarget);
openTarget();

// Paper shows what a click would.
let closed = [];
addEventListener('beforeprint', () => {
  closed = [...document.querySelectorAll('details:not([open])')];
  for (const details of closed) details.open = true;
});
addEventListener('afterprint', () => {
  for (const details of closed) details.open = false;
});
