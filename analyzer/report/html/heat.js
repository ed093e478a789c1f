// The heat map: groups by direction down, days or weeks across, shaded by use.

import { counted, dayAt, h, number, select, svg } from './dom.js';
import { heatRows, shade } from './figures.js';
import { ruleFilters } from './rules.js';
import { cell } from './virtual.js';

export function heatView(data, app) {
  const filters = ruleFilters(data, change);
  const span = select(
    'Each cell',
    [
      ['1', 'a day'],
      ['7', 'a week'],
    ],
    change,
  );
  filters.node.insertBefore(span.field, filters.count);
  const scaleText = h('span', {});
  const now = h(
    'p',
    { class: 'hint', role: 'status', id: 'heat-cell' },
    'Point at a cell, or move through a row with the arrow keys, to read its figure.',
  );
  let rows = [];
  let most = 1;
  const list = app.virtualTable({
    caption: 'Use of each group and direction over time',
    className: 'heat',
    columns: [
      { title: 'Group', key: (row) => row.group.name },
      { title: 'Records', num: true, key: (row) => row.total },
      { title: `${data.firstDay} to ${data.lastDay}` },
    ],
    height: 38,
    narrow: 84,
    none: 'No rule fits the filter.',
    row: (row) => [
      cell(
        { class: 'c-name' },
        h('a', { href: app.groupHref(row.group) }, row.group.name),
        h(
          'span',
          { class: 'sub' },
          `${row.dir}${data.severalPlaces ? `, ${row.group.account} ${row.group.region}` : ''}`,
        ),
      ),
      cell({ class: 'num c-total' }, number(row.total)),
      cell({ class: 'map' }, strip(row)),
    ],
  });

  const wholes = new Map();

  /** The rows without a filter, made once for days and once for weeks. */
  function wholeOf(days) {
    if (!wholes.has(days)) {
      wholes.set(days, new Map(heatRows(data.rules, data.groups, data.days, days).map((row) => [row.key, row])));
    }
    return wholes.get(days);
  }

  function change() {
    const filter = filters.value();
    const fit = data.rules.filter((rule) => app.fits(rule, data.groups[rule.group], filter));
    rows = heatRows(fit, data.groups, data.days, Number(span.node.value), wholeOf(Number(span.node.value)));
    most = rows.reduce((max, row) => Math.max(max, row.most), 1);
    list.set(rows);
    filters.count.textContent = `${counted(rows.length, 'row')}, ${counted(fit.length, 'rule')}`;
    scaleText.textContent = ` ${number(most)} records a ${unit()}`;
  }

  function unit() {
    return span.node.value === '1' ? 'day' : 'week';
  }

  /** One path for each shade: a row of any length is six elements. */
  function strip(row) {
    const paths = ['', '', '', '', '', ''];
    row.cells.forEach((records, at) => {
      paths[shade(records, most)] += `M${at * 10} 0h9v20h-9z`;
    });
    const label = `${row.group.name} ${row.dir}: ${row.total === 0 ? 'no record' : `${counted(row.total, 'record')} on ${row.used} of ${counted(row.cells.length, unit())}, at most ${number(row.most)} on one`}`;
    const mark = svg('rect', { class: 'cursor', width: 9, height: 20, y: 0, x: -20 });
    const node = svg(
      'svg',
      {
        viewBox: `0 0 ${row.cells.length * 10} 20`,
        preserveAspectRatio: 'none',
        role: 'img',
        tabindex: 0,
        'aria-label': label,
        'aria-describedby': 'heat-cell',
      },
      paths.map((d, level) => (d === '' ? null : svg('path', { class: `h${level}`, d }))),
      mark,
    );
    let at = -1;
    const tell = (next) => {
      at = Math.max(0, Math.min(row.cells.length - 1, next));
      mark.setAttribute('x', String(at * 10));
      const first = dayAt(data, at * Number(span.node.value));
      now.textContent = `${row.group.name} ${row.dir}, ${unit() === 'day' ? first : `week from ${first}`}: ${row.cells[at] === 0 ? 'no record' : counted(row.cells[at], 'record')}`;
    };
    node.addEventListener('pointermove', (event) => {
      const box = node.getBoundingClientRect();
      tell(Math.floor(((event.clientX - box.left) / box.width) * row.cells.length));
    });
    node.addEventListener('pointerleave', () => mark.setAttribute('x', '-20'));
    node.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      tell(at + step);
    });
    return node;
  }

  const scale = svg(
    'svg',
    { viewBox: '0 0 108 14', 'aria-hidden': true },
    [0, 1, 2, 3, 4, 5].map((level) => svg('rect', { class: `h${level}`, x: level * 18, y: 0, width: 16, height: 14 })),
  );
  const node = h(
    'section',
    { 'aria-labelledby': 'view-title' },
    h('h2', { id: 'view-title', tabindex: -1 }, 'Use over time'),
    h(
      'p',
      { class: 'hint' },
      'Each row is a group and a direction, each cell a day or week (UTC), shaded by the records that its rules could have let in; a record that two rules allow counts for both.',
    ),
    filters.node,
    h('div', { class: 'legend' }, now, h('span', {}, 'no record ', scale, scaleText)),
    list.node,
  );
  return { node, title: 'Use over time', shown: change };
}
