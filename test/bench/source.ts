/**
 * The source half of the benchmark: `node test/bench/source.ts [--roots N] [--runs N]`. Each figure is the median of several processes of
 * their own; its baseline, tree-sitter's bare parse of the same bytes, runs in between, so that a busy machine is busy for both.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { placedRules } from '../../bot/change/tuple.ts';
import { verify } from '../../bot/change/verify.ts';
import { mapRules } from '../../bot/mapping/rules.ts';
import type { SourceFacts, SourceIndex, SourceLanguage, SourceTree } from '../../bot/source/contract.ts';
import { isProblem, parseTerraformState } from '../../bot/source/state/index.ts';
import { loadGrammar } from '../../bot/source/terraform/adapters/tree-sitter.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { applyEdits } from '../../bot/source/text.ts';
import { sourceTree } from '../../bot/source/tree.ts';
import { liveOf } from '../bench-sources/live.ts';
import { type GeneratedSources, generateSources, LARGE } from '../bench-sources/roots.ts';

export interface SourceMeasure {
  name: string;
  /** Wall time of the work alone, without Node's start and the generator. */
  seconds: number;
  /** User and system time of the same span. */
  cpuSeconds: number;
  /** CPU time of tree-sitter's bare parse of the same bytes in this run; null where the bar is a time. */
  baselineSeconds: number | null;
  /** Of the whole process. */
  peakBytes: number;
}

export interface SourceBenchOptions {
  /** 500 roots are 10,000 files with 6,000 rules. */
  roots?: number;
  runs?: number;
}

const TASKS = ['parse', 'hashicorp', 'index', 'mapping', 'edit', 'verify'] as const;
type Task = (typeof TASKS)[number];

const NAMES: Readonly<Record<Exclude<Task, 'parse'>, string>> = {
  hashicorp: "HashiCorp's parser (hcl2json, Go as WASM) over the same files",
  index: 'index of the repository',
  mapping: 'mapping of all live rules',
  edit: 'find, prove and check one edit (the slowest of twenty)',
  verify: 'verify one edit (the slowest of twenty)',
};

interface Figure {
  seconds: number;
  cpuSeconds: number;
  peakBytes: number;
}

export async function measureSource(options: SourceBenchOptions = {}): Promise<SourceMeasure[]> {
  const { roots = LARGE.roots, runs = 3 } = options;
  const figures = new Map<Task, Figure[]>();
  for (let run = 0; run < runs; run += 1)
    for (const task of TASKS) figures.set(task, [...(figures.get(task) ?? []), await inProcess(task, roots)]);
  const of = (task: Task): Figure => {
    const all = figures.get(task) ?? [];
    const median = (pick: (figure: Figure) => number) => all.map(pick).sort((a, b) => a - b)[all.length >> 1] ?? 0;
    return {
      seconds: median((one) => one.seconds),
      cpuSeconds: median((one) => one.cpuSeconds),
      peakBytes: median((one) => one.peakBytes),
    };
  };
  const bare = of('parse').cpuSeconds;
  return TASKS.filter((task) => task !== 'parse').map((task) => ({
    name: NAMES[task],
    ...of(task),
    baselineSeconds: task === 'index' || task === 'hashicorp' ? bare : null,
  }));
}

function inProcess(task: Task, roots: number): Promise<Figure> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--task', task, '--roots', String(roots)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as Figure);
      else reject(new Error(`${task} ended with ${code}`));
    });
  });
}

/** One span of work; `peakBytes` is that of the process so far. */
async function span(work: () => unknown): Promise<Figure> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

function slowest(figures: readonly Figure[]): Figure {
  return [...figures].sort((a, b) => b.seconds - a.seconds)[0]!;
}

async function run(task: Task, roots: number): Promise<Figure> {
  const generated = generateSources({ roots, modules: Math.ceil(roots / 4) });
  if (task === 'parse') return bareParse(generated);
  if (task === 'hashicorp') return hashicorp(generated);
  const language = await createTerraformLanguage();
  const tree = sourceTree(generated.files);
  if (task === 'index') return span(() => language.index(tree, { states: [], stacks: [] }));
  if (task === 'mapping') return mapping(generated, language, tree);
  return edits(task, language, tree);
}

async function bareParse(generated: GeneratedSources): Promise<Figure> {
  const { parser } = await loadGrammar();
  const texts = generated.files.filter((file) => !file.path.endsWith('.json')).map((file) => file.text);
  return span(() => {
    for (const text of texts) parser.parse(text)?.delete();
  });
}

/** What those take who read Terraform without an evaluator of their own: each file to JSON, references as text. */
async function hashicorp(generated: GeneratedSources): Promise<Figure> {
  const { parse } = await import('@cdktn/hcl2json');
  const files = generated.files.filter((file) => file.path.endsWith('.tf'));
  // The first one starts Go.
  await parse('first.tf', 'locals {}');
  return span(async () => {
    for (const { path, text } of files) await parse(path, text);
  });
}

async function mapping(generated: GeneratedSources, language: SourceLanguage, tree: SourceTree): Promise<Figure> {
  const live = liveOf(generated.roots);
  const states = [...live.states].map(([root, text]) => {
    const state = parseTerraformState(text, `${root}/terraform.tfstate`);
    if (isProblem(state)) throw new Error(state.message);
    return { ...state, root };
  });
  const facts: SourceFacts = { states, stacks: [] };
  const index = language.index(tree, facts);
  return span(() => {
    const mappings = mapRules({ rules: live.rules, groups: live.groups, indexes: [index], states, stacks: [] });
    const lost = mappings.filter((one) => one.candidates.length !== 1 || one.candidates[0]!.confidence < 0.9);
    if (lost.length > 0) throw new Error(`${lost.length} rules are not mapped, the first ${lost[0]!.rule.ruleId}`);
  });
}

/** Removals of rules spread over the repository; the first warms the compiler and the second parser, as any later edit finds them. */
async function edits(task: 'edit' | 'verify', language: SourceLanguage, tree: SourceTree): Promise<Figure> {
  const facts: SourceFacts = { states: [], stacks: [] };
  const index = language.index(tree, facts);
  const all = placedRules(index);
  const figures: Figure[] = [];
  const step = Math.max(1, Math.floor(all.length / 45));
  for (let at = 0; at < all.length && figures.length < 21; at += step) {
    const { rule, declaration } = all[at]!;
    let found = language.edit(index, { ruleId: rule.id, replacements: [] });
    if (!found.ok || rule.shape === null) continue;
    const { shape } = rule;
    let judged: Verified | null = null;
    figures.push(
      await span(async () => {
        if (task === 'edit') found = language.edit(index, { ruleId: rule.id, replacements: [] });
        if (!found.ok) throw new Error(`${rule.id} is refused the second time`);
        const after = language.index(applyEdits(tree, found.edits), facts);
        const verdict = verify(index, after, [{ placed: { rule, declaration }, live: shape, replacements: [] }]);
        const files = new Set(found.edits.map((edit) => edit.range.file));
        for (const path of files) await language.check(after.tree.get(path)!);
        judged = { after, ok: verdict.ok };
      }),
    );
    if (judged === null || !(judged as Verified).ok) throw new Error(`the edit of ${rule.id} is not verified`);
  }
  return slowest(figures.slice(1));
}

interface Verified {
  after: SourceIndex;
  ok: boolean;
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function told({ name, seconds, cpuSeconds, baselineSeconds, peakBytes }: SourceMeasure): string {
  const ratio = baselineSeconds === null ? '' : ` ${(cpuSeconds / baselineSeconds).toFixed(2)} x bare parse`;
  return `${name.padEnd(58)} ${seconds.toFixed(3)} s, CPU ${cpuSeconds.toFixed(3)} s,${ratio} ${Math.round(peakBytes / 1e6)} MB\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const task = TASKS.find((one) => one === argument('--task'));
  const roots = Number(argument('--roots') ?? LARGE.roots);
  if (task !== undefined) process.stdout.write(JSON.stringify(await run(task, roots)));
  else
    for (const measure of await measureSource({ roots, runs: Number(argument('--runs') ?? 3) }))
      process.stdout.write(told(measure));
}
