import { describe, expect, it } from 'vitest';
import type { Finding } from '../../analyzer/model/finding.ts';
import { bodyOf } from '../../bot/change/body/body.ts';
import { planChanges } from '../../bot/change/plan.ts';
import { proposalsDocument, proposalsSchema } from '../../bot/change/proposals.ts';
import { ruleOfFinding } from '../../bot/mapping/live.ts';
import { mapRules } from '../../bot/mapping/rules.ts';
import { cloudformation } from '../../bot/source/cloudformation/index.ts';
import type { SourceLanguage } from '../../bot/source/contract.ts';
import { document, fakeEdit, fakeLanguage, fakeTree, finding, sure } from './fake.ts';

async function plan(files: Record<string, string>, findings: Finding[], language: SourceLanguage = fakeLanguage()) {
  const facts = { states: [], stacks: [] };
  const index = language.index(fakeTree(files), facts);
  const mappings = mapRules({
    rules: findings.map((one) => ruleOfFinding(one)!),
    groups: [],
    indexes: [index],
    states: [],
    stacks: [],
  });
  return planChanges({ findings: document(findings), mappings, sources: [{ language, index, facts }] });
}

const codes = (reasons: readonly { code: string }[]) => reasons.map((one) => one.code);

describe('planChanges', () => {
  it('removes one rule, and leaves all other bytes alone', async () => {
    const before = '# keep me\r\nrule a sg-1 tcp 22 22 10.0.0.0/8\r\nrule b sg-1 tcp 80 80 10.0.0.0/8';
    const { batches, refused } = await plan({ 'live/x.fake': before }, [
      finding('sg-1', '22', '10.0.0.0/8', 'remove'),
      finding('sg-1', '80', '10.0.0.0/8', 'keep'),
    ]);
    expect(refused).toEqual([]);
    expect(batches).toHaveLength(1);
    expect(batches[0]!.changes).toEqual([
      { path: 'live/x.fake', before, after: '# keep me\r\nrule b sg-1 tcp 80 80 10.0.0.0/8' },
    ]);
    expect(batches[0]!.proof).toMatchObject({ rulesBefore: 2, rulesAfter: 1, removed: 1, added: 0 });
    expect(batches[0]!.title).toBe('fix(live): remove 1 unused rule');
    expect(batches[0]!.branch).toMatch(/^pare\/live-[0-9a-f]{10}$/);
  });

  it('applies several edits of one file in turn, finding each rule again by its values', async () => {
    const before = 'rule a sg-1 tcp 22 22 10.0.0.0/8,10.1.0.0/16,10.2.0.0/16,10.3.0.0/16\n';
    const { batches, refused } = await plan({ 'x.fake': before.replace('10.0.0.0/8', '11.0.0.0/8') }, [
      finding('sg-1', '22', '11.0.0.0/8', 'remove'),
      finding('sg-1', '22', '10.1.0.0/16', 'keep'),
      finding('sg-1', '22', '10.2.0.0/16', 'remove'),
      finding('sg-1', '22', '10.3.0.0/16', 'narrow', {
        replacements: [{ protocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: '10.3.9.0/24' }],
      }),
    ]);
    expect(refused).toEqual([]);
    expect(batches[0]!.changes[0]!.after).toBe(
      'rule a sg-1 tcp 22 22 10.1.0.0/16\nrule a_0 sg-1 tcp 22 22 10.3.9.0/24\n',
    );
    expect(batches[0]!.proof).toMatchObject({ removed: 3, added: 1 });
  });

  it('makes one batch for each root, sorted, and lists the same in every run', async () => {
    const files = {
      'b/x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\n',
      'a/x.fake': 'rule a sg-2 tcp 22 22 10.0.0.0/8\n',
    };
    const findings = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-2', '22', '10.0.0.0/8', 'remove')];
    const first = await plan(files, findings);
    const second = await plan(files, [...findings].reverse());
    expect(first.batches.map((batch) => batch.key)).toEqual(['terraform:a', 'terraform:b']);
    const window = { from: 'a', to: 'b' };
    expect(JSON.stringify(proposalsDocument(first, window))).toBe(JSON.stringify(proposalsDocument(second, window)));
    expect(() => proposalsSchema.parse(proposalsDocument(first, window))).not.toThrow();
  });

  it('names every candidate where the source is not sure, and edits none', async () => {
    const files = { 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\nrule b sg-1 tcp 22 22 10.0.0.0/8\n' };
    const { batches, refused } = await plan(files, [finding('sg-1', '22', '10.0.0.0/8', 'remove')]);
    expect(batches).toEqual([]);
    expect(refused[0]!.reasons[0]!.message).toContain('x.fake:fake.a#0');
    expect(refused[0]!.reasons[0]!.message).toContain('x.fake:fake.b#0');
    expect(refused[0]!.candidates).toHaveLength(2);
  });

  it('says what to do with a rule that no source makes', async () => {
    const { batches, refused } = await plan({ 'x.fake': '' }, [finding('sg-1', '22', '10.0.0.0/8', 'remove')]);
    expect(batches).toEqual([]);
    expect(codes(refused[0]!.reasons)).toEqual(['unmanaged']);
    expect(refused[0]!.reasons[0]!.message).toContain('aws ec2 revoke-security-group-ingress');
  });
});

describe('law 5: an edit does what it says and no more', () => {
  const module = {
    'live/x.fake': 'call one modules/m.fake sg-1\ncall two modules/m.fake sg-2\n',
    'modules/m.fake': 'rule a $group tcp 22 22 10.0.0.0/8\nrule b $group tcp 80 80 10.0.0.0/8\n',
  };

  it('refuses where a module is called twice and the rule is stale in one call only', async () => {
    const { batches, refused } = await plan(module, [
      finding('sg-1', '22', '10.0.0.0/8', 'remove'),
      finding('sg-2', '22', '10.0.0.0/8', 'keep'),
    ]);
    expect(batches).toEqual([]);
    expect(codes(refused[0]!.reasons)).toEqual(['edit-changes-more']);
    expect(refused[0]!.reasons[0]).toMatchObject({ place: { file: 'modules/m.fake', line: 1 } });
    expect(refused[0]!.reasons[0]!.message).toContain('module.two.fake.a');
  });

  it('takes one edit for all proposals it makes true, where the rule is stale in every call', async () => {
    const { batches, refused } = await plan(module, [
      finding('sg-1', '22', '10.0.0.0/8', 'remove'),
      finding('sg-2', '22', '10.0.0.0/8', 'remove'),
    ]);
    expect(refused).toEqual([]);
    expect(batches[0]!.proposals).toHaveLength(2);
    expect(batches[0]!.proposals[0]!.togetherWith).toEqual([batches[0]!.proposals[1]!.finding.findingId]);
    expect(batches[0]!.changes.map((change) => change.after)).toEqual(['rule b $group tcp 80 80 10.0.0.0/8\n']);
  });

  it('refuses where the calls of one module want different replacements', async () => {
    const narrow = (cidr: string) => ({
      replacements: [{ protocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: cidr }],
    });
    const { batches, refused } = await plan(module, [
      finding('sg-1', '22', '10.0.0.0/8', 'narrow', narrow('10.1.0.0/16')),
      finding('sg-2', '22', '10.0.0.0/8', 'narrow', narrow('10.2.0.0/16')),
    ]);
    expect(batches).toEqual([]);
    expect(refused).toHaveLength(2);
  });

  const bad: { name: string; edit: SourceLanguage['edit']; code: string }[] = [
    {
      name: 'takes another rule with it',
      edit: (index) => ({
        ok: true,
        warnings: [],
        edits: [{ range: { file: 'x.fake', start: 0, end: index.tree.get('x.fake')!.text.length }, text: '' }],
      }),
      code: 'edit-changes-more',
    },
    {
      name: 'changes another rule',
      edit: (index, request) => {
        const good = fakeEdit(index, request);
        const at = index.tree.get('x.fake')!.text.indexOf('80 80');
        if (!good.ok) return good;
        return { ...good, edits: [...good.edits, { range: { file: 'x.fake', start: at, end: at + 2 }, text: '79' }] };
      },
      code: 'edit-changes-more',
    },
    {
      name: 'does nothing',
      edit: () => ({ ok: true, warnings: [], edits: [{ range: { file: 'x.fake', start: 0, end: 0 }, text: '\n' }] }),
      code: 'edit-missed',
    },
    { name: 'is empty', edit: () => ({ ok: true, warnings: [], edits: [] }), code: 'edit-empty' },
    {
      name: 'lies outside its file',
      edit: () => ({ ok: true, warnings: [], edits: [{ range: { file: 'x.fake', start: 0, end: 9999 }, text: '' }] }),
      code: 'edit-overlaps',
    },
    {
      name: 'is refused by the second parser',
      edit: (index, request) => {
        const good = fakeEdit(index, request);
        return good.ok ? { ...good, edits: good.edits.map((edit) => ({ ...edit, text: 'broken\n' })) } : good;
      },
      code: 'broken',
    },
    {
      name: 'makes the source harder to read',
      edit: (index, request) => {
        const good = fakeEdit(index, request);
        return good.ok ? { ...good, edits: good.edits.map((edit) => ({ ...edit, text: 'note\n' })) } : good;
      },
      code: 'odd',
    },
    {
      name: 'is refused by its language',
      edit: () => ({
        ok: false,
        refusals: [{ code: 'trap-7', message: 'would shift the rest', place: { file: 'x.fake', line: 1 } }],
      }),
      code: 'trap-7',
    },
  ];
  it.each(bad)('drops an edit that $name, with the reason and the place', async ({ edit, code }) => {
    const files = { 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\nrule b sg-1 tcp 80 80 10.0.0.0/8\n' };
    const findings = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-1', '80', '10.0.0.0/8', 'keep')];
    const { batches, refused } = await plan(files, findings, fakeLanguage({ edit }));
    expect(batches).toEqual([]);
    expect(codes(refused[0]!.reasons)).toContain(code);
    expect(refused[0]!.reasons[0]!.place.file).toBe('x.fake');
  });

  it('drops a replacement that stands in the source already', async () => {
    const files = { 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\nrule b sg-1 tcp 22 22 10.1.0.0/16\n' };
    const { batches, refused } = await plan(files, [
      finding('sg-1', '22', '10.0.0.0/8', 'narrow', {
        replacements: [{ protocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: '10.1.0.0/16' }],
      }),
      finding('sg-1', '22', '10.1.0.0/16', 'keep'),
    ]);
    expect(batches).toEqual([]);
    expect(codes(refused[0]!.reasons)).toContain('replacement-duplicate');
  });

  it('keeps the good edits of a batch whose other edit is refused', async () => {
    const files = { 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\nrule b sg-1 tcp 80 80 10.0.0.0/8\n' };
    const language = fakeLanguage({
      edit: (index, request) =>
        request.ruleId.includes('fake.b')
          ? { ok: false, refusals: [{ code: 'no', message: 'no', place: { file: 'x.fake', line: 2 } }] }
          : fakeEdit(index, request),
    });
    const findings = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-1', '80', '10.0.0.0/8', 'remove')];
    const { batches, refused } = await plan(files, findings, language);
    expect(batches[0]!.changes[0]!.after).toBe('rule b sg-1 tcp 80 80 10.0.0.0/8\n');
    expect(codes(refused[0]!.reasons)).toEqual(['no']);
    expect(batches[0]!.refused).toHaveLength(1);
  });

  it('drops only the edit that the second parser refuses, not its neighbours', async () => {
    const files = { 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\nrule b sg-1 tcp 80 80 10.0.0.0/8\n' };
    const language = fakeLanguage({
      edit: (index, request) => {
        const good = fakeEdit(index, request);
        if (!good.ok || !request.ruleId.includes('fake.b')) return good;
        return { ...good, edits: good.edits.map((edit) => ({ ...edit, text: 'broken\n' })) };
      },
    });
    const findings = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-1', '80', '10.0.0.0/8', 'remove')];
    const { batches, refused } = await plan(files, findings, language);
    expect(batches[0]!.changes[0]!.after).toBe('rule b sg-1 tcp 80 80 10.0.0.0/8\n');
    expect(refused.map((one) => codes(one.reasons))).toEqual([['broken']]);
  });

  it.each(['keep', 'review'] as const)(
    'trap 8: refuses a source that may also make a live rule which is to %s, however weak the mapping says so',
    async (action) => {
      const language = fakeLanguage();
      const facts = { states: [], stacks: [] };
      const index = language.index(fakeTree({ 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\n' }), facts);
      const stale = finding('sg-1', '22', '10.0.0.0/8', 'remove');
      const used = finding('sg-7', '22', '10.0.0.0/8', action);
      const mappings = [
        sure(ruleOfFinding(stale)!, 'x.fake:fake.a#0'),
        sure(ruleOfFinding(used)!, 'x.fake:fake.a#0', 0.5),
      ];
      const findings = document([stale, used]);
      const made = await planChanges({ findings, mappings, sources: [{ language, index, facts }] });
      expect(made.batches).toEqual([]);
      expect(codes(made.refused[0]!.reasons)).toEqual(['source-shared']);
      expect(made.refused[0]!.reasons[0]!.message).toContain(used.ruleId);
    },
  );

  it('takes one edit for two stacks of one template, where the rule is stale in both', async () => {
    const language = fakeLanguage();
    const facts = { states: [], stacks: [] };
    const index = language.index(fakeTree({ 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\n' }), facts);
    const both = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-7', '22', '10.0.0.0/8', 'remove')];
    const mappings = both.map((one) => sure(ruleOfFinding(one)!, 'x.fake:fake.a#0'));
    const made = await planChanges({ findings: document(both), mappings, sources: [{ language, index, facts }] });
    expect(made.refused).toEqual([]);
    expect(made.batches[0]!.proposals).toHaveLength(2);
  });

  it('names the line of a refusal as the reader sees it, not as the edits before had left it', async () => {
    const files = { 'x.fake': 'rule z sg-1 tcp 22 22 10.9.0.0/16\nrule a sg-1 tcp 80 80 10.0.0.0/8\n' };
    const language = fakeLanguage({
      edit: (index, request) => {
        const declaration = index.declarations.find((one) => request.ruleId.startsWith(one.id))!;
        return request.ruleId.includes('fake.a')
          ? { ok: false, refusals: [{ code: 'no', message: 'no', place: declaration.place }] }
          : fakeEdit(index, request);
      },
    });
    const findings = [finding('sg-1', '22', '10.9.0.0/16', 'remove'), finding('sg-1', '80', '10.0.0.0/8', 'remove')];
    const { batches, refused } = await plan(files, findings, language);
    expect(batches).toHaveLength(1);
    expect(refused[0]!.reasons[0]!.place.line).toBe(2);
  });

  it('tries again what only becomes possible once a neighbour is gone', async () => {
    const files = { 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\nrule b sg-1 tcp 80 80 10.0.0.0/8\n' };
    const language = fakeLanguage({
      edit: (index, request) =>
        request.ruleId.includes('fake.b') && index.tree.get('x.fake')!.text.includes('rule a')
          ? { ok: false, refusals: [{ code: 'not-last', message: 'no', place: { file: 'x.fake', line: 2 } }] }
          : fakeEdit(index, request),
    });
    const findings = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-1', '80', '10.0.0.0/8', 'remove')];
    const { batches, refused } = await plan(files, findings, language);
    expect(refused).toEqual([]);
    expect(batches[0]!.changes[0]!.after).toBe('');
  });
});

describe('the egress placeholder of CloudFormation', () => {
  const template = (egress: string) =>
    `Resources:\n  Web:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: web\n      SecurityGroupEgress:\n        - IpProtocol: tcp\n          FromPort: 443\n          ToPort: 443\n          CidrIp: ${egress}\n`;
  const stack = {
    stackName: 'shop',
    stackId: null,
    accountId: null,
    region: null,
    parameters: {},
    resources: { Web: 'sg-1' },
    templateBody: null,
    templatePath: 'a.yaml',
  };
  const facts = { states: [], stacks: [stack] };
  const index = cloudformation.index(fakeTree({ 'a.yaml': template('10.0.0.0/8') }), facts);
  const last = finding('sg-1', '443', '10.0.0.0/8', 'remove', { direction: 'egress' });
  const rules = [ruleOfFinding(last)!];
  const mappings = mapRules({ rules, groups: [], indexes: [index], ...facts });

  it('stands in for the last egress rule, and the body says so', async () => {
    const findings = document([last]);
    const made = await planChanges({ findings, mappings, sources: [{ language: cloudformation, index, facts }] });
    expect(made.refused).toEqual([]);
    expect(made.batches[0]!.changes[0]!.after).toBe(template('127.0.0.1/32'));
    expect(bodyOf(made.batches[0]!, findings)).toContain(
      'and the placeholder that keeps an egress list from being empty',
    );
  });

  it.each(['127.0.0.0/8', '10.0.0.0/9', '0.0.0.0/0'])('cannot be %s', async (cidr) => {
    const language: SourceLanguage = {
      ...cloudformation,
      edit: (at) => {
        const start = at.tree.get('a.yaml')!.text.indexOf('10.0.0.0/8');
        return { ok: true, warnings: [], edits: [{ range: { file: 'a.yaml', start, end: start + 10 }, text: cidr }] };
      },
    };
    const made = await planChanges({ findings: document([last]), mappings, sources: [{ language, index, facts }] });
    expect(made.batches).toEqual([]);
    expect(codes(made.refused[0]!.reasons)).toEqual(['edit-adds']);
  });
});

describe('law 4: nothing opens', () => {
  it.each([
    ['more ports', { protocol: 'tcp' as const, fromPort: 22, toPort: 23, cidrIpv4: '10.0.0.0/9' }],
    ['a wider range', { protocol: 'tcp' as const, fromPort: 22, toPort: 22, cidrIpv4: '8.0.0.0/6' }],
    ['another protocol', { protocol: 'udp' as const, fromPort: 22, toPort: 22, cidrIpv4: '10.0.0.0/8' }],
    [
      'a group, whose members the source does not know',
      { protocol: 'tcp' as const, fromPort: 22, toPort: 22, referencedGroupId: 'sg-9' },
    ],
  ])('refuses a replacement with %s', async (_, replacement) => {
    const { batches, refused } = await plan({ 'x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\n' }, [
      finding('sg-1', '22', '10.0.0.0/8', 'narrow', { replacements: [replacement] }),
    ]);
    expect(batches).toEqual([]);
    expect(codes(refused[0]!.reasons)).toContain('replacement-opens');
  });
});
