// A table of any length: only the rows near the window exist.

import { h } from './dom.js';

const OVERSCAN = 8;
/** Rows on paper. */
const PRINTED = 2000;
const NARROW = '(max-width: 640px)';

/**
 * `columns`: [{ title, num?, key? }]; with `key` the column can be sorted. `height`, `narrow`: pixels of a row on wide and narrow
 * screens. `row(item)` gives cells. Arrow keys, Home and End move between rows.
 */
export function virtualTable({ caption, className, columns, height, narrow, row, none }) {
  const media = matchMedia(NARROW);
  const body = h('tbody', { role: 'rowgroup' });
  const above = h('tbody', { 'aria-hidden': true });
  const below = h('tbody', { 'aria-hidden': true });
  const empty = h('p', { class: 'none', hidden: true }, none);
  const shown = new Map();
  let items = [];
  let order = null;
  let frame = 0;

  const heads = columns.map((column) => {
    const th = h('th', { scope: 'col', role: 'columnheader', class: column.num ? 'num' : null });
    if (column.key)
      th.append(h('button', { type: 'button', class: 'sort', onclick: () => sortBy(column, th) }, column.title));
    else th.append(column.title);
    return th;
  });
  const table = h(
    'table',
    { class: `virtual ${className}`, role: 'table' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row', 'aria-rowindex': 1 }, heads)),
    above,
    body,
    below,
  );
  const node = h('div', { class: 'sheet' }, table, empty);
  table.addEventListener('keydown', onKey);
  addEventListener('scroll', later, { passive: true });
  addEventListener('resize', later, { passive: true });
  media.addEventListener('change', again);
  addEventListener('beforeprint', () => {
    if (node.isConnected) draw(PRINTED);
  });

  function later() {
    if (frame === 0 && node.isConnected) frame = requestAnimationFrame(() => draw());
  }

  /** What is in view at once, its surroundings in the next frame: typing stays quick. */
  function again() {
    // Asked before anything changes, so that the browser need not lay out twice.
    const { top } = above.getBoundingClientRect();
    body.replaceChildren();
    shown.clear();
    draw(0, 1, top);
    later();
  }

  function sortBy(column, th) {
    const sign = th.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    for (const other of heads) other.removeAttribute('aria-sort');
    th.setAttribute('aria-sort', sign === 1 ? 'ascending' : 'descending');
    order = (a, b) => {
      const x = column.key(a);
      const y = column.key(b);
      return x === y ? 0 : sign * (x < y ? -1 : 1);
    };
    items = [...items].sort(order);
    again();
  }

  function set(next) {
    items = order === null ? next : [...next].sort(order);
    again();
    empty.hidden = items.length > 0;
    table.setAttribute('aria-rowcount', String(items.length + 1));
  }

  /** Only what is near the window; on paper the first `printed` rows. */
  function draw(printed = 0, overscan = OVERSCAN, top = above.getBoundingClientRect().top) {
    if (overscan === OVERSCAN) frame = 0;
    const tall = media.matches ? narrow : height;
    const paper = printed > 0;
    const from = paper ? 0 : Math.max(0, Math.min(items.length, Math.floor(-top / tall)) - overscan);
    const to = Math.min(items.length, paper ? printed : Math.max(0, Math.ceil((innerHeight - top) / tall)) + overscan);
    for (const [at, tr] of shown) {
      if (at >= from && at < to) continue;
      tr.remove();
      shown.delete(at);
    }
    let before = null;
    for (let at = Math.max(from, to) - 1; at >= from; at -= 1) {
      let tr = shown.get(at);
      if (tr === undefined) {
        tr = h('tr', { role: 'row', 'aria-rowindex': at + 2 }, row(items[at], at));
        tr.dataset.at = String(at);
        tr.style.height = `${tall}px`;
        shown.set(at, tr);
        body.insertBefore(tr, before);
      }
      before = tr;
    }
    space(above, from * tall);
    space(below, (items.length - Math.max(from, to)) * tall);
  }

  function space(part, size) {
    if (size <= 0) part.replaceChildren();
    else {
      if (part.firstChild === null) part.append(h('tr', {}, h('td', { colspan: columns.length })));
      part.firstChild.style.height = `${size}px`;
      part.firstChild.firstChild.style.height = `${size}px`;
    }
  }

  function onKey(event) {
    const tr = event.target.closest('tbody tr');
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (
      tr === null ||
      tr.dataset.at === undefined ||
      step === undefined ||
      event.altKey ||
      event.ctrlKey ||
      event.metaKey
    )
      return;
    const to = Math.max(0, Math.min(items.length - 1, Number(tr.dataset.at) + step));
    event.preventDefault();
    focusRow(to);
  }

  function focusRow(at) {
    const tall = media.matches ? narrow : height;
    const y = scrollY + above.getBoundingClientRect().top + at * tall;
    if (y < scrollY + 60 || y + tall > scrollY + innerHeight)
      scrollTo({ top: y - innerHeight / 2, behavior: 'instant' });
    draw();
    shown.get(at)?.querySelector('button, a, [tabindex]')?.focus({ preventScroll: true });
  }

  return { node, set, draw };
}

export function cell(attributes, ...children) {
  return h('td', { role: 'cell', ...attributes }, ...children);
}
