// The borders between the panes, which the mouse, fingers and the arrow keys move.

import { find } from './dom.ts';

/** Percent of a step with an arrow key, and how far a border can go. */
const STEP = 5;
const [LEAST, MOST] = [20, 80];

/** Lets a border move; `name` is the variable of the style sheet that has its place, in percent. */
export function splitter(id: string, name: string): void {
  const border = find(id);
  const isUpright = border.getAttribute('aria-orientation') === 'vertical';
  const move = (percent: number) => {
    const place = Math.round(Math.min(Math.max(percent, LEAST), MOST));
    border.setAttribute('aria-valuenow', String(place));
    document.documentElement.style.setProperty(name, `${place}%`);
  };
  border.addEventListener('pointerdown', (event) => {
    border.setPointerCapture(event.pointerId);
    event.preventDefault();
    border.focus();
  });
  border.addEventListener('pointermove', (event) => {
    const room = border.parentElement?.getBoundingClientRect();
    if (!room || !border.hasPointerCapture(event.pointerId)) return;
    move(isUpright ? ((event.clientX - room.left) / room.width) * 100 : ((event.clientY - room.top) / room.height) * 100);
  });
  const [back, forth] = isUpright ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  border.addEventListener('keydown', (event) => {
    const now = Number(border.getAttribute('aria-valuenow'));
    const to: Record<string, number> = { [back]: now - STEP, [forth]: now + STEP, Home: LEAST, End: MOST };
    const place = to[event.key];
    if (place === undefined) return;
    event.preventDefault();
    move(place);
  });
}

/** Changes what a pane shows without moving what the user looks at. */
export function keepPlace(pane: HTMLElement, change: () => void): void {
  const { scrollTop } = pane;
  change();
  pane.scrollTop = scrollTop;
}
