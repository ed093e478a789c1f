/** Numbers of one or more mutants' outcomes, as Stryker scores them; mutants that do not count (ignored) are told apart. */
function tally(mutants) {
  const count = (status) => mutants.filter((m) => m.status === status).length;
  const [killed, timeout, survived, uncovered] = ['Killed', 'Timeout', 'Survived', 'NoCoverage'].map(count);
  const all = killed + timeout + survived + uncovered;
  return {
    all,
    noticed: killed + timeout,
    timeout,
    survived,
    uncovered,
    ignored: mutants.length - all,
    fixed: mutants.filter((m) => m.static === true).length,
    share: all === 0 ? 1 : (killed + timeout) / all,
    percent: all === 0 ? '-' : ((100 * (killed + timeout)) / all).toFixed(1),
  };
}

const mutantsOf = (report) => Object.values(report.files).flatMap((file) => file.mutants);

export const score = (report) => tally(mutantsOf(report));

/** A table by file, folder and all; `worst` is the least score in percent of a folder or all. */
export function summaryOf(reports) {
  const folders = new Map();
  const rows = [];
  for (const report of reports) {
    for (const [path, { mutants }] of Object.entries(report.files)) {
      const folder = path.split('/')[1];
      folders.set(folder, [...(folders.get(folder) ?? []), ...mutants]);
      rows.push([path.replace('analyzer/', ''), tally(mutants)]);
    }
  }
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  const sums = [...folders].sort().map(([folder, mutants]) => [`**${folder}**`, tally(mutants)]);
  sums.push(['**together**', tally([...folders.values()].flat())]);
  const line = ([name, t]) =>
    `| ${name} | ${t.all} | ${t.noticed} | ${t.timeout} | ${t.survived} | ${t.uncovered} | ${t.ignored} | ${t.percent} |`;
  const text = [
    '| file | mutants | noticed | of these by endless loop | survived | never run | left out | score, % |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(line),
    ...sums.map(line),
    '',
  ].join('\n');
  return { text, worst: Math.min(...sums.map(([, t]) => 100 * t.share)) };
}

/**
 * What judged.json says of a survivor, by the text of its line, so that a judgement outlives lines that move: `equal`, `cost`, `guard`, `key`,
 * `words` or `gap` (docs/mutation.md); `?` where nobody has judged it.
 */
function judgementOf(path, line, judged) {
  return judged[path.replace('analyzer/', '')]?.[line.trim()] ?? '?';
}

function missedIn({ mutants }) {
  const missed = mutants.filter((m) => m.status === 'Survived' || m.status === 'NoCoverage');
  return missed.sort(
    (a, b) => a.location.start.line - b.location.start.line || a.location.start.column - b.location.start.column,
  );
}

/** `judgement file:line:column kind: what stood there -> what stands there instead`, for each mutant that nobody noticed. */
export function survivorsOf(reports, judged) {
  const out = [];
  for (const report of reports) {
    for (const [path, file] of Object.entries(report.files)) {
      const lines = file.source.split('\n');
      for (const m of missedIn(file)) {
        const { start, end } = m.location;
        const line = lines[start.line - 1];
        const was =
          start.line === end.line ? line.slice(start.column - 1, end.column - 1) : `${line.slice(start.column - 1)} …`;
        const never = m.status === 'NoCoverage' ? ' (never run)' : '';
        const what = `${path}:${start.line}:${start.column} ${m.mutatorName}${never}: ${was} -> ${m.replacement}`;
        out.push(`${judgementOf(path, line, judged)} ${what}`.replaceAll(/\s+/g, ' '));
      }
    }
  }
  return `${out.join('\n')}\n`;
}

/** For docs/mutation.md: of each file the lines with survivors by judgement, a line with several as often as it has. */
export function judgedList(reports, judged) {
  const sums = new Map();
  const out = [];
  for (const report of reports) {
    for (const [path, file] of Object.entries(report.files)) {
      const lines = file.source.split('\n');
      const kinds = new Map();
      for (const m of missedIn(file)) {
        const at = m.location.start.line;
        const kind = judgementOf(path, lines[at - 1], judged);
        sums.set(kind, (sums.get(kind) ?? 0) + 1);
        const known = kinds.get(kind) ?? new Map();
        known.set(at, (known.get(at) ?? 0) + 1);
        kinds.set(kind, known);
      }
      const said = [...kinds]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([kind, at]) => `${kind} ${[...at].map(([l, n]) => (n === 1 ? `${l}` : `${l} (${n})`)).join(', ')}`);
      if (said.length > 0) out.push(`- ${path.replace('analyzer/', '')}: ${said.join('; ')}`);
    }
  }
  const total = [...sums].sort(([, a], [, b]) => b - a).map(([kind, n]) => `${kind} ${n}`);
  return `${total.join(', ')}\n\n${out.sort().join('\n')}\n`;
}
