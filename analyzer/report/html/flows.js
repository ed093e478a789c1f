// The flow explorer: what the records were, by interface, protocol, port and peer.

import { bytes, counted, h, number, percent, plainTable, select, sideways, svg } from './dom.js';
import { chooseFlows, diagram, sumBy } from './figures.js';

const TOP = 15;
const NODES = 9;

export function flowsView(data, query) {
  const { explorer } = data;
  if (explorer === null) {
    const node = h(
      'section',
      { 'aria-labelledby': 'view-title' },
      h('h2', { id: 'view-title', tabindex: -1 }, 'Flows'),
      h('p', {}, 'These findings hold no flows. Run pare analyze again with this version to see them.'),
    );
    return { node, title: 'Flows', shown: () => {} };
  }
  const only = {};
  const periodName = (at) => {
    const first = Date.parse(`${explorer.firstDay}T00:00:00Z`) + at * explorer.periodDays * 86400000;
    return new Date(first).toISOString().slice(0, 10);
  };
  const lastOf = (at) => {
    const last = Date.parse(`${explorer.firstDay}T00:00:00Z`) + ((at + 1) * explorer.periodDays - 1) * 86400000;
    const text = new Date(last).toISOString().slice(0, 10);
    return text > data.lastDay ? data.lastDay : text;
  };
  const periods = Array.from({ length: explorer.periods }, (_, at) => at);
  const group = select(
    'Group',
    [
      ['', 'all'],
      ...data.groups
        .filter((one) => one.interfaces.length > 0)
        .map((one) => [one.key, data.severalPlaces ? `${one.name} (${one.account} ${one.region})` : one.name]),
    ],
    change,
  );
  const opened = select(
    'Direction',
    [
      ['', 'both'],
      ['inbound', 'opened inwards'],
      ['outbound', 'opened outwards'],
    ],
    change,
  );
  const action = select(
    'Accepted or refused',
    [
      ['', 'both'],
      ['ACCEPT', 'accepted'],
      ['REJECT', 'refused'],
    ],
    change,
  );
  const from = select(
    'From',
    periods.map((at) => [at, periodName(at)]),
    change,
  );
  const to = select(
    'to',
    periods.map((at) => [at, lastOf(at)]),
    change,
  );
  to.node.value = String(explorer.periods - 1);
  const metric = select(
    'Measure',
    [
      ['records', 'records'],
      ['bytes', 'bytes'],
    ],
    change,
  );
  const unclear = h('input', { type: 'checkbox', id: 'unclear', onchange: change });
  const wanted = query.get('group');
  if (wanted !== null) group.node.value = wanted;
  const count = h('p', { class: 'count', role: 'status' });
  const chips = h('div', { class: 'chips' });
  const out = h('div', {});

  function change() {
    const measure = metric.node.value;
    const chosenGroup = data.groups.find((one) => one.key === group.node.value);
    const first = Number(from.node.value);
    const filter = {
      interfaces: chosenGroup === undefined ? null : new Set(chosenGroup.interfaces),
      opened: opened.node.value,
      action: action.node.value,
      from: first,
      to: Math.max(first, Number(to.node.value)),
      unclear: unclear.checked,
      only,
    };
    const chosen = chooseFlows(explorer, filter);
    const total = (key, value) =>
      chosen.reduce((sum, one) => sum + (value === undefined || one.flow.action === value ? one[key] : 0), 0);
    const left = unclear.checked
      ? 0
      : chooseFlows(explorer, { ...filter, unclear: true }).reduce((sum, one) => sum + one.records, 0) -
        total('records');
    count.textContent = `${counted(total('records'), 'record')}, ${bytes(total('bytes'))}${left > 0 ? `; ${number(left)} that may be replies left out` : ''}`;
    chips.replaceChildren(
      ...Object.entries(only).map(([key, value]) =>
        h(
          'button',
          {
            type: 'button',
            class: 'pill',
            onclick: () => {
              delete only[key];
              change();
            },
          },
          `only ${NAMES[key]} ${value ?? 'not shown'} `,
          h('span', { 'aria-hidden': true }, '×'),
          h('span', { class: 'unseen' }, 'remove filter'),
        ),
      ),
    );
    const show = (value) => (measure === 'bytes' ? bytes(value) : number(value));
    const lists = [
      ['Interfaces', 'interfaceId', (flow) => flow.interfaceId, (key) => interfaceName(data, key)],
      ['Protocols', 'protocol', (flow) => flow.protocol, (key) => key],
      ['Ports', 'port', (flow) => `${flow.protocol} ${flow.port ?? ''}`, (key) => portName(key)],
      ['Peers', 'peer', (flow) => flow.peer, (key) => peerName(data, key)],
    ];
    out.replaceChildren(
      verdicts(
        total('records', 'ACCEPT'),
        total('records', 'REJECT'),
        total('bytes', 'ACCEPT'),
        total('bytes', 'REJECT'),
        data.explorer.periods * data.explorer.periodDays > REFUSED_DAYS,
      ),
      h('h3', {}, 'Who calls whom'),
      chosen.length === 0
        ? h('p', { class: 'none card' }, 'No record fits the filter.')
        : flowDiagram(data, chosen, measure, show),
      h(
        'div',
        { class: 'grid' },
        lists.map(([title, key, keyOf, nameOf]) =>
          barList(title, sumBy(chosen, keyOf, measure), measure, show, nameOf, (row) => {
            if (key === 'port') {
              const [protocol, port] = row.key.split(' ');
              only.protocol = protocol;
              only.port = port === '' ? null : Number(port);
            } else only[key] = row.key;
            change();
          }),
        ),
      ),
    );
  }

  const node = h(
    'section',
    { 'aria-labelledby': 'view-title' },
    h('h2', { id: 'view-title', tabindex: -1 }, 'Flows'),
    h(
      'p',
      { class: 'hint' },
      `Connections as they were opened: replies are counted with the connection that they answer and never shown as flows of their own. Where both ends are logged interfaces, both have recorded it.${explorer.together > 0 ? ` ${counted(explorer.together, 'small flow')} of ${counted(explorer.flows.length, 'row')} here are told together.` : ''}`,
    ),
    h(
      'div',
      { class: 'tools', role: 'search', 'aria-label': 'Filter' },
      group.field,
      opened.field,
      action.field,
      from.field,
      to.field,
      metric.field,
      h('label', { class: 'pill' }, unclear, 'with records whose opener is unclear'),
      count,
    ),
    chips,
    out,
  );
  return { node, title: 'Flows', shown: change };
}

const NAMES = { interfaceId: 'interface', protocol: 'protocol', port: 'port', peer: 'peer' };

function interfaceName(data, id) {
  if (id === null || id === 'null') return 'other interfaces';
  const known = data.interfaces[id];
  const words = known?.description || known?.type;
  return words ? `${words} (${known.address ?? id})` : id;
}

/** By the interface that has the address, where it is known. */
function peerName(data, address) {
  if (address === null) return 'other peers';
  const owner = data.byAddress.get(address);
  return owner === undefined ? address : interfaceName(data, owner);
}

function portName(key) {
  const [protocol, port] = key.split(' ');
  return port === '' ? `${protocol}, no port shown` : key;
}

/** Refused records are kept of this many days at the window's end (usage/refused.ts). */
const REFUSED_DAYS = 15;

/** Accepted against refused, as a bar and in words; `late`: the refused ones are of the last days only, and no share of the others. */
function verdicts(accepted, refused, acceptedBytes, refusedBytes, late) {
  const all = Math.max(1, accepted + refused);
  const width = (accepted / all) * 1000;
  return h(
    'div',
    { class: 'verdicts' },
    late
      ? ''
      : svg(
          'svg',
          { class: 'share', viewBox: '0 0 1000 10', preserveAspectRatio: 'none', 'aria-hidden': true },
          svg('rect', { class: 'keep', x: 0, y: 0, width: Math.max(0, width - 2), height: 10 }),
          svg('rect', { class: 'remove', x: width, y: 0, width: 1000 - width, height: 10 }),
        ),
    h(
      'p',
      {},
      h('strong', { id: 'accepted' }, number(accepted)),
      ` accepted (${bytes(acceptedBytes)}), `,
      h('strong', { id: 'refused' }, number(refused)),
      late
        ? ` refused in the last ${REFUSED_DAYS} days (${bytes(refusedBytes)})`
        : ` refused (${bytes(refusedBytes)}), ${percent(refused / all)}`,
    ),
  );
}

function barList(title, rows, measure, show, nameOf, pick) {
  const most = Math.max(1, rows[0]?.[measure] ?? 0);
  const top = rows.slice(0, TOP);
  const rest = rows.slice(TOP);
  return h(
    'section',
    { class: 'card bars', 'aria-label': title },
    h('h3', {}, title),
    h(
      'ol',
      {},
      top.map((row) =>
        h(
          'li',
          {},
          h(
            'button',
            { type: 'button', class: 'open', title: 'Show only these', onclick: () => pick(row) },
            nameOf(row.key),
          ),
          h('span', { class: 'num' }, show(row[measure])),
          svg(
            'svg',
            { viewBox: '0 0 1000 6', preserveAspectRatio: 'none', 'aria-hidden': true },
            svg('rect', { class: 'keep', x: 0, y: 0, width: (row.accepted / most) * 1000, height: 6 }),
            svg('rect', {
              class: 'remove',
              x: (row.accepted / most) * 1000,
              y: 0,
              width: (row.rejected / most) * 1000,
              height: 6,
            }),
          ),
        ),
      ),
    ),
    rest.length > 0
      ? h(
          'p',
          { class: 'hint' },
          `and ${counted(rest.length, 'other')}: ${show(rest.reduce((sum, row) => sum + row[measure], 0))}`,
        )
      : null,
    rows.length === 0 ? h('p', { class: 'hint' }, 'none') : null,
  );
}

/** Source, protocol, port, destination as four columns with bands between them, and the same as a table. */
function flowDiagram(data, chosen, measure, show) {
  const own = (flow) => interfaceName(data, flow.interfaceId);
  const peer = (flow) => peerName(data, flow.peer);
  const columnsOf = (flow) => [
    flow.opened === 'outbound' ? own(flow) : peer(flow),
    flow.protocol,
    flow.port === null ? 'no port' : String(flow.port),
    flow.opened === 'outbound' ? peer(flow) : own(flow),
  ];
  const { columns, bands, total } = diagram(chosen, columnsOf, measure, NODES);
  const height = 460;
  const gap = 10;
  const x = [215, 420, 600, 790];
  const placed = columns.map((nodes) => {
    const room = height - gap * (nodes.length - 1) - 30;
    let y = 30;
    return nodes.map((node) => {
      const tall = Math.max(2, (node.value / total) * room);
      const at = { ...node, y, tall, scale: ((node.value / total) * room) / Math.max(1, node.value), out: y, in: y };
      y += tall + gap;
      return at;
    });
  });
  const drawn = bands.map((band) => {
    const a = placed[band.column][band.from];
    const b = placed[band.column + 1][band.to];
    const left = band.value * a.scale;
    const right = band.value * b.scale;
    const x1 = x[band.column] + 10;
    const x2 = x[band.column + 1];
    const middle = (x1 + x2) / 2;
    const d = `M${x1} ${r(a.out)}C${middle} ${r(a.out)} ${middle} ${r(b.in)} ${x2} ${r(b.in)}V${r(b.in + right)}C${middle} ${r(b.in + right)} ${middle} ${r(a.out + left)} ${x1} ${r(a.out + left)}z`;
    a.out += left;
    b.in += right;
    return svg(
      'path',
      { class: band.rejected ? 'band refused' : 'band', d },
      svg('title', {}, `${name(a)} → ${name(b)}: ${show(band.value)}${band.rejected ? ' refused' : ''}`),
    );
  });
  const nodes = placed.flatMap((column, i) =>
    column.map((node) => [
      svg('rect', { class: 'node', x: x[i], y: r(node.y), width: 10, height: r(node.tall) }),
      svg(
        'text',
        {
          x: i === 0 ? x[i] - 8 : x[i] + 18,
          y: r(node.y + node.tall / 2 + 4),
          'text-anchor': i === 0 ? 'end' : 'start',
        },
        cut(name(node), i === 1 || i === 2 ? 16 : 25),
      ),
    ]),
  );
  const titles = ['source', 'protocol', 'port', 'destination'].map((text, i) =>
    svg(
      'text',
      { class: 'title', x: i === 0 ? x[i] + 10 : x[i], y: 14, 'text-anchor': i === 0 ? 'end' : 'start' },
      text,
    ),
  );
  const tall = Math.max(height, ...placed.map((column) => (column.at(-1)?.y ?? 0) + (column.at(-1)?.tall ?? 0) + 8));
  const picture = svg(
    'svg',
    {
      class: 'sankey',
      viewBox: `0 0 1000 ${r(tall)}`,
      role: 'img',
      'aria-label':
        'Flow diagram of source, protocol, port and destination; the same figures are in the table below it',
    },
    titles,
    drawn,
    nodes,
  );
  const rows = sumBy(chosen, (flow) => columnsOf(flow).join(' → '), measure)
    .slice(0, 40)
    .map((row) => [row.key, number(row.records), bytes(row.bytes), number(measure === 'records' ? row.rejected : 0)]);
  const heads = ['Source → protocol → port → destination', 'Records', 'Bytes', 'Refused'];
  const wide = measure === 'records' ? rows : rows.map((row) => row.slice(0, 3));
  return h(
    'div',
    {},
    sideways('Flow diagram', picture),
    h(
      'details',
      {},
      h('summary', {}, 'The largest as a table'),
      sideways('Largest flows', plainTable('Largest flows', measure === 'records' ? heads : heads.slice(0, 3), wide)),
    ),
  );
}

function name(node) {
  return node.others > 0 ? counted(node.others, 'other') : node.name;
}

function cut(text, most) {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

function r(value) {
  return Math.round(value * 10) / 10;
}
