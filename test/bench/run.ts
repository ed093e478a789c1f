import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { BARS } from './bars.ts';
import type { RuleHits } from './by-rule.ts';
import { filesOf } from './files.ts';
import { type BenchParameters, DEFAULTS } from './fleet.ts';
import { type BenchData, benchData } from './generate.ts';
import { median, NODE, runNode, runShell, type Usage } from './measure.ts';
import { type Figure, holds, publish, tableOf } from './report.ts';
import { measureSource } from './source.ts';

const { values: options } = parseArgs({
  options: {
    records: { type: 'string' },
    days: { type: 'string' },
    large: { type: 'boolean' },
    runs: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean' },
  },
});
const records = options.large === true ? 50_000_000 : Number(options.records ?? DEFAULTS.records);
const parameters: BenchParameters = { ...DEFAULTS, records, days: Number(options.days ?? DEFAULTS.days) };
const runs = Number(options.runs ?? 3);
const PARE = fileURLToPath(new URL('../../bot/cli/pare.mjs', import.meta.url));
const TASK = fileURLToPath(new URL('./task.ts', import.meta.url));
const FLOWLOGS = fileURLToPath(new URL('../../analyzer/flowlogs', import.meta.url));
const FINDINGS = 'findings.json';
/** Queries of the seeds' way that are asked; the rest is multiplied. */
const ASKED = 48;
const figures: Figure[] = [];
const analyses = new Map<string, Promise<Usage>>();
const note = (text: string) => process.stderr.write(`${text}\n`);
const wanted = (part: string) => options.only === undefined || options.only.split(',').includes(part);
const task = (...args: string[]) => median(runs, () => runNode([TASK, ...args]));

const temp = await mkdtemp(join(tmpdir(), 'pare-bench-out-'));
try {
  const data = await benchData(parameters, note);
  if (wanted('text')) await text(data);
  if (wanted('text-v2')) await textV2(data);
  if (wanted('parquet')) await parquet(data);
  if (wanted('others')) await others(data);
  if (wanted('analysis')) await analysis(data);
  if (wanted('steps')) await steps(data);
  if (wanted('scale')) await scale(data);
  if (wanted('sources')) await sources();
  if (wanted('help')) await help();
} finally {
  await rm(temp, { recursive: true, force: true });
}
const about = `${records.toLocaleString('en')} records of ${parameters.days} days, ${parameters.interfaces} interfaces, ${parameters.groups} groups, ${parameters.rules} rules; the median of ${runs} processes.`;
console.log(`${about}\n\n${tableOf(figures)}`);
if (options.write === true) await publish(figures, about, new Date().toISOString().slice(0, 10));
const broken = figures.filter(
  ({ bar, value }) => bar !== null && value !== null && !holds(bar, value) && BARS[bar].missed === undefined,
);
for (const { name } of broken) note(`missed, and not known to be: ${name}`);
process.exitCode = broken.length > 0 ? 1 : 0;

function ingest(from: string, inventory: string, ledger = join(temp, 'ledger'), times = runs): Promise<Usage> {
  return median(times, async () => {
    await rm(ledger, { recursive: true, force: true });
    return runNode([PARE, 'ingest', '--quiet', '--inventory', inventory, '--flow-logs', from, '--ledger', ledger]);
  });
}

async function text(data: BenchData): Promise<void> {
  note('text to ledger');
  const inflate = await task('inflate', data.v5);
  const usage = await ingest(data.v5, data.inventory);
  add('gz v5 text to daily ledger', usage, { name: 'inflating the same files', cpu: inflate.cpu }, 'text');
  figures.push(
    value(
      `the same: inflating alone ${million(inflate.cpu)} M records a CPU second, text to ledger ${million(usage.cpu)} M`,
    ),
  );
  figures.push({ ...value('the same, memory'), rss: usage.rss, bar: 'text-memory', value: (usage.rss ?? 0) / 1e6 });
}

async function textV2(data: BenchData): Promise<void> {
  const inflate = await task('inflate', data.v2);
  const floor = { name: 'inflating the same files', cpu: inflate.cpu };
  add('gz v2 text to daily ledger', await ingest(data.v2, data.inventory), floor, null);
}

async function parquet(data: BenchData): Promise<void> {
  note('Parquet to ledger');
  const group = await task('group-parquet', data.parquet);
  const floor = { name: "DuckDB's bare GROUP BY", cpu: group.cpu };
  add('Parquet to daily ledger', await ingest(data.parquet, data.inventory), floor, 'parquet');
}

async function others(data: BenchData): Promise<void> {
  note('what others do');
  const inflate = await task('inflate', data.v5);
  const floor = { name: 'inflating the same files', cpu: inflate.cpu };
  add("DuckDB's count over the v5 text", await task('count-text', data.v5), floor, null);
  const files = (await filesOf(data.v5)).paths;
  const sum = `awk 'NR > 1 { n[$3 " " $4 " " $7 " " $8 " " $13] += $10 } END { for (k in n) c++; print c }'`;
  const tenth = files.filter((_, n) => n % 10 === 0);
  const list = tenth.map((path) => `'${path}'`).join(' ');
  const awk = await runShell(`zcat ${list} | ${sum}`);
  add(
    'zcat and awk: sums by ends, port and protocol (a tenth of the files, scaled)',
    scaled(awk, files.length / tenth.length),
    floor,
    null,
  );
  const python = join(tmpdir(), 'pare-bench-venv', 'bin', 'flowlogs_reader');
  if (!existsSync(python)) {
    note(
      'Python flowlogs-reader is not there: pip install flowlogs-reader into pare-bench-venv of the temporary folder',
    );
    return;
  }
  const few = files.filter((_, n) => n % 50 === 0);
  const usage = await runShell(
    few.map((path) => `${python} --location-type file '${path}' findip 192.0.2.1 > /dev/null`).join('\n'),
  );
  add(
    `Python flowlogs-reader looking for one address (${few.length} of ${files.length} files, scaled)`,
    scaled(usage, files.length / few.length),
    floor,
    null,
  );
}

function scaled(usage: Usage, by: number): Usage {
  return { ...usage, cpu: usage.cpu * by, wall: usage.wall * by };
}

/** The ledger of these data, kept beside them as long as the code that writes ledgers is the same. */
async function ledgerOf(data: BenchData): Promise<string> {
  const code = (await filesOf(FLOWLOGS)).paths.filter((path) => path.endsWith('.ts'));
  const hash = createHash('sha256');
  for (const path of code) hash.update(readFileSync(path));
  const ledger = join(data.folder, `ledger-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(ledger)) return ledger;
  note('  writing the ledger');
  const draft = `${ledger}.draft-${process.pid}`;
  await ingest(data.v5, data.inventory, draft, 1);
  await rename(draft, ledger);
  return ledger;
}

/** Measured once for all parts that ask. The document stays in FINDINGS. */
function analyze(ledger: string, inventory: string): Promise<Usage> {
  const key = `${ledger} ${inventory}`;
  const args = ['analyze', '--quiet', '--min-coverage', '0', '--inventory', inventory, '--ledger', ledger];
  const found = analyses.get(key) ?? median(runs, () => runNode([PARE, ...args, '--out', join(temp, FINDINGS)]));
  analyses.set(key, found);
  return found;
}

async function analysis(data: BenchData): Promise<void> {
  note('analysis from the ledger');
  const ledger = await ledgerOf(data);
  const decode = await task('decode', ledger);
  const floor = { name: "decoding the ledger's columns", cpu: decode.cpu };
  const whole = await analyze(ledger, data.inventory);
  add(
    `analysis from the ledger: usage, sole matches, plan, replay of ${parameters.rules} rules`,
    whole,
    floor,
    'analysis',
  );
  const asked = JSON.parse(
    (await runNode([TASK, 'rule-by-rule', ledger, data.inventory, String(ASKED)])).stdout,
  ) as RuleHits;
  await sameHits(asked.hits);
  const each = asked.cpu / ASKED;
  figures.push({
    ...value(
      `one query per rule on the same ledger and DuckDB (${ASKED} asked, with the same hits; scaled to ${parameters.rules})`,
    ),
    cpu: each * parameters.rules,
    against: { name: 'the analysis', cpu: whole.cpu },
    bar: 'rule-by-rule',
    value: (each * parameters.rules) / whole.cpu,
  });
}

/** Two ways that count differently must not be compared by their times. */
async function sameHits(hits: RuleHits['hits']): Promise<void> {
  const { rules } = JSON.parse(await readFile(join(temp, FINDINGS), 'utf8')) as FindingsDocument;
  const found = new Map(rules.map((rule) => [rule.ruleId, rule.usage.flows]));
  const other = Object.entries(hits).filter(([ruleId, n]) => found.get(ruleId) !== n);
  if (other.length > 0)
    throw new Error(
      `asked rule by rule, ${other.map(([ruleId, n]) => `${ruleId} has ${n} records and not ${found.get(ruleId)}`).join(', ')}`,
    );
  if (!Object.values(hits).some((n) => n > 0)) throw new Error('no rule that was asked for has a record');
}

async function steps(data: BenchData): Promise<void> {
  note('the steps of an analysis');
  const ledger = await ledgerOf(data);
  const { steps: times, actions } = JSON.parse((await runNode([TASK, 'analysis', ledger, data.inventory])).stdout) as {
    steps: Record<string, number>;
    actions: Record<string, number>;
  };
  for (const [name, cpu] of Object.entries(times)) {
    const plan = name.startsWith('plan');
    figures.push({ ...value(`analysis, step: ${name}`), cpu, ...(plan ? { bar: 'plan', value: cpu } : {}) });
  }
  const counts = Object.entries(actions).map(([action, n]) => `${n} ${action}`);
  figures.push(value(`analysis: the plan says ${counts.sort().join(', ')}`));
}

async function scale(data: BenchData): Promise<void> {
  note('a tenth of the records, ten times the rules');
  const whole = await analyze(await ledgerOf(data), data.inventory);
  const small = { ...parameters, records: Math.round(records / 10) };
  const less = await benchData(small, note);
  const lessLedger = await ledgerOf(less);
  const base = await analyze(lessLedger, less.inventory);
  add('analysis of a tenth of the records', base, null, null);
  figures.push({ ...value('ten times the records, time'), bar: 'records-time', value: whole.cpu / base.cpu });
  figures.push({
    ...value('ten times the records, memory'),
    bar: 'records-memory',
    value: (whole.rss ?? 0) / (base.rss ?? 1),
  });
  const more = await benchData({ ...small, rules: parameters.rules * 10 }, note);
  const many = await analyze(lessLedger, more.inventory);
  add('analysis of a tenth of the records, ten times the rules', many, null, null);
  figures.push({ ...value('ten times the rules, time'), bar: 'rules-time', value: many.cpu / base.cpu });
}

async function sources(): Promise<void> {
  note('sources');
  for (const { name, seconds, cpuSeconds, baselineSeconds, peakBytes } of await measureSource({ runs })) {
    const against = baselineSeconds === null ? null : { name: "tree-sitter's bare parse", cpu: baselineSeconds };
    const bar = name.startsWith('index')
      ? 'index'
      : name.startsWith('mapping')
        ? 'mapping'
        : name.startsWith('verify')
          ? 'verify'
          : null;
    const held = bar === 'index' && baselineSeconds !== null ? cpuSeconds / baselineSeconds : cpuSeconds;
    figures.push({
      name,
      cpu: cpuSeconds,
      wall: seconds,
      rss: peakBytes,
      against,
      bar,
      value: bar === null ? null : held,
    });
  }
}

async function help(): Promise<void> {
  note('help');
  const run = await median(Math.max(runs, 5), () => runNode([PARE, '--help']));
  const node = await median(Math.max(runs, 5), () => runNode(['-e', '0']));
  add('start of `pare --help`, Node 24', run, { name: 'node -e 0', cpu: node.cpu }, null);
  figures.push({
    ...value('the same, seconds of CPU (on an idle machine the wall time)'),
    bar: 'help',
    value: run.cpu,
  });
  const old = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path) && path !== NODE);
  if (old === undefined) return;
  add(
    "start of `pare --help` by the system's Node",
    await median(Math.max(runs, 5), () => runShell(`${old} ${PARE} --help > /dev/null`)),
    null,
    null,
  );
}

function add(
  name: string,
  usage: Usage,
  against: Figure['against'],
  bar: 'text' | 'parquet' | 'analysis' | null,
): void {
  const ratio = against === null ? null : usage.cpu / against.cpu;
  figures.push({
    name,
    cpu: usage.cpu,
    wall: usage.wall,
    rss: usage.rss,
    against,
    bar,
    value: bar === null ? null : ratio,
  });
  note(`  ${name}: ${usage.cpu.toFixed(2)} s CPU${ratio === null ? '' : `, ${ratio.toFixed(2)} × ${against?.name}`}`);
}

function value(name: string): Figure {
  return { name, cpu: null, wall: null, rss: null, against: null, bar: null, value: null };
}

function million(seconds: number): string {
  return (records / seconds / 1e6).toFixed(2);
}
