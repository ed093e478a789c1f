// Small helpers of the page. Everything shown is set as text or attribute, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes and children; null children are left out, strings become text. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

/** 1234567 as `1,234,567`. */
export function number(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

export function counted(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** `1.2 GB`, decimal units. */
export function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let rest = value;
  let at = 0;
  while (rest >= 999.5 && at < units.length - 1) {
    rest /= 1000;
    at += 1;
  }
  return `${at === 0 || rest >= 99.5 ? Math.round(rest) : rest.toFixed(1)} ${units[at]}`;
}

/** Up to a million in full, beyond as `2.8 × 10¹⁴`. */
export function large(value) {
  if (value < 1e6) return number(Math.round(value));
  const power = Math.floor(Math.log10(value) + 1e-9);
  const digits = [...String(power)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${(Math.floor((value / 10 ** power) * 10) / 10).toFixed(1)} × 10${digits}`;
}

/** Rounded down, so that what is not whole never reads as 100 %. */
export function percent(share) {
  if (share > 0 && share < 0.001) return 'under 0.1 %';
  return `${Math.floor(share * 1000 + 1e-9) / 10} %`;
}

export function chip(data, action) {
  return h(
    'span',
    { class: `chip ${action}` },
    h('span', { class: 'mark', 'aria-hidden': true }, data.marks[action]),
    action,
  );
}

/** `part` of the page that scrolls sideways: reachable by keyboard, and named for it. */
export function sideways(label, ...children) {
  return h('div', { class: 'sheet', tabindex: 0, role: 'region', 'aria-label': label }, ...children);
}

export function plainTable(caption, heads, lines) {
  return h(
    'table',
    {},
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        heads.map((text, i) => h('th', { scope: 'col', class: i === 0 ? null : 'num' }, text)),
      ),
    ),
    h(
      'tbody',
      {},
      lines.map((line) =>
        h(
          'tr',
          {},
          line.map((cell, i) => h(i === 0 ? 'th' : 'td', i === 0 ? { scope: 'row' } : { class: 'num' }, cell)),
        ),
      ),
    ),
  );
}

export function select(label, options, onchange) {
  const node = h(
    'select',
    { onchange },
    options.map(([value, text]) => h('option', { value }, text)),
  );
  return { node, field: h('label', { class: 'field' }, h('span', {}, label), node) };
}

export function input(label, attributes, oninput) {
  const node = h('input', { autocomplete: 'off', spellcheck: 'false', ...attributes, oninput });
  return { node, field: h('label', { class: 'field' }, h('span', {}, label), node) };
}

/** The day `at` days after the first, ISO. */
export function dayAt(data, at) {
  return new Date(Date.parse(`${data.firstDay}T00:00:00Z`) + at * 86400000).toISOString().slice(0, 10);
}

/** Use by day as bars; `perDay` is flat: day, records, day, records, … */
export function spark(data, perDay, className, height) {
  let most = 1;
  for (let i = 1; i < perDay.length; i += 2) most = Math.max(most, perDay[i]);
  let path = '';
  for (let i = 0; i < perDay.length; i += 2) {
    const tall = Math.max(2, (perDay[i + 1] / most) * (height - 4));
    path += `M${perDay[i] * 4} ${height - 1}h3v${-tall.toFixed(1)}h-3z`;
  }
  const label =
    perDay.length === 0
      ? 'no record on any day'
      : `records on ${counted(perDay.length / 2, 'day')}, at most ${number(most)} on one`;
  return svg(
    'svg',
    {
      viewBox: `0 0 ${data.days * 4} ${height}`,
      preserveAspectRatio: 'none',
      role: 'img',
      class: className,
      'aria-label': label,
    },
    svg('title', {}, label),
    svg('line', { x1: 0, x2: data.days * 4, y1: height - 0.5, y2: height - 0.5 }),
    svg('path', { d: path }),
  );
}
