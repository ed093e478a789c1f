// The list of rules, and the filters that it shares with the heat map.

import { chip, counted, h, input, number, select, spark } from './dom.js';
import { cell } from './virtual.js';

/** A form whose `value()` is a filter of filter.js; `changed` is called after each change. */
export function ruleFilters(data, changed) {
  const search = input('Group, rule, address, team, reason', { type: 'search', class: 'search' }, changed);
  search.node.id = 'search';
  const boxes = data.actions.map((action) =>
    h('input', { type: 'checkbox', name: 'action', value: action, checked: true, onchange: changed }),
  );
  const direction = select(
    'Direction',
    [
      ['', 'both'],
      ['ingress', 'ingress'],
      ['egress', 'egress'],
    ],
    changed,
  );
  const protocols = [...new Set(data.rules.map((rule) => rule.proto))].sort();
  const protocol = select(
    'Protocol',
    [['', 'any'], ...protocols.map((p) => [p, p === '-1' ? 'all traffic' : p])],
    changed,
  );
  const port = input('Port allowed', { type: 'number', min: 0, max: 65535, class: 'small' }, changed);
  const least = input('Records at least', { type: 'number', min: 0, class: 'small' }, changed);
  const most = input('at most', { type: 'number', min: 0, class: 'small' }, changed);
  const accounts = [...new Set(data.groups.map((group) => group.account))].sort();
  const account = select('Account', [['', 'all'], ...accounts.map((a) => [a, a])], changed);
  const count = h('p', { class: 'count', role: 'status' });
  const whole = (field) => (field.node.value === '' || !field.node.validity.valid ? null : Number(field.node.value));
  const node = h(
    'div',
    { class: 'tools', role: 'search', 'aria-label': 'Filter' },
    search.field,
    h(
      'fieldset',
      {},
      h('legend', {}, 'Action'),
      boxes.map((box, i) =>
        h(
          'label',
          { class: 'pill' },
          box,
          data.actions[i],
          h('span', { class: 'n' }, number(data.tally[data.actions[i]])),
        ),
      ),
    ),
    direction.field,
    protocol.field,
    port.field,
    least.field,
    most.field,
    accounts.length > 1 ? account.field : null,
    count,
  );
  return {
    node,
    count,
    value: () => ({
      words: search.node.value.toLowerCase().split(/\s+/).filter(Boolean),
      actions: boxes.every((box) => box.checked)
        ? null
        : new Set(boxes.filter((box) => box.checked).map((box) => box.value)),
      direction: direction.node.value,
      protocol: protocol.node.value,
      port: whole(port),
      account: account.node.value,
      least: whole(least),
      most: whole(most),
    }),
  };
}

export function rulesView(data, app) {
  const filters = ruleFilters(data, change);
  const list = ruleTable(data, app, 'Rules that fit the filter');
  function change() {
    const filter = filters.value();
    const fit = data.rules.filter((rule) => app.fits(rule, data.groups[rule.group], filter));
    list.set(fit);
    filters.count.textContent = `${number(fit.length)} of ${counted(data.rules.length, 'rule')}`;
  }
  const node = h(
    'section',
    { 'aria-labelledby': 'view-title' },
    h('h2', { id: 'view-title', tabindex: -1 }, 'Rules'),
    h(
      'p',
      { class: 'hint' },
      'One line for each rule, what can go first. Open a rule for its use, evidence, replay and source; arrow keys move between rows.',
    ),
    filters.node,
    list.node,
  );
  return { node, title: 'Rules', shown: change };
}

/** The same list everywhere: all rules, and those of one group. */
export function ruleTable(data, app, caption, withGroup = true) {
  const columns = [
    { title: 'Action', key: (rule) => data.actions.indexOf(rule.action) },
    { title: 'Rule', key: (rule) => rule.rule },
    ...(withGroup ? [{ title: 'Group', key: (rule) => data.groups[rule.group].name }] : []),
    { title: 'Allows', key: (rule) => rule.text },
    { title: 'Use', key: (rule) => rule.use.flows },
    { title: 'Why' },
  ];
  return app.virtualTable({
    caption,
    className: withGroup ? 'findings' : 'findings own',
    columns,
    height: 74,
    narrow: withGroup ? 226 : 192,
    none: 'No rule fits the filter.',
    row: (rule) => {
      const group = data.groups[rule.group];
      return [
        cell({ class: 'c-action' }, chip(data, rule.action)),
        cell(
          { class: 'c-rule' },
          h(
            'button',
            { type: 'button', class: 'open mono', 'aria-haspopup': 'dialog', onclick: () => app.openRule(rule.id) },
            rule.rule,
          ),
        ),
        withGroup
          ? cell(
              { class: 'c-group' },
              h('a', { href: app.groupHref(group) }, group.name),
              h('span', { class: 'sub' }, data.severalPlaces ? `${group.account} ${group.region}` : group.id),
            )
          : null,
        cell(
          { class: 'c-allows' },
          h('code', {}, rule.text),
          // Three lines in all: a row's height is fixed.
          rule.instead
            .slice(0, rule.instead.length > 2 ? 1 : 2)
            .map((text) => h('code', { class: 'instead' }, `→ ${text}`)),
          rule.instead.length > 2 ? h('span', { class: 'sub' }, `and ${rule.instead.length - 1} more`) : null,
        ),
        cell(
          { class: 'c-use' },
          spark(data, rule.use.perDay, 'spark', 28),
          h('span', { class: 'sub' }, rule.use.flows === 0 ? 'no record' : `${number(rule.use.flows)} records`),
        ),
        cell({ class: 'c-why' }, h('span', { class: 'three' }, rule.detail)),
      ];
    },
  });
}

/** Share of the hours that logs speak of; null where nobody wore the group. */
export function coverage(group) {
  return group.expected === 0 ? null : Math.min(1, group.observed / group.expected);
}
