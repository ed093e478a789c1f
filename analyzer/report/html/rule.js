// The panel of one rule: verdict, use, evidence, replay, frontier, source and pull request.

import { commandBlock } from './commands.js';
import { bytes, chip, counted, h, number, percent, plainTable, spark } from './dom.js';
import { coverage } from './rules.js';

export function rulePanel(data, app, rule, close) {
  const group = data.groups[rule.group];
  const { use } = rule;
  const share = coverage(group);
  return [
    h('button', { type: 'button', class: 'close', onclick: close }, 'Close'),
    chip(data, rule.action),
    h('h2', { id: 'panel-title', class: 'mono' }, rule.text),
    h(
      'p',
      { class: 'lead' },
      h('a', { href: app.groupHref(group), onclick: close }, group.name),
      ` (${group.id}), ${rule.dir}`,
    ),
    rule.desc ? h('p', { class: 'lead' }, `“${rule.desc}”`) : null,
    h('p', { class: 'detail' }, rule.detail),
    commandBlock(data, rule),
    rule.instead.length > 0 ? [h('h3', {}, 'Rules to write instead'), bullets(rule.instead)] : null,
    frontier(rule),
    rule.source ? [h('h3', {}, 'Where it is written'), sourceBlock(rule.source)] : null,
    rule.action === 'remove' || rule.action === 'narrow'
      ? [
          h('h3', {}, 'Replay'),
          h(
            'p',
            {},
            `All proposals of this run together: ${counted(data.replay.blocked, 'connection')} of ${number(data.replay.connections)} would lose the last rule that allows it.`,
          ),
        ]
      : null,
    h('h3', {}, 'Use by day'),
    largeSpark(data, rule),
    h('h3', {}, 'Traffic that it let in or could have'),
    pairs([
      ['Records', `${number(use.flows)} on ${counted(use.days, 'day')}`],
      ['Only this rule', `${counted(use.only, 'record')} that no other rule lets in`],
      ['Unclear', `${counted(use.unclear, 'record')} whose opener or peer is unclear; they count as use`],
      ['Volume', `${bytes(use.bytes)}, ${counted(use.packets, 'packet')}`],
      ['First seen', use.first ?? 'never'],
      ['Last seen', use.last ?? 'never'],
    ]),
    rule.evidence.length > 0
      ? [
          h('h3', {}, 'How it is known who opened the connections'),
          plainTable(
            'Evidence',
            ['Evidence', 'Records'],
            rule.evidence.map(([meaning, n]) => [meaning, number(n)]),
          ),
        ]
      : null,
    use.peers.length > 0
      ? [
          h('h3', {}, 'Peers seen most'),
          plainTable(
            'Peers',
            ['Address', 'Records', 'Bytes'],
            use.peers.map(([address, n, b]) => [address, number(n), bytes(b)]),
          ),
        ]
      : null,
    use.ports.length > 0
      ? [
          h('h3', {}, 'Ports seen most'),
          plainTable(
            'Ports',
            ['Port', 'Records', 'Bytes'],
            use.ports.map(([protocol, port, n, b]) => [`${protocol} ${port ?? 'any'}`, number(n), bytes(b)]),
          ),
        ]
      : null,
    h('h3', {}, 'Coverage by flow logs'),
    pairs([
      ['Covered', share === null ? 'no interface wore the group' : percent(share)],
      ['Hours', `${number(Math.floor(group.observed))} of ${number(Math.ceil(group.expected))} interface-hours`],
      ['Skipped', `${counted(group.skipped, 'record')} that AWS reports as lost`],
      [
        'Interfaces',
        group.interfaces.slice(0, 20).join(', ') +
          (group.interfaces.length > 20 ? ` and ${group.interfaces.length - 20} more` : '') || 'none',
      ],
    ]),
    h('h3', {}, 'Names'),
    pairs([
      ['Rule', rule.rule],
      ['Account', `${group.account}, ${group.region}`],
      ['Reason', rule.reason],
      ['Confidence', percent(rule.conf)],
      ['Finding', rule.id],
    ]),
  ]
    .flat(3)
    .filter(Boolean);
}

/** How few rules against how little space: what each number of rules would leave open. */
function frontier(rule) {
  const points = rule.frontier;
  if (!points || points.length === 0) return null;
  const chosen = Math.max(
    0,
    points.findIndex((point) => point.chosen),
  );
  const out = h('div', { class: 'frontier-now', role: 'status' });
  const slider = h('input', {
    type: 'range',
    id: 'frontier',
    min: 0,
    max: points.length - 1,
    step: 1,
    value: chosen,
    oninput: show,
  });
  function show() {
    const point = points[Number(slider.value)];
    slider.setAttribute('aria-valuetext', `${counted(point.rules, 'rule')}, ${percent(point.space)} stays open`);
    out.replaceChildren(
      h(
        'p',
        {},
        `${counted(point.rules, 'rule')}: ${percent(point.space)} of what the rule allows stays open${point.chosen ? ', as proposed' : ''}`,
      ),
      bullets(point.instead),
    );
  }
  show();
  return [
    h('h3', {}, 'Fewer rules or less space'),
    h(
      'label',
      { for: 'frontier', class: 'hint' },
      'From the fewest rules to the least space; the proposal stays as it is',
    ),
    slider,
    out,
  ];
}

/** File and line, the edit, and the pull request; or why there is no edit. */
export function sourceBlock(source) {
  const at = source.file === undefined || source.file === '' ? null : h('code', {}, `${source.file}:${source.line}`);
  return h(
    'div',
    { class: 'where' },
    h('p', {}, at, source.address ? [' ', h('span', { class: 'sub' }, source.address)] : null),
    (source.refused ?? []).map((text) => h('p', {}, `No edit: ${text}`)),
    (source.edits ?? []).map((edit) =>
      h(
        'pre',
        { class: 'diff', tabindex: 0, 'aria-label': `Edit of ${edit.file}` },
        h('span', { class: 'file' }, `${edit.file}\n`),
        lines(edit.removed).map((text) => h('del', {}, `- ${text}\n`)),
        lines(edit.inserted).map((text) => h('ins', {}, `+ ${text}\n`)),
      ),
    ),
    source.pullRequest
      ? h('p', {}, h('a', { href: source.pullRequest, rel: 'noreferrer noopener' }, 'Pull request'))
      : null,
  );
}

function lines(text) {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function bullets(texts) {
  return h(
    'ul',
    { class: 'bullets' },
    texts.map((text) => h('li', {}, h('code', {}, text))),
  );
}

function pairs(entries) {
  return h(
    'dl',
    {},
    entries.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}

function largeSpark(data, rule) {
  let most = 0;
  for (let i = 1; i < rule.use.perDay.length; i += 2) most = Math.max(most, rule.use.perDay[i]);
  return [
    spark(data, rule.use.perDay, 'spark large', 56),
    h(
      'div',
      { class: 'axis' },
      h('span', {}, data.firstDay),
      h('span', {}, `most on one day: ${number(most)}`),
      h('span', {}, data.lastDay),
    ),
  ];
}
