// The sums behind the views. Pure: tests import this file as it is and compare with the findings document.

/** Rows of the heat map: a group and a direction, its records by day or week. A record that two rules let in counts for both. */
export function heatRows(rules, groups, days, span, whole = new Map()) {
  const cells = Math.ceil(days / span);
  const cellOf = Int32Array.from({ length: days }, (_, day) => Math.min(cells - 1, Math.floor(day / span)));
  // One row for each group and direction, found by number; the sums of all in one array.
  const at = new Int32Array(groups.length * 2).fill(-1);
  const keys = [];
  const counts = [];
  for (const rule of rules) {
    const key = rule.group * 2 + (rule.dir === 'ingress' ? 0 : 1);
    if (at[key] < 0) {
      at[key] = keys.length;
      keys.push(key);
      counts.push(0);
    }
    counts[at[key]] += 1;
  }
  // A row whose rules all fit is the same as without a filter: `whole` has it.
  const known = keys.map((key, i) => (whole.get(key)?.rules === counts[i] ? whole.get(key) : null));
  const sums = new Float64Array(keys.length * cells);
  for (const rule of rules) {
    const row = at[rule.group * 2 + (rule.dir === 'ingress' ? 0 : 1)];
    if (known[row] !== null) continue;
    const first = row * cells;
    const { perDay } = rule.use;
    for (let i = 0; i < perDay.length; i += 2) sums[first + cellOf[perDay[i]]] += perDay[i + 1];
  }
  const rows = keys.map((key, i) => {
    if (known[i] !== null) return known[i];
    const own = sums.subarray(i * cells, (i + 1) * cells);
    let total = 0;
    let most = 0;
    let used = 0;
    for (let c = 0; c < cells; c += 1) {
      const records = own[c];
      total += records;
      if (records > 0) used += 1;
      if (records > most) most = records;
    }
    return {
      key,
      group: groups[key >> 1],
      dir: key % 2 === 0 ? 'ingress' : 'egress',
      rules: counts[i],
      total,
      most,
      used,
      cells: own,
    };
  });
  return rows.sort((a, b) => a.key - b.key);
}

/** Logarithmic: a nightly job must show beside a load balancer. 0 only for no record. */
export function shade(records, most) {
  if (records === 0) return 0;
  return Math.min(5, 1 + Math.floor((Math.log1p(records) / Math.log1p(most)) * 4.999));
}

/** Rules and allowed space by account, VPC, group or team; what shrinks most first. */
export function spaceBy(rules, groups, keyOf) {
  const rows = new Map();
  for (const group of groups) {
    const key = keyOf(group);
    const row = rows.get(key) ?? {
      key,
      groups: [],
      rules: 0,
      remove: 0,
      narrow: 0,
      review: 0,
      keep: 0,
      before: 0,
      after: 0,
      observed: 0,
      expected: 0,
    };
    rows.set(key, row);
    row.groups.push(group);
    row.before += group.before;
    row.after += group.after;
    row.observed += group.observed;
    row.expected += group.expected;
  }
  for (const rule of rules) {
    const row = rows.get(keyOf(groups[rule.group]));
    row.rules += 1;
    row[rule.action] += 1;
  }
  return [...rows.values()].sort(
    (a, b) =>
      b.before - b.after - (a.before - a.after) ||
      b.remove + b.narrow - (a.remove + a.narrow) ||
      (a.key < b.key ? -1 : 1),
  );
}

/** [records, bytes] of a flow within periods from (inclusive) to (inclusive). */
export function within(flow, from, to) {
  let records = 0;
  let bytes = 0;
  for (const [period, r, b] of flow.periods) {
    if (period < from || period > to) continue;
    records += r;
    bytes += b;
  }
  return [records, bytes];
}

/**
 * Flows that fit, each with its records and bytes in the time chosen. `unclear` keeps those whose opener is not known: half of what
 * they hold may be replies.
 */
export function chooseFlows(explorer, filter) {
  const out = [];
  for (const flow of explorer.flows) {
    if (!filter.unclear && flow.opened === 'unknown') continue;
    if (filter.interfaces !== null && !filter.interfaces.has(flow.interfaceId)) continue;
    if (filter.opened !== '' && flow.opened !== filter.opened) continue;
    if (filter.action !== '' && flow.action !== filter.action) continue;
    if (filter.only.interfaceId !== undefined && flow.interfaceId !== filter.only.interfaceId) continue;
    if (filter.only.protocol !== undefined && flow.protocol !== filter.only.protocol) continue;
    if (filter.only.port !== undefined && flow.port !== filter.only.port) continue;
    if (filter.only.peer !== undefined && flow.peer !== filter.only.peer) continue;
    const [records, bytes] = within(flow, filter.from, filter.to);
    if (records > 0) out.push({ flow, records, bytes });
  }
  return out;
}

/** Sums by a key, largest by `metric` first. */
export function sumBy(chosen, keyOf, metric) {
  const rows = new Map();
  for (const one of chosen) {
    const key = keyOf(one.flow);
    const name = String(key);
    const row = rows.get(name) ?? { key, records: 0, bytes: 0, accepted: 0, rejected: 0 };
    rows.set(name, row);
    row.records += one.records;
    row.bytes += one.bytes;
    if (one.flow.action === 'ACCEPT') row.accepted += one[metric];
    else row.rejected += one[metric];
  }
  return [...rows.values()].sort((a, b) => b[metric] - a[metric] || (String(a.key) < String(b.key) ? -1 : 1));
}

/** The flow diagram: four columns of nodes and the bands between neighbours; each column has its largest nodes and `others`. */
export function diagram(chosen, columnsOf, metric, most) {
  const paths = chosen.map((one) => ({
    names: columnsOf(one.flow),
    value: one[metric],
    rejected: one.flow.action !== 'ACCEPT',
  }));
  const columns = [0, 1, 2, 3].map((at) => {
    const sums = new Map();
    for (const path of paths) sums.set(path.names[at], (sums.get(path.names[at]) ?? 0) + path.value);
    const sorted = [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const nodes = sorted.slice(0, most).map(([name, value]) => ({ name, value, others: 0 }));
    const rest = sorted.slice(most);
    if (rest.length > 0) {
      const value = rest.reduce((sum, [, n]) => sum + n, 0);
      nodes.push({ name: 'others', value, others: rest.length });
    }
    return { nodes, index: new Map(nodes.filter((n) => n.others === 0).map((node, i) => [node.name, i])) };
  });
  const bands = new Map();
  for (const path of paths) {
    const at = path.names.map((name, i) => columns[i].index.get(name) ?? columns[i].nodes.length - 1);
    for (let i = 0; i < 3; i += 1) {
      const key = `${i}|${at[i]}|${at[i + 1]}|${path.rejected}`;
      const band = bands.get(key) ?? { column: i, from: at[i], to: at[i + 1], rejected: path.rejected, value: 0 };
      bands.set(key, band);
      band.value += path.value;
    }
  }
  const sorted = [...bands.values()].sort(
    (a, b) => a.column - b.column || a.from - b.from || a.to - b.to || Number(a.rejected) - Number(b.rejected),
  );
  return {
    columns: columns.map(({ nodes }) => nodes),
    bands: sorted,
    total: paths.reduce((sum, path) => sum + path.value, 0),
  };
}
