import type { Finding, FindingsDocument } from '../../analyzer/model/finding.ts';
import { planChanges } from '../../bot/change/plan.ts';
import type { PlanSource } from '../../bot/github/contract.ts';
import { ruleOfFinding } from '../../bot/mapping/live.ts';
import { mapRules } from '../../bot/mapping/rules.ts';
import { document, fakeLanguage, fakeTree, finding } from '../change/fake.ts';
import { FakeRepository, fakeClock } from './fake-platform.ts';

const FACTS = { states: [], stacks: [] };

/** Findings and the tree of the fake repository, planned for real in the fake language of test/change. */
export function planSource(
  repository: FakeRepository,
  findings: () => FindingsDocument,
): PlanSource & { plans: number } {
  const source = {
    plans: 0,
    plan: async ({ commit, only }: { commit: string; only?: ReadonlySet<string> }) => {
      source.plans += 1;
      const all = findings();
      const files = [...repository.files.get(commit)!].filter(([path]) => path.endsWith('.fake'));
      const tree = fakeTree(Object.fromEntries(files));
      const language = fakeLanguage();
      const index = language.index(tree, FACTS);
      const rules = all.rules.map((one) => ruleOfFinding(one)!);
      const mappings = mapRules({ rules, groups: [], indexes: [index], states: [], stacks: [] });
      const chosen = only === undefined ? all : { ...all, rules: all.rules.map((one) => kept(one, only)) };
      const plan = await planChanges({ findings: chosen, mappings, sources: [{ language, index, facts: FACTS }] });
      return { document: all, plan, commit, prefix: '' };
    },
  };
  return source;
}

/** What is not to be changed now is asked to stay. */
function kept(one: Finding, only: ReadonlySet<string>): Finding {
  return only.has(one.findingId) ? one : { ...one, action: 'keep', replacements: [] };
}

export interface World {
  repository: FakeRepository;
  clock: ReturnType<typeof fakeClock>;
  source: PlanSource & { plans: number };
  findings: { document: FindingsDocument };
}

/** One rule for each finding; `files` maps a root to the groups that it declares, one rule `tcp 22 from 10.n.0.0/16` each. */
export function world(
  roots: Record<string, number>,
  options: { config?: string | null; more?: Record<string, string>; visibility?: 'public' | 'private' } = {},
): World {
  const clock = fakeClock();
  const files: Record<string, string> = { ...options.more };
  const rules: Finding[] = [];
  for (const [root, count] of Object.entries(roots)) {
    let text = '';
    for (let n = 1; n <= count; n += 1) {
      const group = `sg-${Buffer.from(root).toString('hex').slice(0, 6).padEnd(6, '0')}${String(n).padStart(11, '0')}`;
      text += `rule r${n} ${group} tcp 22 22 10.${n}.0.0/16\n`;
      rules.push({
        ...finding(group, '22', `10.${n}.0.0/16`, 'remove'),
        findingId: `f-${Buffer.from(`${root}${n}`).toString('hex').padEnd(12, '0').slice(0, 12)}`,
        ruleId: `sgr-${root}-${n}`,
      });
    }
    files[`${root}/x.fake`] = text;
  }
  if (options.config !== null) files['.github/pare.yml'] = options.config ?? 'brake:\n  atLeast: 1000\n';
  const repository = new FakeRepository(files, clock, options.visibility ?? 'private');
  const findings = { document: document(rules) };
  return { repository, clock, findings, source: planSource(repository, () => findings.document) };
}
