import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RuleShape } from '../../../analyzer/model/rule.ts';
import { readSource } from '../../../bot/cli/read-source.ts';
import type { EditResult, SourceIndex } from '../../../bot/source/contract.ts';
import { applyEdits } from '../../../bot/source/text.ts';
import { requireTerraform } from './console.ts';
import { modules } from './modules.ts';
import { indexOf, language, NO_FACTS } from './shop.ts';

beforeAll(requireTerraform);

/** The texts that `terraform fmt` would change; one process for all. */
function unformatted(texts: readonly string[]): Set<string> {
  const directory = mkdtempSync(join(tmpdir(), 'pare-fmt-'));
  try {
    texts.forEach((text, i) => {
      writeFileSync(join(directory, `${i}.tf`), text);
    });
    const run = spawnSync('terraform', ['fmt', '-check', '-list=true', '-no-color'], {
      cwd: directory,
      encoding: 'utf8',
    });
    const listed = run.stdout.split('\n').flatMap((line) => /^(\d+)\.tf$/.exec(line.trim())?.[1] ?? []);
    if (run.status !== (listed.length === 0 ? 0 : 3)) throw new Error(`terraform fmt: ${run.stderr}`);
    return new Set(listed.map((number) => texts[Number(number)]!));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Changed {
  what: string;
  before: string;
  after: string;
}

function changedBy(what: string, index: SourceIndex, result: EditResult): Changed[] {
  if (!result.ok) return [];
  const after = applyEdits(index.tree, result.edits);
  return [...new Set(result.edits.map((e) => e.range.file))].map((path) => ({
    what: `${what} ${path}`,
    before: index.tree.get(path)!.text,
    after: after.get(path)!.text,
  }));
}

/** How many files were clean before, and which of these are not after. */
function judged(changes: readonly Changed[]): { clean: number; spoiled: string[] } {
  const dirty = unformatted([...new Set(changes.flatMap(({ before, after }) => [before, after]))]);
  const clean = changes.filter(({ before }) => !dirty.has(before));
  return { clean: clean.length, spoiled: clean.filter(({ after }) => dirty.has(after)).map(({ what }) => what) };
}

// Source: hclwrite/format.go (formatCells) sets `=` and trailing comments of neighbouring lines in columns.
describe('trap 13: a file that terraform fmt left alone is left alone after an edit', () => {
  it('in generated modules', () => {
    const changes: Changed[] = [];
    fc.assert(
      fc.property(modules, fc.nat(), (files, pick) => {
        const index = indexOf(files);
        const rules = index.declarations.flatMap((d) => d.rules);
        const ruleId = rules[pick % rules.length]!.id;
        const result = language.edit(index, { ruleId, replacements: [] });
        changes.push(...changedBy(JSON.stringify(files), index, result));
      }),
      { numRuns: 60, seed: 3 },
    );
    const { clean, spoiled } = judged(changes);
    expect(spoiled).toEqual([]);
    expect(clean).toBeGreaterThan(40);
  });

  it('after each removal, narrowing and split that the shop of the examples allows', async () => {
    const { tree } = await readSource('examples/shop/terraform/network');
    const index = language.index(tree, NO_FACTS);
    const changes: Changed[] = [];
    for (const rule of index.declarations.flatMap((d) => d.rules)) {
      const { shape } = rule;
      const wishes: RuleShape[][] = [[]];
      if (shape !== null && shape.fromPort !== null && shape.toPort !== null && shape.toPort > shape.fromPort) {
        wishes.push([{ ...shape, toPort: shape.fromPort }]);
        wishes.push([shape.fromPort, shape.toPort].map((port) => ({ ...shape, fromPort: port, toPort: port })));
      }
      if (shape?.peer.kind === 'cidrIpv4') {
        const at = shape.peer.cidr.split('/')[0]!;
        wishes.push([{ ...shape, peer: { kind: 'cidrIpv4', cidr: `${at}/32` } }]);
      }
      for (const replacements of wishes) {
        const result = language.edit(index, { ruleId: rule.id, replacements });
        changes.push(...changedBy(`${rule.id} to ${replacements.length}`, index, result));
      }
    }
    const { clean, spoiled } = judged(changes);
    expect(spoiled).toEqual([]);
    expect(clean).toBeGreaterThan(60);
  });
});
