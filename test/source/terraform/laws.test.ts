import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeclaredRule, TextEdit } from '../../../bot/source/contract.ts';
import { applyEdits, sortEdits } from '../../../bot/source/text.ts';
import { modules } from './modules.ts';
import { indexOf, language, NO_FACTS } from './shop.ts';

/** Plain texts of all rules, sorted: the reference that the editor's judgement is held against. */
function plain(rules: readonly DeclaredRule[]): string[] {
  return rules
    .map((r) => [r.context, r.group, r.direction, r.protocol, r.fromPort, r.toPort, r.peerKind, r.peer].join('|'))
    .sort();
}

function untouched(text: string, edits: readonly TextEdit[], after: string): boolean {
  let at = 0;
  let to = 0;
  for (const edit of edits) {
    const kept = text.slice(at, edit.range.start);
    if (after.slice(to, to + kept.length) !== kept) return false;
    to += kept.length + edit.text.length;
    at = edit.range.end;
  }
  return after.slice(to) === text.slice(at);
}

describe('law 5: an edit does what it says and no more', () => {
  it('removing any one rule of a generated module removes it alone, or is refused', async () => {
    let made = 0;
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(modules, fc.nat(), async (files, pick) => {
        const index = indexOf(files);
        const rules = index.declarations.flatMap((d) => d.rules);
        const rule = rules[pick % rules.length]!;
        asked += 1;
        const result = language.edit(index, { ruleId: rule.id, replacements: [] });
        if (!result.ok) {
          expect(result.refusals.length).toBeGreaterThan(0);
          return;
        }
        made += 1;
        const tree = applyEdits(index.tree, result.edits);
        const after = language.index(tree, NO_FACTS).declarations.flatMap((d) => d.rules);
        expect(plain(after)).toEqual(plain(rules.filter((r) => r !== rule)));
        for (const file of index.tree.files) {
          const edits = sortEdits(result.edits.filter((e) => e.range.file === file.path));
          expect(untouched(file.text, edits, tree.get(file.path)!.text)).toBe(true);
          expect(await language.check(tree.get(file.path)!)).toEqual([]);
        }
      }),
      { numRuns: 120, seed: 7 },
    );
    expect(made / asked).toBeGreaterThan(0.95);
  });

  it('tightening any one rule of a generated module changes it alone, or is refused', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(modules, fc.nat(), async (files, pick) => {
        const index = indexOf(files);
        const rules = index.declarations.flatMap((d) => d.rules);
        const rule = rules[pick % rules.length]!;
        const shape = { ...rule.shape!, peer: { kind: 'cidrIpv4' as const, cidr: '10.1.7.0/24' } };
        const known = rule.shape ?? {
          direction: rule.direction,
          protocol: 6,
          fromPort: Number(rule.fromPort),
          toPort: Number(rule.toPort),
        };
        const replacement = { ...known, ...shape, direction: rule.direction, peer: shape.peer };
        const result = language.edit(index, { ruleId: rule.id, replacements: [replacement] });
        if (!result.ok) return;
        made += 1;
        const tree = applyEdits(index.tree, result.edits);
        const after = language.index(tree, NO_FACTS).declarations.flatMap((d) => d.rules);
        expect(plain(after)).toEqual(plain([...rules.filter((r) => r !== rule), { ...rule, peer: '10.1.7.0/24' }]));
        for (const file of tree.files) expect(await language.check(file)).toEqual([]);
      }),
      { numRuns: 80, seed: 11 },
    );
    expect(made).toBeGreaterThan(40);
  });
});

describe('law 7: same input, same output', () => {
  it('indexes a tree the same in any order of files, fresh or again', () => {
    fc.assert(
      fc.property(modules, (files) => {
        const reversed = Object.fromEntries(Object.entries(files).reverse());
        const plainly = (f: typeof files) => JSON.stringify(indexOf(f).declarations);
        expect(plainly(reversed)).toBe(plainly(files));
      }),
      { numRuns: 30 },
    );
  });

  it('does not parse or evaluate again what an edit left alone', () => {
    const rule = (n: number) =>
      `resource "aws_security_group_rule" "r" {\n  type = "ingress"\n  security_group_id = "sg-${n}"\n  protocol = "tcp"\n  from_port = 1\n  to_port = 1\n  self = true\n}\n`;
    const index = indexOf({ 'a/main.tf': rule(1), 'b/main.tf': rule(2) });
    const again = language.index(index.tree.with([{ path: 'b/main.tf', text: rule(3) }]), NO_FACTS);
    const of = (from: typeof index, file: string) => from.declarations.find((d) => d.id.startsWith(file))!;
    expect(of(again, 'a/').rules[0]!.origins).toBe(of(index, 'a/').rules[0]!.origins);
    expect(of(again, 'b/').rules[0]!.group).toBe('sg-3');
  });
});
