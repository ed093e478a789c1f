import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../analyzer/model/finding.ts';
import { planChanges } from '../../bot/change/plan.ts';
import { ruleOfFinding } from '../../bot/mapping/live.ts';
import { mapRules } from '../../bot/mapping/rules.ts';
import type { SourceLanguage, SourceTree } from '../../bot/source/contract.ts';
import { document, fakeEdit, fakeLanguage, fakeTree, finding } from './fake.ts';

const FACTS = { states: [], stacks: [] };

/** The rules of a tree by reading its lines once more, with nothing of the code under test: `group port cidr`, as often as they are made. */
function bruteForce(tree: SourceTree): string[] {
  const lines = tree.files.flatMap((file) =>
    file.text.split('\n').map((text) => ({ file: file.path, words: text.trim().split(/\s+/) })),
  );
  const out: string[] = [];
  for (const { file, words } of lines) {
    if (words[0] !== 'rule') continue;
    const calls = lines.filter((one) => one.words[0] === 'call' && one.words[2] === file).map((one) => one.words[3]!);
    for (const group of calls.length > 0 ? calls : [words[2]!])
      for (const peer of words[6]!.split(',')) out.push(`${group} ${words[4]}-${words[5]} ${peer}`);
  }
  return out.sort();
}

const cidr = fc.integer({ min: 1, max: 9 }).map((n) => `10.${n}.0.0/16`);
const line = fc.record({
  peers: fc.uniqueArray(cidr, { minLength: 1, maxLength: 4 }),
  port: fc.integer({ min: 20, max: 23 }),
});
const world = fc.record({
  root: fc.array(line, { maxLength: 4 }),
  shared: fc.array(line, { maxLength: 3 }),
  calls: fc.integer({ min: 1, max: 3 }),
  actions: fc.array(fc.constantFrom<Finding['action']>('remove', 'remove', 'keep', 'narrow'), {
    minLength: 40,
    maxLength: 40,
  }),
  lies: fc.array(fc.constantFrom('', '', 'more', 'less', 'change', 'add', 'elsewhere'), {
    minLength: 40,
    maxLength: 40,
  }),
  seed: fc.nat(),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

function filesOf({ root, shared, calls }: World): Record<string, string> {
  const write = (lines: World['root'], group: (at: number) => string) =>
    lines.map(({ peers, port }, at) => `rule r${at} ${group(at)} tcp ${port} ${port} ${peers.join(',')}\n`).join('');
  const call = Array.from({ length: calls }, (_, at) => `call c${at} modules/m.fake sg-m${at}\n`).join('');
  return { 'live/x.fake': call + write(root, (at) => `sg-r${at}`), 'modules/m.fake': write(shared, () => '$group') };
}

function findingsOf(tree: SourceTree, actions: readonly Finding['action'][]): Finding[] {
  return [...new Set(bruteForce(tree))].map((text, at) => {
    const [group, ports, peer] = text.split(' ');
    const action = actions[at % actions.length]!;
    const port = Number(ports!.split('-')[0]);
    const replacements =
      action === 'narrow'
        ? [{ protocol: 'tcp' as const, fromPort: port, toPort: port, cidrIpv4: peer!.replace('.0.0/16', '.7.0/24') }]
        : [];
    return finding(group!, String(port), peer!, action, { replacements });
  });
}

/** An editor that lies now and then: takes more, takes less, changes or adds a rule, edits another file. */
function lying(lies: readonly string[]): SourceLanguage {
  let n = 0;
  return fakeLanguage({
    edit: (index, request) => {
      const good = fakeEdit(index, request);
      const lie = lies[n++ % lies.length];
      if (!good.ok || lie === '') return good;
      const file = index.tree.files.find(
        (one) => one.path === (lie === 'elsewhere' ? 'modules/m.fake' : 'live/x.fake'),
      )!;
      const end = { file: file.path, start: file.text.length, end: file.text.length };
      if (lie === 'add')
        return { ...good, edits: [...good.edits, { range: end, text: 'rule extra sg-z tcp 1 1 10.0.0.0/16\n' }] };
      if (lie === 'less') return { ...good, edits: [{ range: end, text: '\n' }] };
      const first = file.text.indexOf('\n') + 1;
      const text = lie === 'change' ? 'rule other sg-q tcp 9 9 10.0.0.0/16\n' : '';
      return { ...good, edits: [{ range: { file: file.path, start: 0, end: first }, text }] };
    },
  });
}

async function check(w: World, language: SourceLanguage) {
  const tree = fakeTree(filesOf(w));
  const findings = findingsOf(tree, w.actions);
  const index = language.index(tree, FACTS);
  const mappings = mapRules({
    rules: findings.map((one) => ruleOfFinding(one)!),
    groups: [],
    indexes: [index],
    ...FACTS,
  });
  const made = await planChanges({
    findings: document(findings),
    mappings,
    sources: [{ language, index, facts: FACTS }],
  });

  const after = made.batches.reduce(
    (at, batch) => at.with(batch.changes.map(({ path, after: text }) => ({ path, text }))),
    tree,
  );
  const expected = bruteForce(tree);
  for (const { finding: f } of made.batches.flatMap((batch) => batch.proposals)) {
    expect(['remove', 'narrow']).toContain(f.action);
    const at = expected.indexOf(`${f.groupId} ${f.fromPort}-${f.toPort} ${f.peer.cidrIpv4}`);
    expect(at).toBeGreaterThanOrEqual(0);
    expected.splice(
      at,
      1,
      ...f.replacements.map((one) => `${f.groupId} ${one.fromPort}-${one.toPort} ${one.cidrIpv4}`),
    );
  }
  expect(bruteForce(after)).toEqual(expected.sort());

  const wanted = findings.filter((one) => one.action !== 'keep').map((one) => one.findingId);
  const proposed = made.batches.flatMap((batch) => batch.proposals.map((one) => one.finding.findingId));
  const refused = made.refused.map((one) => one.finding.findingId);
  expect([...proposed, ...refused].sort()).toEqual([...wanted].sort());
  for (const one of made.refused) expect(one.reasons.length).toBeGreaterThan(0);
  return made;
}

describe('law 5 on generated sources', () => {
  it('changes exactly what is proposed, and answers for every finding', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const made = await check(w, fakeLanguage());
        expect(made.batches.every((batch) => batch.key === 'terraform:live')).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('holds even when the editor lies', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const made = await check(w, lying(w.lies));
        expect(made.batches.every((batch) => batch.key === 'terraform:live')).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('refuses nothing where every rule is a root rule of its own and may go', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const made = await check({ ...w, shared: [], calls: 1, actions: ['remove'] }, fakeLanguage());
        expect(made.refused).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
