import { beforeAll, describe, expect, it } from 'vitest';
import type { SecurityGroupRule } from '../../analyzer/model/rule.ts';
import type { Mapping } from '../../bot/mapping/contract.ts';
import { editable, mapRules } from '../../bot/mapping/rules.ts';
import { bindStates } from '../../bot/mapping/states.ts';
import type { DeclaredRule, SourceFacts, TerraformState } from '../../bot/source/contract.ts';
import { isProblem, parseTerraformState } from '../../bot/source/state/index.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { sourceTree } from '../../bot/source/tree.ts';
import { liveOf } from '../bench-sources/live.ts';
import { generateSources } from '../bench-sources/roots.ts';

/** Twelve roots: every spelling that depends on a root's number is among them. */
const SOURCES = generateSources({ roots: 12, modules: 3 });
const LIVE = liveOf(SOURCES.roots);

interface Mapped {
  mappings: readonly Mapping[];
  declared: ReadonlyMap<string, DeclaredRule>;
}

/** `keep` drops files and states, as a repository that holds a part of what is live. */
async function mapped(rules: readonly SecurityGroupRule[], keep: (directory: string) => boolean): Promise<Mapped> {
  const language = await createTerraformLanguage();
  const tree = sourceTree(SOURCES.files.filter((file) => file.path.startsWith('modules/') || keep(file.path)));
  const states = [...LIVE.states]
    .filter(([root]) => keep(`${root}/`))
    .map(([root, text]): TerraformState => {
      const state = parseTerraformState(text, `${root}/terraform.tfstate`);
      if (isProblem(state)) throw new Error(state.message);
      return { ...state, root };
    });
  const facts: SourceFacts = { states, stacks: [] };
  const index = language.index(tree, facts);
  const bound = bindStates(states, [index]);
  expect(bound.problems).toEqual([]);
  const declared = new Map(index.declarations.flatMap((one) => one.rules).map((rule) => [rule.id, rule] as const));
  const input = { rules, groups: LIVE.groups, indexes: [index], states: bound.states, stacks: [] };
  return { mappings: mapRules(input), declared };
}

describe('no live rule is lost between AWS and the source', () => {
  let whole: Mapped;
  beforeAll(async () => {
    whole = await mapped(LIVE.rules, () => true);
  });

  it('there is one mapping for each, in the order given', () => {
    expect(whole.mappings.map((one) => one.rule.ruleId)).toEqual(LIVE.rules.map((rule) => rule.ruleId));
    expect(whole.mappings).toHaveLength(144);
  });

  it('each is found at the very resource that made it, surely and alone', () => {
    for (const mapping of whole.mappings) {
      const candidate = editable(mapping);
      const { root, address } = LIVE.addresses.get(mapping.rule.ruleId)!;
      const declared = candidate === null ? undefined : whole.declared.get(candidate.declaredRuleId);
      expect([declared?.root, declared?.address]).toEqual([root, address]);
      expect(declared?.peer).toBe('cidr' in mapping.rule.peer ? mapping.rule.peer.cidr : declared?.peer);
    }
  });

  it('two live rules never claim one declared rule', () => {
    const claimed = whole.mappings.map((one) => one.candidates[0]?.declaredRuleId);
    expect(new Set(claimed).size).toBe(claimed.length);
  });

  it('rules of an unknown part of the repository are unmanaged, with what a person can do, and the others stay mapped', async () => {
    const missing = SOURCES.roots.slice(0, 4).map((root) => `${root.directory}/`);
    const keep = (path: string) => !missing.some((directory) => path.startsWith(directory));
    const { mappings } = await mapped(LIVE.rules, keep);
    for (const mapping of mappings) {
      const { root } = LIVE.addresses.get(mapping.rule.ruleId)!;
      if (keep(`${root}/`)) expect(editable(mapping)).not.toBeNull();
      else {
        expect(editable(mapping)).toBeNull();
        const note = mapping.notes.find((one) => one.code === 'unmanaged');
        expect(mapping.candidates.length > 0 || note !== undefined).toBe(true);
        if (note === undefined) continue;
        expect(note.message).toContain(`id = "${mapping.rule.ruleId}"`);
        expect(note.message).toContain('aws ec2 revoke-security-group-ingress');
      }
    }
  });

  it('a rule added by hand beside those of a state is unmanaged, and says that its group is managed', async () => {
    const [first] = LIVE.rules;
    const byHand: SecurityGroupRule = { ...first!, ruleId: 'sgr-0123456789abcdef0', fromPort: 1, toPort: 1 };
    const { mappings } = await mapped([byHand], () => true);
    expect(mappings[0]!.candidates).toEqual([]);
    expect(mappings[0]!.notes.map((note) => note.code)).toEqual(['unmanaged']);
    expect(mappings[0]!.notes[0]!.message).toContain('probably added by hand');
  });
});
