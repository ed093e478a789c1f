// Below the figures of the overview: where the space goes, and where the logs have holes.

import { counted, h, large, number, percent, plainTable, select, sideways } from './dom.js';
import { spaceBy } from './figures.js';
import { coverage } from './rules.js';
import { cell } from './virtual.js';

const HOLES = 25;

export function overviewView(data, app) {
  const ways = [
    ['group', 'group', (group) => group.key],
    ['account', 'account', (group) => group.account],
    ['vpc', 'VPC', (group) => group.vpc ?? 'no VPC known'],
    ['team', 'team', (group) => group.team ?? 'no team tag'],
  ];
  const by = select(
    'By',
    ways.map(([value, text]) => [value, text]),
    change,
  );
  const list = app.virtualTable({
    caption: 'Allowed space before and after all proposals',
    className: 'space',
    columns: [
      { title: 'Name', key: (row) => label(row) },
      { title: 'Rules', num: true, key: (row) => row.rules },
      { title: 'Can go', num: true, key: (row) => row.remove },
      { title: 'Can shrink', num: true, key: (row) => row.narrow },
      { title: 'Space now', num: true, key: (row) => row.before },
      { title: 'After', num: true, key: (row) => row.after },
      { title: 'Less', num: true, key: (row) => (row.before === 0 ? 0 : 1 - row.after / row.before) },
    ],
    height: 46,
    narrow: 104,
    none: 'There is no group.',
    row: (row) => {
      const less = row.before === 0 ? 0 : 1 - row.after / row.before;
      return [
        cell(
          { class: 'c-name' },
          by.node.value === 'group'
            ? [
                h('a', { href: app.groupHref(row.groups[0]) }, label(row)),
                h(
                  'span',
                  { class: 'sub' },
                  data.severalPlaces ? `${row.groups[0].account} ${row.groups[0].region}` : row.groups[0].id,
                ),
              ]
            : [label(row), h('span', { class: 'sub' }, counted(row.groups.length, 'group'))],
        ),
        cell({ class: 'num', 'data-label': 'rules' }, number(row.rules)),
        cell({ class: 'num', 'data-label': 'can go' }, number(row.remove)),
        cell({ class: 'num', 'data-label': 'can shrink' }, number(row.narrow)),
        cell({ class: 'num', 'data-label': 'space now' }, large(row.before)),
        cell({ class: 'num', 'data-label': 'after' }, large(row.after)),
        cell({ class: 'num strong', 'data-label': 'less' }, less === 0 ? '–' : percent(less)),
      ];
    },
  });
  function label(row) {
    return by.node.value === 'group' ? row.groups[0].name : row.key;
  }
  function change() {
    const [, , keyOf] = ways.find(([value]) => value === by.node.value);
    list.set(spaceBy(data.rules, data.groups, keyOf));
  }
  const node = h(
    'div',
    {},
    h(
      'section',
      { 'aria-labelledby': 'space-title' },
      h('h2', { id: 'space-title' }, 'How much allowed space shrinks'),
      h(
        'p',
        { class: 'hint' },
        'A point is one protocol, one port and one IPv4 address that a group allows. Rules that name groups, prefix lists or IPv6 ranges are not counted here.',
      ),
      h('div', { class: 'tools' }, by.field),
      list.node,
    ),
    holes(data, app),
  );
  return { node, title: 'Overview', shown: change };
}

function holes(data, app) {
  const thin = data.groups
    .map((group) => [group, coverage(group)])
    .filter(([, share]) => share === null || share < 0.9995)
    .sort(([a, x], [b, y]) => (x ?? 2) - (y ?? 2) || (a.key < b.key ? -1 : 1));
  const rows = thin
    .slice(0, HOLES)
    .map(([group, share]) => [
      h('a', { href: app.groupHref(group) }, group.name),
      share === null ? 'not worn' : percent(share),
      share === null ? '–' : number(Math.ceil(group.expected - group.observed)),
      number(group.skipped),
      counted(group.interfaces.length, 'interface'),
    ]);
  const more = thin.length - rows.length;
  return h(
    'section',
    { 'aria-labelledby': 'holes-title' },
    h('h2', { id: 'holes-title' }, 'Holes in the logs'),
    rows.length === 0
      ? h('p', { class: 'hint' }, 'None: the logs cover every hour in which an interface wore one of the groups.')
      : [
          h('p', { class: 'hint' }, 'No data is not no traffic: where logs are missing, a rule is not called unused.'),
          sideways(
            'Groups with holes in their logs',
            plainTable(
              'Groups with holes in their logs',
              ['Group', 'Covered', 'Hours missing', 'Skipped by AWS', 'Worn by'],
              rows,
            ),
          ),
          more > 0 ? h('p', { class: 'hint' }, `and ${counted(more, 'more group')}`) : null,
        ],
  );
}
