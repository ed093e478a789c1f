// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the syntax of Fn::Sub
import { describe, expect, it } from 'vitest';
import { cloudformation, defaultOf, settleStacks, stackDrift } from '../../../bot/source/cloudformation/index.ts';
import { sourceTree } from '../../../bot/source/tree.ts';
import { indexOf, lines, NO_FACTS, rulesIn, stackOf } from './support.ts';

const GROUP = `AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Office: {Type: String, Default: 192.0.2.0/24}
  Blocks: {Type: CommaDelimitedList, Default: '10.1.0.0/16,10.2.0.0/16'}
  Stage: {Type: String, Default: test}
  Secret: {Type: String, NoEcho: true}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /my/cidr}
Mappings:
  Nets: {eu-west-1: {app: 10.3.0.0/16}, us-east-1: {app: 10.4.0.0/16}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  NotProd: !Not [!Condition IsProd]
  Both: !And [{Condition: IsProd}, !Equals [a, a]]
  Loop: !Not [!Condition Loop]
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.9.0.0/16}}
  Ip: {Type: 'AWS::EC2::EIP'}
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      SecurityGroupEgress: [{IpProtocol: -1, CidrIp: 0.0.0.0/0}]
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: '22', CidrIp: VALUE}
`;

function peerOf(value: string, stack: Parameters<typeof stackOf>[0] | null): string {
  const index = indexOf(GROUP.replace('VALUE', value), stack === null ? [] : [stackOf(stack)]);
  return rulesIn(index).find((rule) => rule.direction === 'ingress')!.peer;
}

describe('values of a rule', () => {
  it.each([
    ['10.0.0.7/8', '10.0.0.0/8'],
    ['!Ref Office', 'unknown:parameter Office (default 192.0.2.0/24)'],
    ['!Ref Secret', 'unknown:parameter Secret'],
    ['!Ref Image', 'unknown:parameter Image'],
    ['!FindInMap [Nets, eu-west-1, app]', '10.3.0.0/16'],
    ["!FindInMap [Nets, !Ref 'AWS::Region', app]", 'unknown:{"Fn::FindInMap":["Nets",{"Ref":"AWS::Region"},"app"]}'],
    ['!GetAtt Vpc.CidrBlock', '10.9.0.0/16'],
    ['!GetAtt [Vpc, CidrBlock]', '10.9.0.0/16'],
    ['!Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]', '10.9.1.0/24'],
    ["!Join ['', [10.0.0, .0/, 24]]", '10.0.0.0/24'],
    ["!Select [1, !Split [',', '10.0.0.0/8,10.1.0.0/16']]", '10.1.0.0/16'],
    ["!Sub ['${a}/16', {a: 10.5.0.0}]", '10.5.0.0/16'],
    ["!Sub '${Vpc.CidrBlock}'", '10.9.0.0/16'],
    ["!Sub '${Ip}/32'", 'unknown:{"Fn::Sub":"${Ip}/32"}'],
    ['!ImportValue other-net', 'unknown:import of other-net'],
    ['!If [IsProd, 10.0.0.0/8, 10.1.0.0/16]', 'unknown:{"Fn::If":["IsProd","10.0.0.0/8","10.1.0.0/16"]}'],
    ['!If [Loop, 10.0.0.0/8, 10.1.0.0/16]', 'unknown:{"Fn::If":["Loop","10.0.0.0/8","10.1.0.0/16"]}'],
    ["{'Fn::Sub': '10.0.0.0/8'}", '10.0.0.0/8'],
    ['22:22', 'unknown:22:22'],
  ])('without a stack %s is %s', (value, expected) => expect(peerOf(value, null)).toBe(expected));

  it.each([
    ['!Ref Office', { parameters: { Office: '198.51.100.0/24' } }, '198.51.100.0/24'],
    ['!Ref Office', {}, '192.0.2.0/24'],
    ['!Ref Secret', { parameters: { Secret: '****' } }, 'unknown:parameter Secret'],
    ['!Ref Image', {}, 'unknown:parameter Image'],
    ['!Select [1, !Ref Blocks]', {}, '10.2.0.0/16'],
    ["!FindInMap [Nets, !Ref 'AWS::Region', app]", { region: 'us-east-1' }, '10.4.0.0/16'],
    ["!Sub '${Ip}/32'", { resources: { Ip: '203.0.113.9' } }, '203.0.113.9/32'],
    ['!If [IsProd, 10.0.0.0/8, 10.1.0.0/16]', { parameters: { Stage: 'prod' } }, '10.0.0.0/8'],
    ['!If [NotProd, 10.0.0.0/8, 10.1.0.0/16]', { parameters: { Stage: 'prod' } }, '10.1.0.0/16'],
    ['!If [Both, 10.0.0.0/8, 10.1.0.0/16]', { parameters: { Stage: 'prod' } }, '10.0.0.0/8'],
  ])('with a stack %s under %j is %s', (value, stack, expected) => expect(peerOf(value, stack)).toBe(expected));

  it('gives different unknowns different names, so that they are never taken for duplicates', () => {
    const one = peerOf('!Select [0, !Ref Blocks]', null);
    expect(one).not.toBe(peerOf('!Select [1, !Ref Blocks]', null));
  });

  it('tells the default of an open parameter to those who may assume it', () => {
    expect(defaultOf(peerOf('!Ref Office', null))).toBe('192.0.2.0/24');
    expect(defaultOf('10.0.0.0/8')).toBeNull();
  });
});

describe('law 6: every value remembers where it came from', () => {
  it('leads from a CIDR in a mapping to the place in the rule and to the leaf', () => {
    const text = GROUP.replace('VALUE', '!FindInMap [Nets, eu-west-1, app]');
    const rule = rulesIn(indexOf(text)).find((one) => one.direction === 'ingress')!;
    const cuts = rule.origins.peer.map((range) => text.slice(range.start, range.end));
    expect(cuts.slice(0, 2)).toEqual(['!FindInMap [Nets, eu-west-1, app]', '10.3.0.0/16']);
    expect(text.slice(rule.origins.toPort[0]!.start, rule.origins.toPort[0]!.end)).toBe("'22'");
  });
});

describe('declarations of a template', () => {
  it('lists inline items, bare maps, standalone rules and the egress rule that AWS adds', () => {
    const text = `Resources:
  A:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: a
      SecurityGroupIngress: {IpProtocol: icmp, FromPort: 8, ToPort: -1, CidrIpv6: '::/0'}
  B:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: b
      SecurityGroupEgress:
        IpProtocol: ALL
        DestinationPrefixListId: pl-12345678
  FromA:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !GetAtt B.GroupId, IpProtocol: 6, FromPort: 1, ToPort: 2, SourceSecurityGroupId: !Ref A}
  Self:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !Ref B, IpProtocol: udp, FromPort: 53, ToPort: 53, SourceSecurityGroupId: !GetAtt B.GroupId}
`;
    const index = indexOf(text);
    expect(lines(index)).toEqual([
      'ref:A ingress 1 8--1 cidrIpv6 ::/0',
      'ref:A egress -1 - cidrIpv4 0.0.0.0/0',
      'ref:B egress -1 - prefixList pl-12345678',
      'ref:B ingress 6 1-2 group ref:A',
      'ref:B ingress 17 53-53 self ref:B',
    ]);
    expect(index.declarations.map((declaration) => declaration.id)).toEqual([
      't.yaml:A/SecurityGroupIngress[0]',
      't.yaml:A/SecurityGroupEgress[default]',
      't.yaml:B/SecurityGroupEgress[0]',
      't.yaml:FromA',
      't.yaml:Self',
    ]);
    expect(index.declarations[3]!.place).toEqual({ file: 't.yaml', line: 14, endLine: 16 });
    const known = indexOf(text, [stackOf({ resources: { A: 'sg-aaa', B: 'sg-bbb' } })]);
    expect(rulesIn(known)[3]).toMatchObject({
      context: 'shop',
      group: 'sg-bbb',
      shape: { peer: { groupId: 'sg-aaa' } },
    });
  });

  it('evaluates a template once for each of its stacks, and drops what a condition switches off there', () => {
    const text = GROUP.replace('VALUE', '10.0.0.0/8')
      .replace('- {', "- !If [IsProd, !Ref 'AWS::NoValue', {")
      .replace('0/8}', '0/8}]');
    const stacks = [
      stackOf({ stackName: 'prod', parameters: { Stage: 'prod' } }),
      stackOf({ stackName: 'test', parameters: { Stage: 'test' } }),
    ];
    const found = rulesIn(indexOf(text, stacks)).map((rule) => `${rule.context} ${rule.direction}`);
    expect(found).toEqual(['test ingress', 'prod egress', 'test egress']);
    expect(rulesIn(indexOf(text)).map((rule) => rule.context)).toEqual(['template', 'template']);
  });

  it('counts AWS\u2019s default egress rule as gone where a standalone egress rule stands', () => {
    const text = `Resources:
  A: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: a}}
  Out:
    Type: AWS::EC2::SecurityGroupEgress
    Properties: {GroupId: !Ref A, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
`;
    expect(lines(indexOf(text))).toEqual(['ref:A egress 6 443-443 cidrIpv4 0.0.0.0/0']);
  });

  it('reads the same rules from JSON as from YAML', () => {
    const json = JSON.stringify({
      Resources: {
        A: {
          Type: 'AWS::EC2::SecurityGroup',
          Properties: {
            SecurityGroupIngress: [
              { IpProtocol: 'tcp', FromPort: 80, ToPort: '80', CidrIp: { 'Fn::Sub': '10.0.0.0/8' } },
            ],
          },
        },
      },
    });
    expect(lines(indexOf(json, [], 't.json'))[0]).toBe('ref:A ingress 6 80-80 cidrIpv4 10.0.0.0/8');
  });

  it('never shows a rule whose list is computed as if there were none', () => {
    const text = GROUP.replace(/SecurityGroupIngress:\n.*\n/, 'SecurityGroupIngress: !FindInMap [Nets, a, b]\n');
    const declaration = indexOf(text).declarations[0]!;
    expect(declaration.rules[0]!.peerKind).toBe('unknown');
    expect(declaration.notes.map((note) => note.code)).toEqual(['cfn-computed']);
  });

  it('ignores documents that are no templates, and says why a template is not read', () => {
    const files = [
      { path: 'policy.yaml', text: 'allowed: [AWS::EC2::SecurityGroup]\n' },
      { path: 'readme.md', text: GROUP },
      { path: 'broken.yaml', text: 'Resources:\n  A: {Type: AWS::EC2::SecurityGroup\n' },
    ];
    const index = cloudformation.index(sourceTree(files), NO_FACTS);
    expect(index.declarations).toEqual([]);
    expect(index.notes.map((note) => `${note.code} ${note.place.file}`)).toEqual(['cfn-yaml-syntax broken.yaml']);
  });
});

describe('which stack is deployed from which template', () => {
  const tree = sourceTree([
    { path: 'a.yaml', text: GROUP.replace('VALUE', '10.0.0.0/8') },
    { path: 'b.yaml', text: GROUP.replace('VALUE', '10.0.0.0/8').replaceAll('Web', 'Db') },
  ]);
  const pathOf = (over: Parameters<typeof stackOf>[0]) =>
    settleStacks(tree, { states: [], stacks: [stackOf({ templatePath: null, ...over })] }).stacks[0]!.templatePath;

  it('believes the user, then the deployed body, then the logical ids', () => {
    expect(pathOf({ templatePath: 'b.yaml' })).toBe('b.yaml');
    expect(pathOf({ templateBody: tree.get('b.yaml')!.text.replaceAll('\n', '\r\n') })).toBe('b.yaml');
    expect(pathOf({ resources: { Db: 'sg-1', Vpc: 'vpc-1', Ip: '192.0.2.1' } })).toBe('b.yaml');
    expect(pathOf({ resources: { Other: 'sg-1' } })).toBeNull();
  });

  it('keeps the template of a stack through an edit once it is settled', () => {
    const facts = settleStacks(tree, {
      states: [],
      stacks: [stackOf({ templatePath: null, templateBody: tree.get('a.yaml')!.text })],
    });
    const after = tree.with([{ path: 'a.yaml', text: tree.get('a.yaml')!.text.replace('10.0.0.0/8', '10.0.0.0/9') }]);
    expect(cloudformation.index(after, facts).declarations[0]!.rules[0]!.context).toBe('shop');
    expect(stackDrift(after, facts).map((note) => note.code)).toEqual(['cfn-template-differs']);
    expect(stackDrift(tree, facts)).toEqual([]);
  });

  it('names every template that may be meant instead of choosing one', () => {
    const twins = sourceTree(
      ['a.yaml', 'b.yaml'].map((path) => ({ path, text: GROUP.replace('VALUE', '10.0.0.0/8') })),
    );
    const stack = stackOf({ templatePath: null, resources: { Web: 'sg-1', Vpc: 'vpc-1', Ip: '192.0.2.1' } });
    const index = cloudformation.index(twins, { states: [], stacks: [stack] });
    expect(index.notes[0]!.message).toContain('a.yaml or b.yaml');
  });
});
