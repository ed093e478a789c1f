import { describe, expect, it } from 'vitest';
import { canonicalShape, type RuleShape } from '../../analyzer/model/rule.ts';
import { danglingReferences } from '../../bot/change/dangling.ts';
import { placedRules } from '../../bot/change/tuple.ts';
import { verify } from '../../bot/change/verify.ts';
import type { Declaration, DeclaredRule, SourceIndex } from '../../bot/source/contract.ts';
import { sourceTree } from '../../bot/source/tree.ts';

interface Row extends Partial<Omit<DeclaredRule, 'origins'>> {
  language?: Declaration['language'];
  form?: Declaration['form'];
  file?: string;
}

const SHAPE: RuleShape = canonicalShape({
  direction: 'ingress',
  protocol: 6,
  fromPort: 22,
  toPort: 22,
  peer: { kind: 'cidrIpv4', cidr: '10.0.0.0/8' },
});

function index(rows: Row[], texts: Record<string, string> = {}): SourceIndex {
  const declarations = rows.map(
    ({ language = 'terraform', form = 'legacy-rule', file = 'live/main.tf', ...row }, at): Declaration => {
      const range = { file, start: at, end: at + 1 };
      const address = row.address ?? `aws_security_group_rule.r${at}`;
      const declarationId = row.declarationId ?? `${file}:${address.replace(/\[.*/, '')}`;
      const rule: DeclaredRule = {
        id: `${declarationId}#0`,
        declarationId,
        address,
        context: 'default',
        group: 'sg-1',
        direction: 'ingress',
        protocol: '6',
        fromPort: '22',
        toPort: '22',
        peerKind: 'cidrIpv4',
        peer: '10.0.0.0/8',
        description: null,
        shape: null,
        ...row,
        origins: { declaration: range, protocol: [], fromPort: [], toPort: [], peer: [] },
      };
      return {
        id: declarationId,
        language,
        form,
        repetition: 'single',
        place: { file, line: at + 1 },
        range,
        root: 'live',
        rules: [rule],
        notes: [],
      };
    },
  );
  return { tree: sourceTree(Object.entries(texts).map(([path, text]) => ({ path, text }))), declarations, notes: [] };
}

function codes(before: SourceIndex, after: SourceIndex, replacements: RuleShape[] = []): string[] {
  const placed = placedRules(before)[0]!;
  const verdict = verify(before, after, [{ placed, live: SHAPE, replacements }]);
  return verdict.ok ? [] : verdict.reasons.map((one) => one.code);
}

describe('law 5: verify', () => {
  const A: Row = { address: 'aws_security_group_rule.a' };
  const B: Row = { address: 'aws_security_group_rule.b', peer: '10.1.0.0/16' };

  it('accepts exactly the removal', () => {
    expect(codes(index([A, B]), index([B]))).toEqual([]);
  });

  const spoiled: [string, Row][] = [
    ['ports', { ...B, toPort: '23' }],
    ['protocol', { ...B, protocol: '17' }],
    ['peer', { ...B, peer: '10.2.0.0/16' }],
    ['kind of peer', { ...B, peerKind: 'group' }],
    ['direction', { ...B, direction: 'egress' }],
    ['group', { ...B, group: 'sg-2' }],
    ['description', { ...B, description: 'other' }],
    ['workspace', { ...B, context: 'prod' }],
    ['address', { ...B, address: 'aws_security_group_rule.c' }],
    ['unknown value', { ...B, peer: 'unknown:data' }],
  ];
  it.each(spoiled)('refuses an edit that also changes the %s of another rule', (_, row) => {
    expect(codes(index([A, B]), index([row]))).toEqual(['edit-changes-more', 'edit-adds']);
  });

  it('refuses an edit that takes one of two equal rules too many, and one too few', () => {
    expect(codes(index([A, A, A]), index([A]))).toEqual(['edit-changes-more']);
    expect(codes(index([A, A]), index([A, A]))).toEqual(['edit-missed']);
  });

  it('trap 7: sees that the rest of a counted list moves to other addresses', () => {
    const list = ['10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16'].map((peer, at) => ({
      address: `aws_security_group_rule.x[${at}]`,
      peer,
    }));
    const moved = [list[1]!, list[2]!].map((row, at) => ({ ...row, address: `aws_security_group_rule.x[${at}]` }));
    expect(codes(index(list), index(moved))).toContain('edit-changes-more');
    expect(codes(index([...list].reverse().map((row) => ({ ...row }))), index([list[1]!, list[0]!]))).toEqual([]);
  });

  it('does not take the number of an inline CloudFormation item for its identity', () => {
    const row = (at: number, peer: string): Row => ({
      language: 'cloudformation',
      form: 'cfn-inline',
      file: 'a.yaml',
      address: `Web.SecurityGroupIngress[${at}]`,
      peer,
    });
    expect(codes(index([row(0, '10.0.0.0/8'), row(1, '10.1.0.0/16')]), index([row(0, '10.1.0.0/16')]))).toEqual([]);
  });

  it('accepts a replacement by its values, also where the group peer is only a reference', () => {
    const live: RuleShape = { ...SHAPE, fromPort: 0, toPort: 65535, peer: { kind: 'group', groupId: 'sg-9' } };
    const wanted: RuleShape = { ...live, fromPort: 80, toPort: 80 };
    const row: Row = { ...A, fromPort: '0', toPort: '65535', peerKind: 'group', peer: 'ref:aws_security_group.lb.id' };
    const before = index([row]);
    const change = [{ placed: placedRules(before)[0]!, live, replacements: [wanted] }];
    expect(verify(before, index([{ ...row, fromPort: '80', toPort: '80' }]), change)).toEqual({ ok: true });
    const other = index([{ ...row, fromPort: '80', toPort: '80', peer: 'ref:aws_security_group.db.id' }]);
    expect(verify(before, other, change).ok).toBe(false);
    const unknown = index([{ ...row, fromPort: 'unknown:var', toPort: '80' }]);
    expect(verify(before, unknown, change).ok).toBe(false);
  });

  it('refuses a replacement in another group or workspace', () => {
    const narrow = { ...SHAPE, peer: { kind: 'cidrIpv4' as const, cidr: '10.9.0.0/16' } };
    expect(codes(index([A]), index([{ ...A, peer: '10.9.0.0/16' }]), [narrow])).toEqual([]);
    expect(codes(index([A]), index([{ ...A, peer: '10.9.0.0/16', group: 'sg-2' }]), [narrow])).toContain(
      'replacement-missing',
    );
    expect(codes(index([A]), index([{ ...A, peer: '10.9.0.0/16', context: 'prod' }]), [narrow])).toContain(
      'replacement-missing',
    );
  });

  it('law 4: refuses a replacement that opens, whatever the source says', () => {
    const wide = { ...SHAPE, peer: { kind: 'cidrIpv4' as const, cidr: '0.0.0.0/0' } };
    expect(codes(index([A]), index([{ ...A, peer: '0.0.0.0/0' }]), [wide])).toEqual(['replacement-opens']);
  });

  it('refuses an edit that leaves a reference to what it takes away', () => {
    const text = { 'live/outputs.tf': 'value = aws_security_group_rule.a.id' };
    expect(codes(index([A, B], text), index([B], text))).toEqual(['dangling-reference']);
  });

  it('refuses an edit after which less of the source can be read, but not one after which lines moved', () => {
    const note = (line: number) => ({ code: 'invalid-source', message: 'x', place: { file: 'a.tf', line } });
    const before = { ...index([A, B]), notes: [note(5)] };
    expect(codes(before, { ...index([B]), notes: [note(4)] })).toEqual([]);
    expect(codes(before, { ...index([B]), notes: [note(4), note(9)] })).toEqual(['invalid-source']);
  });
});

describe('trap 9: dangling references', () => {
  const A: Row = { address: 'aws_security_group_rule.a' };
  const rest = (text: string, path = 'live/outputs.tf') => danglingReferences(index([A]), index([], { [path]: text }));

  it.each([
    ['an output', 'output "x" { value = aws_security_group_rule.a.id }'],
    ['depends_on', 'depends_on = [aws_security_group_rule.a]'],
    ['an import block', 'import {\n  to = aws_security_group_rule.a\n  id = "sg-1_ingress"\n}'],
    ['an instance', 'value = aws_security_group_rule.a["x"].id'],
  ])('are found in %s', (_, text) => {
    expect(rest(text)).toMatchObject([{ code: 'dangling-reference', place: { file: 'live/outputs.tf' } }]);
  });

  it.each([
    ['another name', 'value = aws_security_group_rule.ab.id'],
    ['another type', 'value = my_aws_security_group_rule.a'],
    ['a data source of the same name', 'value = data.aws_security_group_rule.a.id'],
    ['a comment', '# see aws_security_group_rule.a'],
    [
      'a moved block, which may lead to what is gone',
      'moved {\n  from = aws_security_group_rule.b\n  to   = aws_security_group_rule.a\n}',
    ],
    [
      'a block that still stands',
      'resource "aws_security_group_rule" "a" {\n  count = 0\n}\nvalue = aws_security_group_rule.a',
    ],
  ])('are not found in %s', (_, text) => {
    expect(rest(text)).toEqual([]);
  });

  it('are not looked for in other directories', () => {
    expect(rest('value = aws_security_group_rule.a.id', 'other/outputs.tf')).toEqual([]);
  });

  it('trap 16: are found in a template, by Ref, GetAtt and DependsOn', () => {
    const row: Row = { language: 'cloudformation', form: 'cfn-standalone', file: 'a.yaml', address: 'Ssh' };
    for (const text of ['Value: !Ref Ssh', 'DependsOn: [Ssh]', 'Value: !GetAtt Ssh.Id', `"Fn::Sub": "$\{Ssh}"`])
      expect(danglingReferences(index([row]), index([], { 'a.yaml': text }))).toHaveLength(1);
    expect(danglingReferences(index([row]), index([], { 'a.yaml': 'Ssh:\n  Type: x\nValue: !Ref Ssh' }))).toEqual([]);
  });
});
