/**
 * Removes and tightens every rule of the templates in some folders, one at a time, and judges each edit by evaluating again.
 * Usage: node test/corpus/cloudformation.ts DIR… [--all]   (--all also prints refusals one by one)
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cloudformation } from '../../bot/source/cloudformation/index.ts';
import { sourceTree } from '../../bot/source/tree.ts';
import { type Judgement, judge, narrower } from '../source/cloudformation/judge.ts';

interface Row {
  declarations: number;
  rules: number;
  outcomes: Map<string, number>;
}

const OPERATIONS = ['remove', 'tighten', 'split'] as const;
const NO_FACTS = { states: [], stacks: [] };

async function main(): Promise<void> {
  const all = process.argv.includes('--all');
  const dirs = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
  if (dirs.length === 0) throw new Error('give at least one folder of templates');
  const rows = new Map<string, Row>();
  let files = 0;
  let templates = 0;
  let wrong = 0;
  for (const dir of dirs) {
    const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
    for (const path of names) {
      if (/(^|\/)\.git(\/|$)/.test(path) || !/\.(ya?ml|json|template|cfn|cform|tpl)$/i.test(path)) continue;
      const full = join(dir, path);
      if (!statSync(full, { throwIfNoEntry: false })?.isFile()) continue;
      files += 1;
      const tree = sourceTree([{ path, text: readFileSync(full, 'utf8') }]);
      const index = cloudformation.index(tree, NO_FACTS);
      for (const note of index.notes) console.log(`note     ${path}:${note.place.line} ${note.code} ${note.message}`);
      if (index.declarations.length > 0) templates += 1;
      for (const declaration of index.declarations) {
        const default_ = declaration.notes.some((note) => note.code === 'cfn-default-egress');
        const row = rowOf(rows, `${default_ ? 'default egress' : declaration.form} ${path.replace(/.*\./, '')}`);
        row.declarations += 1;
        row.rules += declaration.rules.length;
        const [rule] = declaration.rules;
        if (rule === undefined || default_) continue;
        for (const operation of OPERATIONS) {
          const replacements = operation === 'remove' ? [] : narrower(rule, operation === 'tighten' ? 1 : 2);
          if (replacements === null) {
            count(row, `${operation}: nothing narrower`);
            continue;
          }
          const outcome = await judged(() => judge(tree, NO_FACTS, index, rule.id, replacements));
          count(row, `${operation}: ${labelOf(outcome)}`);
          if (outcome.verdict === 'wrong') {
            wrong += 1;
            console.log(`WRONG    ${declaration.id} line ${declaration.place.line} ${operation}: ${outcome.why}`);
          } else if (all && outcome.verdict === 'refused')
            console.log(
              `refused  ${declaration.id} line ${declaration.place.line} ${operation}: ${outcome.codes.join()}`,
            );
        }
      }
    }
  }
  print(rows);
  console.log(`\n${files} files, ${templates} templates with security-group rules, ${wrong} wrong edits`);
  process.exitCode = wrong === 0 ? 0 : 1;
}

async function judged(run: () => Promise<Judgement>): Promise<Judgement> {
  try {
    return await run();
  } catch (error) {
    return { verdict: 'wrong', why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function labelOf(outcome: Judgement): string {
  if (outcome.verdict === 'refused') return `refused ${outcome.codes[0]}`;
  if (outcome.verdict === 'wrong') return 'WRONG';
  return outcome.placeholder ? 'exact (placeholder)' : 'exact';
}

function rowOf(rows: Map<string, Row>, name: string): Row {
  const found = rows.get(name) ?? { declarations: 0, rules: 0, outcomes: new Map() };
  rows.set(name, found);
  return found;
}

function count(row: Row, label: string): void {
  row.outcomes.set(label, (row.outcomes.get(label) ?? 0) + 1);
}

function print(rows: ReadonlyMap<string, Row>): void {
  for (const [name, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`\n${name}: ${row.declarations} declarations, ${row.rules} rules`);
    for (const [label, n] of [...row.outcomes].sort(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`  ${String(n).padStart(5)}  ${label}`);
  }
}

await main();
