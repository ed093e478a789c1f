/**
 * `npm run corpus -- DIR… [--verbose]`: for every declared rule of real repositories, Terraform and CloudFormation, a removal and a
 * tightening, one at a time. Prints a table by shape. "Alone": the edit changes that rule only. "Together": the text serves several
 * rules, so the rule alone was refused (traps 8 and 11), and the same was asked of all that share it. Wrong means: a second, fresh evaluation
 * of the edited tree differs from the wish, bytes outside the edit changed, HashiCorp's parser rejects the file, or reads another difference
 * in it than the wish (structure.ts). It must be 0. Exit 1 where it is not.
 */
import { readSource } from '../../bot/cli/read-source.ts';
import { cloudformation } from '../../bot/source/cloudformation/index.ts';
import type { Declaration, DeclaredRule, EditResult, SourceIndex, SourceLanguage } from '../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { applyEdits } from '../../bot/source/text.ts';
import { texts, wrongBytes, wrongRules, wrongSyntax } from './judge.ts';
import { wrongStructure } from './structure.ts';
import { sharing, tighter, type Wish } from './wishes.ts';

const FACTS = { states: [], stacks: [] };

/** Refusals that are the right answer, by the trap that asks for them. */
const TRAPS: Readonly<Record<string, string>> = {
  'last-inline': 'trap 1',
  'mixed-styles': 'trap 2',
  'mixed-syntax': 'trap 2',
  'after-no-source': 'trap 3',
  referenced: 'trap 9',
  'ignore-changes': 'trap 10',
  'prevent-destroy': 'trap 10',
  'replaces-group': 'trap 12',
  'cfn-retained': 'trap 10, as DeletionPolicy',
  'cfn-alias': 'trap 11, as a YAML anchor',
  'cfn-parameter-fed': 'trap 15',
  'cfn-duplicate': 'trap 16',
  'cfn-referenced': 'trap 16',
  'cfn-macro': 'trap 17',
  'cfn-foreach': 'trap 17',
  'cfn-cdk': 'trap 17',
  'cfn-default-egress': "AWS's own rule, of which there is no text",
  'cfn-no-peer': 'no rule that EC2 takes',
  'cfn-several-peers': 'no rule that EC2 takes',
  'cfn-not-a-rule': 'no rule that EC2 takes',
  'cfn-egress-placeholder': 'trap 14: the placeholder itself',
  'cfn-only-resource': 'a template without resources is none',
  'invalid-source': 'not parsed',
  override: 'merged into another file',
  vendored: 'a vendored copy',
};

interface Row {
  declarations: number;
  /** Of them those that make no rule in any evaluation, so that nothing is asked of them. */
  silent: number;
  rules: number;
  asked: Record<Wish, number>;
  alone: Record<Wish, number>;
  together: Record<Wish, number>;
  wrong: number;
  /** Removals that leave trap 14's placeholder. */
  placeholders: number;
  traps: Map<string, number>;
  refused: Map<string, number>;
  /** Declarations with a refusal that a trap asks for, and with none other. */
  trapped: Set<string>;
  /** Declarations with a refusal that no trap asks for. */
  refusedDeclarations: Set<string>;
}

const rows = new Map<string, Row>();
const verbose = process.argv.includes('--verbose');
const directories = process.argv.slice(2).filter((a) => !a.startsWith('--'));
let slowest = 0;
const terraformJudge = await createTerraformLanguage();

// A run that is cut short tells how far it came.
process.on('SIGTERM', () => {
  console.log('\nCut short: what follows is a part.');
  print();
  process.exit(2);
});

for (const directory of directories) {
  const { tree, notes } = await readSource(directory);
  const terraform = await createTerraformLanguage();
  const counts: string[] = [];
  for (const language of [terraform, cloudformation]) {
    const started = performance.now();
    const index = language.index(tree, FACTS);
    const took = Math.round(performance.now() - started);
    counts.push(`${language.name} ${index.declarations.length} declarations, ${index.notes.length} notes, ${took} ms`);
    const judge = language.name === 'terraform' ? terraformJudge : cloudformation;
    const before = texts(judge.index(tree, FACTS));
    for (const declaration of index.declarations) await every(language, judge, index, before, declaration);
  }
  console.log(`${directory}: ${tree.files.length} files, ${notes.length} left out; ${counts.join('; ')}`);
}
print();
process.exitCode = [...rows.values()].some((row) => row.wrong > 0) ? 1 : 0;

async function every(
  language: SourceLanguage,
  judge: SourceLanguage,
  index: SourceIndex,
  before: ReadonlyMap<string, number>,
  declaration: Declaration,
): Promise<void> {
  const row = rowOf(`${declaration.form} ${declaration.repetition}`);
  row.declarations += 1;
  if (declaration.rules.length === 0) row.silent += 1;
  for (const rule of declaration.rules) {
    // Lets a signal in: everything else here is one long stretch of computing.
    await new Promise((done) => setImmediate(done));
    row.rules += 1;
    for (const wish of ['remove', 'tighten'] as const) {
      const narrower = wish === 'tighten' ? tighter(rule) : null;
      if (wish === 'tighten' && narrower === null) continue;
      const replacement = narrower?.replacement ?? null;
      const live = narrower?.live ?? null;
      const asked = { replacements: replacement === null ? [] : [replacement], ...(live === null ? {} : { live }) };
      row.asked[wish] += 1;
      const at = performance.now();
      let result: EditResult = language.edit(index, { ruleId: rule.id, ...asked });
      let changed = [rule];
      let how: 'alone' | 'together' = 'alone';
      if (!result.ok && result.refusals.some((r) => r.code === 'shared' || r.code === 'last-inline'))
        for (const set of sharing(index, declaration.rules, rule, wish, narrower?.keeps ?? 'peer')) {
          const alsoRuleIds = set.filter((r) => r !== rule).map((r) => r.id);
          const together = language.edit(index, { ruleId: rule.id, ...asked, alsoRuleIds });
          if (!together.ok) continue;
          changed = set.filter((r) => together.changed?.includes(r.id) ?? r === rule);
          result = together;
          how = 'together';
          break;
        }
      slowest = Math.max(slowest, performance.now() - at);
      if (!result.ok) refuse(row, declaration, rule, wish, result.refusals);
      else {
        const after = applyEdits(index.tree, result.edits);
        const placeholder = result.warnings.some((w) => w.code === 'cfn-egress-placeholder');
        if (placeholder) row.placeholders += 1;
        const wrong =
          wrongBytes(index.tree, after, result.edits) ??
          wrongRules(before, judge.index(after, FACTS), changed, live ?? rule.shape, replacement, placeholder) ??
          (await wrongStructure(index.tree, after, result.edits, changed, live ?? rule.shape, replacement)) ??
          (await wrongSyntax(language, index.tree, after, result.edits));
        if (wrong === null) row[how][wish] += 1;
        else {
          row.wrong += 1;
          console.log(`  WRONG ${wish} ${rule.id}: ${wrong}`);
        }
      }
    }
  }
}

function refuse(
  row: Row,
  declaration: Declaration,
  rule: DeclaredRule,
  wish: Wish,
  refusals: Extract<EditResult, { ok: false }>['refusals'],
): void {
  const first = refusals[0]?.code ?? '?';
  // Traps 8 and 11: what the text serves besides is another declaration's, call's or context's; within its own the rule could be set apart.
  const others = refusals.every(
    (r) => r.code !== 'shared' || !r.message.includes(`change ${rule.address} (`) || / in \S+ too$/.test(r.message),
  );
  const trap = first === 'shared' && others ? 'trap 11' : TRAPS[first];
  const into = trap === undefined ? row.refused : row.traps;
  const label = `${wish}: ${first}${trap === undefined ? '' : ` (${trap})`}`;
  into.set(label, (into.get(label) ?? 0) + 1);
  (trap === undefined ? row.refusedDeclarations : row.trapped).add(declaration.id);
  if (verbose)
    console.log(
      `  refused ${wish} ${rule.id} ${refusals.map((r) => `${r.code} ${r.message} ${r.place.file}:${r.place.line}`).join(' / ')}`,
    );
}

function rowOf(form: string): Row {
  const known = rows.get(form);
  if (known !== undefined) return known;
  const none = () => ({ remove: 0, tighten: 0 });
  const row: Row = {
    declarations: 0,
    silent: 0,
    rules: 0,
    asked: none(),
    alone: none(),
    together: none(),
    wrong: 0,
    placeholders: 0,
    traps: new Map(),
    refused: new Map(),
    trapped: new Set(),
    refusedDeclarations: new Set(),
  };
  rows.set(form, row);
  return row;
}

function print(): void {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, n]) => `${code} ${n}`)
      .join(', ') || '-';
  console.log(
    '\n| shape | declarations | rules | removed alone | together | of | tightened alone | together | of | refused by a trap | refused otherwise | wrong |\n|---|---|---|---|---|---|---|---|---|---|---|---|',
  );
  for (const [form, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(
      `| ${form} | ${row.declarations} | ${row.rules} | ${row.alone.remove} | ${row.together.remove} | ${row.asked.remove} | ${row.alone.tighten} | ${row.together.tighten} | ${row.asked.tighten} | ${list(row.traps)} | ${list(row.refused)} | ${row.wrong} |`,
    );
  const sum = (of: (row: Row) => number) => [...rows.values()].reduce((total, row) => total + of(row), 0);
  const declarations = sum((row) => row.declarations);
  const refused = sum((row) => row.refusedDeclarations.size);
  const trapped = sum((row) => [...row.trapped].filter((id) => !row.refusedDeclarations.has(id)).length);
  const silent = sum((row) => row.silent);
  console.log(
    `\n${declarations} declarations: ${silent} make no rule here (count 0, no caller), ${trapped} with a refusal that a trap asks for, ${refused} with a refusal that no trap asks for (${((100 * refused) / Math.max(1, declarations)).toFixed(1)} %), ${sum((row) => row.wrong)} wrong edits, ${sum((row) => row.placeholders)} removals with trap 14's placeholder, slowest edit ${Math.round(slowest)} ms`,
  );
}
