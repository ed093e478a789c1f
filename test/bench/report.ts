import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { arch, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BARS, type BarName } from './bars.ts';

/** One line of the table. */
export interface Figure {
  name: string;
  /** Seconds of CPU and of wall; null where only the value counts. */
  cpu: number | null;
  wall: number | null;
  rss: number | null;
  /** What it is held against, and its CPU seconds. */
  against: { name: string; cpu: number } | null;
  bar: BarName | null;
  /** In the bar's unit. */
  value: number | null;
}

const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const HISTORY = fileURLToPath(new URL('../../docs/performance-history.jsonl', import.meta.url));
const [BEGIN, END] = ['<!-- bench: begin -->', '<!-- bench: end -->'];

/** The machine, without anything that names it. */
export function machine(): string {
  const all = cpus();
  return `${all.length} cores of ${all[0]?.model.trim() ?? 'an unknown kind'} (${arch()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, Node ${process.versions.node}`;
}

export function holds(bar: BarName, value: number): boolean {
  const { limit, atLeast } = BARS[bar];
  return atLeast === true ? value >= limit : value <= limit;
}

export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { bar, value, against } = figure;
    const { limit, unit, atLeast } = bar === null ? { limit: 0, unit: '×', atLeast: false } : BARS[bar];
    const ratio = against !== null && figure.cpu !== null ? `${short(figure.cpu / against.cpu)} ×` : '';
    return [
      figure.name,
      figure.cpu === null ? '' : `${short(figure.cpu)} s`,
      figure.wall === null ? '' : `${short(figure.wall)} s`,
      figure.rss === null ? '' : `${Math.round(figure.rss / 1e6)} MB`,
      against === null ? '' : `${against.name}: ${short(against.cpu)} s`,
      ratio,
      bar === null || value === null
        ? ''
        : `${atLeast === true ? 'at least' : 'at most'} ${limit} ${unit}: ${short(value)} ${unit}, ${holds(bar, value) ? 'held' : '**missed**'}`,
    ];
  });
  const head = ['work', 'CPU', 'wall', 'memory', 'baseline (CPU)', 'ratio', 'bar'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

interface Entry {
  date: string;
  machine: string;
  about: string;
  figures: Figure[];
}

/** Adds the figures to the history, and writes the table of docs/performance.md from the newest of each part. */
export async function publish(figures: readonly Figure[], about: string, date: string): Promise<void> {
  const entry: Entry = { date, machine: machine(), about, figures: figures.map(rounded) };
  await appendFile(HISTORY, `${JSON.stringify(entry)}\n`);
  const history = (await readFile(HISTORY, 'utf8'))
    .trim()
    .split('\n')
    .map((line): Entry => JSON.parse(line));
  const parts = new Map<string, Entry>();
  for (const one of history) parts.set(`${one.figures[0]?.name}`, one);
  const latest = [...parts.values()].filter((one) => one.machine === entry.machine);
  const all = latest.flatMap((one) => one.figures);
  const missed = all.flatMap(({ bar, value }) => {
    if (bar === null || value === null || holds(bar, value)) return [];
    const { limit, unit, missed: why } = BARS[bar];
    return [`- **${bar}** (${short(value)} ${unit} against ${limit} ${unit}): ${why ?? 'not explained yet.'}`];
  });
  const text = [
    BEGIN,
    `${machine()}.`,
    ...latest.flatMap((one) => ['', `${one.date}: ${one.about}`, '', tableOf(one.figures)]),
    '',
    ...(missed.length === 0 ? [] : ['### Missed', '', ...missed, '']),
    END,
  ].join('\n');
  const old = await readFile(DOCUMENT, 'utf8');
  const [from, to] = [old.indexOf(BEGIN), old.indexOf(END)];
  if (from < 0 || to < 0) throw new Error('docs/performance.md has lost its marks for the bench');
  await writeFile(DOCUMENT, old.slice(0, from) + text + old.slice(to + END.length));
}

function rounded(figure: Figure): Figure {
  const of = (value: number | null) => (value === null ? null : round(value));
  const { against } = figure;
  return {
    ...figure,
    cpu: of(figure.cpu),
    wall: of(figure.wall),
    value: of(figure.value),
    against: against === null ? null : { ...against, cpu: round(against.cpu) },
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function short(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
