import { describe, expect, it } from 'vitest';
import { cloudformation } from '../../../bot/source/cloudformation/index.ts';
import { indexOf, lines } from './support.ts';

const GROUP = 'Resources:\n  A:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: a\n';
const ITEM = '{IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: VALUE}';

const codes = (text: string, path = 't.yaml') => indexOf(text, [], path).notes.map((note) => note.code);

describe('hostile templates end in a note, in bounded time', () => {
  it.each([
    ['a file far over the limit', `${GROUP}#${'x'.repeat(50_000_000)}`, 'cfn-too-large'],
    ['brackets nested without end', `${GROUP}X: ${'['.repeat(100_000)}`, 'cfn-too-deep'],
    ['dashes nested without end', `${GROUP}X:\n  ${'- '.repeat(100_000)}a`, 'cfn-too-deep'],
    [
      'blocks nested deeply',
      `${GROUP}X:\n${Array.from({ length: 400 }, (_, i) => `${' '.repeat(i + 1)}k:`).join('\n')} v\n`,
      'cfn-yaml-unsupported',
    ],
    ['an alias without anchor', `${GROUP}X: *nowhere\n`, 'cfn-yaml-unsupported'],
    ['an alias of itself', `${GROUP}X: &a [*a]\n`, 'cfn-yaml-unsupported'],
    ['a merge key', `B: &b {x: 1}\n${GROUP}X: {<<: *b}\n`, 'cfn-yaml-unsupported'],
    ['a key that stands twice', `${GROUP}Resources: {}\n`, 'cfn-yaml-syntax'],
    ['bytes that were no UTF-8', `${GROUP}X: \uFFFD\n`, 'cfn-invalid-utf8'],
    ['two documents', `${GROUP}---\n${GROUP}`, 'cfn-yaml-syntax'],
  ])('%s', (_, text, code) => expect(codes(text)).toEqual([code]));

  it.each([
    ['cut short', '{"Resources": {"A": {"Type": "AWS::EC2::SecurityGroup"'],
    [
      'with a key twice',
      '{"Resources": {"A": {"Type": "AWS::EC2::SecurityGroup", "Type": "AWS::EC2::SecurityGroup"}}}',
    ],
  ])('JSON %s is a note with its line', (_, text) => {
    const [note] = indexOf(text, [], 't.json').notes;
    expect(note).toMatchObject({ place: { file: 't.json', line: 1 } });
    expect(note!.code).toMatch(/^cfn-(json|yaml)-/);
  });

  it('does not multiply aliases of aliases, neither as lists nor as joined text', () => {
    const laughs = ['A0: &a0 ["10.0.0.0/8"]'];
    const joins = ['B0: &b0 "10.0.0.0/8"'];
    for (let i = 1; i <= 40; i += 1) {
      laughs.push(
        `A${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
      joins.push(`B${i}: &b${i} {'Fn::Join': ['', [*b${i - 1}, *b${i - 1}]]}`);
    }
    const text = `${laughs.join('\n')}\n${joins.join('\n')}\n${GROUP}      SecurityGroupIngress:\n        - ${ITEM.replace('VALUE', '*a40')}\n        - ${ITEM.replace('VALUE', '*b40')}\n`;
    const index = indexOf(text);
    expect(index.declarations[0]!.rules[0]!.shape).toBeNull();
    expect(index.declarations[1]!.rules[0]!.shape).toBeNull();
  });

  it('does not follow values round in circles', () => {
    const text = `Conditions:\n  C: !Condition D\n  D: !Not [!Condition C]\n${GROUP.replace('  A:', '  V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !GetAtt V.CidrBlock}}\n  A:')}      SecurityGroupIngress: [!If [C, ${ITEM.replace('VALUE', '!GetAtt V.CidrBlock')}, !Ref AWS::NoValue]]\n`;
    expect(lines(indexOf(text))[0]).toContain('cidrIpv4 ref:V.CidrBlock');
  });

  it('takes names of JavaScript\u2019s own properties for names', () => {
    const text = `${GROUP}      SecurityGroupIngress:\n        - ${ITEM.replace('VALUE', '!Ref constructor')}\n        - ${ITEM.replace('VALUE', '!Ref AWS::__proto__')}\n`;
    expect(
      lines(indexOf(text))
        .slice(0, 2)
        .map((line) => line.split(' ').at(-1)),
    ).toEqual(['ref:constructor', 'ref:AWS::__proto__']);
  });

  it('answers a foreign rule id with a refusal', () => {
    const result = cloudformation.edit(indexOf(GROUP), { ruleId: '__proto__', replacements: [] });
    expect(result).toMatchObject({ ok: false, refusals: [{ code: 'cfn-no-such-rule' }] });
  });
});
