// The page of one group: who wears it, its rules with their use, and the rules after all proposals.

import { chip, counted, h, large, number, percent, plainTable, sideways } from './dom.js';
import { sourceBlock } from './rule.js';
import { coverage, ruleTable } from './rules.js';

export function groupView(data, app, key) {
  const group = data.groups.find((one) => one.key === key) ?? data.groups.find((one) => one.id === key);
  if (group === undefined) {
    const node = h(
      'section',
      { 'aria-labelledby': 'view-title' },
      h('h2', { id: 'view-title', tabindex: -1 }, 'No such group'),
      h('p', {}, 'This report has no group of that name. ', h('a', { href: '#/rules' }, 'See all rules'), '.'),
    );
    return { node, title: 'No such group', shown: () => {} };
  }
  const own = data.rules.filter((rule) => data.groups[rule.group] === group);
  const list = ruleTable(data, app, `Rules of ${group.name}`, false);
  const tally = data.actions
    .map((action) => [action, own.filter((rule) => rule.action === action).length])
    .filter(([, n]) => n > 0);
  const share = coverage(group);
  const node = h(
    'section',
    { 'aria-labelledby': 'view-title' },
    h('p', { class: 'crumb' }, h('a', { href: '#/rules' }, 'All rules')),
    h('h2', { id: 'view-title', tabindex: -1 }, group.name),
    h(
      'p',
      { class: 'hint' },
      [group.id, `account ${group.account}`, group.region, group.vpc, group.team === null ? null : `team ${group.team}`]
        .filter(Boolean)
        .join(' · '),
    ),
    h(
      'p',
      { class: 'chips' },
      tally.map(([action, n]) => [chip(data, action), ` ${n} `]),
    ),
    h(
      'dl',
      { class: 'facts' },
      fact(
        'Allowed IPv4 space',
        group.before === group.after
          ? `${large(group.before)} points, unchanged`
          : `${large(group.before)} → ${large(group.after)} points (${percent(1 - group.after / group.before)} less)`,
      ),
      fact(
        'Covered by logs',
        share === null
          ? 'nobody wore it'
          : `${percent(share)} of ${number(Math.ceil(group.expected))} interface-hours${group.skipped > 0 ? `; AWS skipped ${counted(group.skipped, 'record')}` : ''}`,
      ),
      fact('Worn by', counted(group.interfaces.length, 'interface')),
    ),
    h('h3', {}, 'Rules and their use'),
    list.node,
    own.some((rule) => rule.action === 'remove' || rule.action === 'narrow') ? sideBySide(app, own) : null,
    h('h3', {}, 'Who wears it'),
    wearers(data, group),
    data.explorer === null
      ? null
      : h('p', {}, h('a', { href: `#/flows?group=${encodeURIComponent(group.key)}` }, 'See its flows')),
  );
  return { node, title: group.name, shown: () => list.set(own) };
}

function fact(name, value) {
  return h('div', {}, h('dt', {}, name), h('dd', {}, value));
}

/** Before on the left, after on the right; what stays is on both sides. */
function sideBySide(app, own) {
  const line = (rule) => {
    const before = h(
      'li',
      { class: rule.action === 'remove' ? 'gone' : rule.action === 'narrow' ? 'cut' : null },
      h(
        'button',
        { type: 'button', class: 'open', onclick: () => app.openRule(rule.id) },
        h('code', {}, `${rule.dir} ${rule.text}`),
      ),
    );
    const after =
      rule.action === 'remove'
        ? [h('li', { class: 'gone' }, h('span', {}, 'removed'))]
        : rule.action === 'narrow'
          ? rule.instead.map((text) => h('li', { class: 'new' }, h('code', {}, `${rule.dir} ${text}`)))
          : [h('li', {}, h('code', {}, `${rule.dir} ${rule.text}`))];
    return h(
      'div',
      { class: 'pair' },
      h('ul', { 'aria-label': 'before' }, before),
      h('ul', { 'aria-label': 'after' }, after),
    );
  };
  const sources = own.filter((rule) => rule.source?.edits?.length > 0);
  return h(
    'div',
    {},
    h('h3', {}, 'Proposals, before and after'),
    h(
      'div',
      { class: 'pairs card' },
      h('div', { class: 'pair heads', 'aria-hidden': true }, h('span', {}, 'before'), h('span', {}, 'after')),
      own.map(line),
    ),
    sources.length === 0 ? null : h('h3', {}, 'In the source'),
    sources.map((rule) =>
      h(
        'div',
        { class: 'card source' },
        h('p', {}, h('code', {}, `${rule.dir} ${rule.text}`)),
        sourceBlock(rule.source),
      ),
    ),
  );
}

const SHOWN = 200;

function wearers(data, group) {
  if (group.interfaces.length === 0)
    return h('p', { class: 'hint' }, 'No interface wore it within the window, so nothing could be seen.');
  const rows = group.interfaces.slice(0, SHOWN).map((id) => {
    const known = data.interfaces[id];
    return [h('code', {}, id), known?.type ?? '–', known?.address ?? '–', known?.description ?? '–'];
  });
  const more = group.interfaces.length - rows.length;
  const table = plainTable('Interfaces that wore the group', ['Interface', 'Type', 'Address', 'Description'], rows);
  table.className = 'words';
  return h(
    'div',
    {},
    sideways('Interfaces that wore the group', table),
    more > 0 ? h('p', { class: 'hint' }, `and ${counted(more, 'more', 'more')}`) : null,
  );
}
