import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SourceFacts, SourceFile, SourceIndex, SourceLanguage, SourceTree } from '../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { applyEdits } from '../../bot/source/text.ts';
import { sourceTree } from '../../bot/source/tree.ts';
import { generateSources } from '../bench-sources/roots.ts';

const FACTS: SourceFacts = { states: [], stacks: [] };
const SMALL = generateSources({ roots: 3, modules: 1 });

let kept: SourceLanguage;
beforeAll(async () => {
  kept = await createTerraformLanguage();
});

/** What an index says, in one text that a difference can be read from. */
function told(index: SourceIndex): string {
  return JSON.stringify({ declarations: index.declarations, notes: index.notes }, null, 1);
}

type Change = (tree: SourceTree) => readonly SourceFile[];

/** Changes as editors, people and merges make them, also those that break a file. */
const change: fc.Arbitrary<Change> = fc
  .record({
    kind: fc.constantFrom('number', 'line', 'cut', 'other', 'address', 'append', 'new', 'again'),
    file: fc.nat(),
    other: fc.nat(),
    at: fc.nat(),
  })
  .map(({ kind, file, other, at }) => (tree) => {
    const { path, text } = tree.files[file % tree.files.length]!;
    const spot = at % (text.length + 1);
    switch (kind) {
      case 'number':
        return [{ path, text: text.replace(/\d+/, String(at % 60_000)) }];
      case 'address':
        return [{ path, text: text.replace(/10\.\d+\./, `10.${at % 256}.`) }];
      case 'line':
        return [
          {
            path,
            text: text
              .split('\n')
              .toSpliced(at % text.split('\n').length, 1)
              .join('\n'),
          },
        ];
      case 'cut':
        return [{ path, text: text.slice(0, spot) + text.slice(spot + (other % 40)) }];
      case 'append':
        return [{ path, text: `${text}\nvariable "added_${at % 9}" {}\nlocals {\n  name = "again"\n}\n` }];
      case 'new':
        return [
          {
            path: path.replace(/[^/]+$/, `new_${at % 5}.${other % 2 === 0 ? 'tf' : 'tfvars'}`),
            text: 'offices = []\n',
          },
        ];
      case 'other':
        return [{ path, text: tree.files[other % tree.files.length]!.text }];
      default:
        return [{ path, text: `${text}` }];
    }
  });

describe('an index that is made from the one before', () => {
  it('is equal to one that is made from nothing, whatever was changed', async () => {
    const start = sourceTree(SMALL.files);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let tree = start;
        let expected = told(kept.index(tree, FACTS));
        for (const one of changes) {
          const before = tree;
          tree = tree.with(one(tree));
          const after = kept.index(tree, FACTS);
          const fresh = await createTerraformLanguage();
          expect(told(after)).toBe(told(fresh.index(tree, FACTS)));
          // And back again, as the editor does between one way and the next.
          expect(told(kept.index(before, FACTS))).toBe(expected);
          expected = told(kept.index(tree, FACTS));
          expect(expected).toBe(told(after));
        }
      }),
      { numRuns: 8 },
    );
  });

  it('gives the same edits as a language that knows only this tree, for every rule of a root', async () => {
    const { directory } = SMALL.roots[1]!;
    let tree = sourceTree(SMALL.files);
    const index = kept.index(tree, FACTS);
    const rules = index.declarations.flatMap((one) => one.rules).filter((rule) => rule.root === directory);
    expect(rules).toHaveLength(12);
    let edits = 0;
    for (const rule of rules.filter((_, i) => i % 2 === 0)) {
      const request = { ruleId: rule.id, replacements: [] };
      const fresh = await createTerraformLanguage();
      const result = kept.edit(index, request);
      expect(result).toEqual(fresh.edit(fresh.index(tree, FACTS), request));
      if (result.ok) edits += 1;
    }
    expect(edits).toBeGreaterThanOrEqual(5);
    tree = applyEdits(tree, []);
    expect(told(kept.index(tree, FACTS))).toBe(told(index));
  });

  it('keeps every declaration of the roots that an edit does not touch as the same object', () => {
    const tree = sourceTree(SMALL.files);
    const before = kept.index(tree, FACTS);
    const path = `${SMALL.roots[0]!.directory}/terraform.tfvars`;
    const after = kept.index(tree.with([{ path, text: 'offices = ["10.0.0.0/8"]\n' }]), FACTS);
    const same = new Set(before.declarations);
    const fresh = after.declarations.filter((one) => !same.has(one));
    expect(fresh.length).toBeGreaterThan(0);
    expect(fresh.map((one) => one.rules[0]?.root ?? one.root)).not.toContain(SMALL.roots[1]!.directory);
    expect(fresh.length).toBeLessThan(after.declarations.length / 2);
  });

  it('sees a file that came, where fileset asks for the files there are', async () => {
    const files = [
      {
        path: 'main.tf',
        text: `resource "aws_vpc_security_group_ingress_rule" "r" {
  for_each          = fileset("\${path.module}/blocks", "*.txt")
  security_group_id = "sg-1"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = file("blocks/\${each.value}")
}
`,
      },
      { path: 'blocks/a.txt', text: '10.0.0.0/8' },
    ];
    const tree = sourceTree(files);
    const language = await createTerraformLanguage();
    expect(language.index(tree, FACTS).declarations[0]!.rules).toHaveLength(1);
    const more = tree.with([{ path: 'blocks/b.txt', text: '192.168.0.0/16' }]);
    expect(language.index(more, FACTS).declarations[0]!.rules.map((rule) => rule.peer)).toEqual([
      '10.0.0.0/8',
      '192.168.0.0/16',
    ]);
  });
});
