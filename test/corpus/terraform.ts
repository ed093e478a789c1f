/**
 * `node test/corpus/terraform.ts DIR…`: for every declared rule of real repositories, a removal and a tightening, one at a time.
 * Prints a table by form: what was edited exactly, refused by reason, wrong. Wrong means: a second, fresh evaluation of the edited
 * tree differs from the wish, bytes outside the edit changed, or HashiCorp's parser rejects the file. It must be 0.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatCidr, parseCidr } from '../../analyzer/model/address.ts';
import { hasPorts } from '../../analyzer/model/protocol.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import type { DeclaredRule, EditResult, SourceFile, SourceIndex } from '../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { applyEdits } from '../../bot/source/text.ts';
import { sourceTree } from '../../bot/source/tree.ts';

const FACTS = { states: [], stacks: [] };

function readTree(directory: string): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (at: string) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory() && entry.name !== '.git') walk(path);
      else if (entry.isFile() && /\.(tf|tofu|tfvars|json|ya?ml|tpl|tftpl)$/.test(entry.name))
        files.push({ path: relative(directory, path), text: readFileSync(path, 'utf8') });
    }
  };
  walk(directory);
  return files;
}

function keyOf(r: DeclaredRule): string {
  return [r.root, r.context, r.direction, r.group, r.protocol, r.fromPort, r.toPort, r.peerKind, r.peer].join('|');
}

/** Which of its own instance's rules it is. */
function ordinal(rules: readonly DeclaredRule[], rule: DeclaredRule): number {
  const instance = (r: DeclaredRule) => [r.root, r.context, r.address].join('|');
  return rules.filter((r) => instance(r) === instance(rule)).indexOf(rule);
}

/** Independent of the editor's own judgement: rules as a multiset of plain texts. */
function texts(index: SourceIndex): Map<string, number> {
  const counts = new Map<string, number>();
  for (const declaration of index.declarations)
    for (const r of declaration.rules) {
      const key = keyOf(r);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  return counts;
}

function compare(before: Map<string, number>, after: Map<string, number>): string[] {
  const out: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const change = (after.get(key) ?? 0) - (before.get(key) ?? 0);
    if (change !== 0) out.push(`${change > 0 ? '+' : ''}${change} ${key}`);
  }
  return out.sort();
}

function tighter(rule: DeclaredRule): RuleShape | null {
  const { shape } = rule;
  if (shape === null) return null;
  if (hasPorts(shape.protocol) && shape.fromPort !== null && shape.toPort !== null && shape.fromPort < shape.toPort)
    return { ...shape, toPort: shape.fromPort + Math.min(1, shape.toPort - shape.fromPort - 1) };
  if (shape.protocol === -1) return { ...shape, protocol: 6, fromPort: 443, toPort: 443 };
  if (shape.peer.kind !== 'cidrIpv4') return null;
  const cidr = parseCidr(shape.peer.cidr);
  if (cidr === null || cidr.length >= 32) return null;
  return { ...shape, peer: { kind: 'cidrIpv4', cidr: formatCidr({ ...cidr, length: cidr.length + 1 }) } };
}

interface Row {
  declarations: number;
  rules: number;
  exact: Record<Wish, number>;
  /** Of these, edits that several rules asked for at once. */
  together: number;
  wrong: number;
  refused: Map<string, number>;
}
type Wish = 'remove' | 'tighten';

const rows = new Map<string, Row>();
const rowOf = (form: string): Row => {
  const known = rows.get(form);
  if (known !== undefined) return known;
  const row: Row = {
    declarations: 0,
    rules: 0,
    exact: { remove: 0, tighten: 0 },
    together: 0,
    wrong: 0,
    refused: new Map(),
  };
  rows.set(form, row);
  return row;
};

const verbose = process.argv.includes('--verbose');
const directories = process.argv.slice(2).filter((a) => !a.startsWith('--'));
let slowest = 0;

for (const directory of directories) {
  const language = await createTerraformLanguage();
  const judge = await createTerraformLanguage();
  const tree = sourceTree(readTree(directory));
  const started = performance.now();
  const index = language.index(tree, FACTS);
  const took = Math.round(performance.now() - started);
  const before = texts(judge.index(tree, FACTS));
  console.log(
    `${directory}: ${tree.files.length} files, ${index.declarations.length} declarations, indexed in ${took} ms, ${index.notes.length} notes`,
  );
  for (const declaration of index.declarations) {
    const row = rowOf(`${declaration.form} ${declaration.repetition}`);
    row.declarations += 1;
    for (const rule of declaration.rules) {
      row.rules += 1;
      for (const wish of ['remove', 'tighten'] as const) {
        const replacement = wish === 'tighten' ? tighter(rule) : null;
        if (wish === 'tighten' && replacement === null) continue;
        const replacements = replacement === null ? [] : [replacement];
        const at = performance.now();
        let result: EditResult = language.edit(index, { ruleId: rule.id, replacements });
        let asked = [rule];
        if (!result.ok && result.refusals[0]?.code === 'shared') {
          // One text serves several instances: ask again with all rules of the declaration that say the same.
          asked = declaration.rules.filter((r) => ordinal(declaration.rules, r) === ordinal(declaration.rules, rule));
          const alsoRuleIds = asked.filter((r) => r !== rule).map((r) => r.id);
          const together =
            asked.length > 1 ? language.edit(index, { ruleId: rule.id, replacements, alsoRuleIds }) : result;
          if (together.ok) {
            result = together;
            asked = asked.filter((r) => together.changed?.includes(r.id) ?? r === rule);
            row.together += 1;
          }
        }
        slowest = Math.max(slowest, performance.now() - at);
        if (!result.ok) {
          const code = `${wish}: ${result.refusals[0]?.code ?? '?'}`;
          row.refused.set(code, (row.refused.get(code) ?? 0) + 1);
          if (verbose)
            console.log(
              `  refused ${wish} ${rule.id} ${result.refusals.map((r) => `${r.code} ${r.message} ${r.place.file}:${r.place.line}`).join(' / ')}`,
            );
          continue;
        }
        const problem = await judgeEdit(result);
        if (problem === null) row.exact[wish] += 1;
        else {
          row.wrong += 1;
          console.log(`  WRONG ${wish} ${rule.id}: ${problem}`);
        }

        async function judgeEdit(edit: Extract<EditResult, { ok: true }>): Promise<string | null> {
          const changed = applyEdits(tree, edit.edits);
          const gained = compare(before, texts(judge.index(changed, FACTS)));
          const expected = new Map(before);
          const count = (key: string, by: number) => expected.set(key, (expected.get(key) ?? 0) + by);
          for (const one of asked) {
            count(keyOf(one), -1);
            if (replacement === null) continue;
            const kept = JSON.stringify(rule.shape?.peer) === JSON.stringify(replacement.peer);
            const peer = kept ? one.peer : 'cidr' in replacement.peer ? replacement.peer.cidr : one.peer;
            const protocol = replacement.protocol === 6 ? 'tcp' : one.protocol;
            const ports = { fromPort: String(replacement.fromPort ?? ''), toPort: String(replacement.toPort ?? '') };
            count(keyOf({ ...one, protocol, ...ports, peer }), 1);
          }
          const wishes = compare(before, expected);
          if (gained.join('\n') !== wishes.join('\n')) return `evaluates to ${gained.join(' ; ')}`;
          for (const path of new Set(edit.edits.map((e) => e.range.file))) {
            const notes = await language.check(changed.get(path)!);
            const old = await language.check(tree.get(path)!);
            if (notes.length > old.length) return `${path}:${notes[0]!.place.line} ${notes[0]!.message}`;
          }
          return null;
        }
      }
    }
  }
}

console.log(
  '\n| form | declarations | rules | removed exactly | tightened exactly | of these together | refused | wrong |\n|---|---|---|---|---|---|---|---|',
);
for (const [form, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const refused = [...row.refused].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, n]) => `${code} ${n}`);
  console.log(
    `| ${form} | ${row.declarations} | ${row.rules} | ${row.exact.remove} | ${row.exact.tighten} | ${row.together} | ${refused.join(', ')} | ${row.wrong} |`,
  );
}
console.log(`\nslowest edit ${Math.round(slowest)} ms`);
