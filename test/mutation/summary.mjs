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

/** `file:line:column kind: what stood there -> what stands there instead`, for each mutant that nobody noticed. */
export function survivorsOf(reports) {
  const out = [];
  for (const report of reports) {
    for (const [path, { mutants, source }] of Object.entries(report.files)) {
      const lines = source.split('\n');
      const missed = mutants.filter((m) => m.status === 'Survived' || m.status === 'NoCoverage');
      missed.sort(
        (a, b) => a.location.start.line - b.location.start.line || a.location.start.column - b.location.start.column,
      );
      for (const m of missed) {
        const { start, end } = m.location;
        const was =
          start.line === end.line
            ? lines[start.line - 1].slice(start.column - 1, end.column - 1)
            : `${lines[start.line - 1].slice(start.column - 1)} …`;
        const never = m.status === 'NoCoverage' ? ' (never run)' : '';
        out.push(
          `${path}:${start.line}:${start.column} ${m.mutatorName}${never}: ${was} -> ${m.replacement}`.replaceAll(
            /\s+/g,
            ' ',
          ),
        );
      }
    }
  }
  return `${out.join('\n')}\n`;
}
