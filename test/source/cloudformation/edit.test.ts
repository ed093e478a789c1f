// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the syntax of Fn::Sub
import { describe, expect, it } from 'vitest';
import { cloudformation } from '../../../bot/source/cloudformation/index.ts';
import { edit, edited, indexOf, lines, refused, tcp } from './support.ts';

const HEAD = `Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web # keep
`;

const BLOCK = `${HEAD}      SecurityGroupIngress:
        # the office
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: 192.0.2.0/24 # VPN
          # CidrIp: 198.51.100.0/24

        # - IpProtocol: old
        - IpProtocol: tcp
          FromPort: '80'
          ToPort: '8080'
          CidrIp: 10.0.0.0/8
      VpcId: vpc-1
`;

describe('removing an inline item', () => {
  it('takes its own remarks along and leaves dead code and blank lines alone', () => {
    expect(edited(BLOCK, 't.yaml:Web/SecurityGroupIngress[0]')).toBe(
      BLOCK.replace(/ {8}# the office\n[\s\S]*?198.51.100.0\/24\n/, ''),
    );
    expect(edited(BLOCK, 't.yaml:Web/SecurityGroupIngress[1]')).toBe(
      BLOCK.replace(/ {8}- IpProtocol: tcp\n {10}FromPort: '80'\n[\s\S]*?10.0.0.0\/8\n/, ''),
    );
  });

  it.each([
    ['{a}, {b}', 0, '{b}'],
    ['{a}, {b}', 1, '{a}'],
    ['{a},{b},', 1, '{a},'],
    ['\n        {a},\n        {b}\n      ', 0, '\n        {b}\n      '],
    ['\n        {a},\n        {b}\n      ', 1, '\n        {a}\n      '],
  ])('cuts a flow list [%s] at %i with its comma', (list, index, expected) => {
    const fill = (text: string) =>
      `${HEAD}      SecurityGroupIngress: [${text
        .replace('{a}', '{IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}')
        .replace('{b}', '{IpProtocol: tcp, FromPort: 2, ToPort: 2, CidrIp: 10.0.0.0/8}')}]\n`;
    expect(edited(fill(list), `t.yaml:Web/SecurityGroupIngress[${index}]`)).toBe(fill(expected));
  });

  it.each([
    [
      'a list of one',
      '\n        - IpProtocol: tcp\n          FromPort: 1\n          ToPort: 1\n          CidrIp: 10.0.0.0/8\n',
    ],
    ['a list at the depth of its key', '\n      - {IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}\n'],
    ['a bare map', '\n        IpProtocol: tcp\n        FromPort: 1\n        ToPort: 1\n        CidrIp: 10.0.0.0/8\n'],
    ['a flow list', ' [{IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}]\n'],
    ['a conditional property', " !If [C, [{IpProtocol: -1, CidrIp: 10.0.0.0/8}], !Ref 'AWS::NoValue']\n"],
    ['a conditional item', '\n        - !If [C, {IpProtocol: -1, CidrIp: 10.0.0.0/8}, !Ref AWS::NoValue]\n'],
    [
      'a conditional item in long form',
      '\n        - Fn::If:\n            - C\n            - {IpProtocol: -1, CidrIp: 10.0.0.0/8}\n            - Ref: AWS::NoValue\n',
    ],
  ])('takes the whole property with the only item of %s', (_, value) => {
    const text = `${HEAD}      SecurityGroupIngress:${value}      VpcId: vpc-1\n`;
    expect(edited(text, 't.yaml:Web/SecurityGroupIngress[0]')).toBe(`${HEAD}      VpcId: vpc-1\n`);
  });

  it('writes AWS::NoValue where the other branch of a condition stays', () => {
    const text = `${HEAD}      SecurityGroupIngress:
        - !If
          - C
          - IpProtocol: -1
            CidrIp: 10.0.0.0/8
          - IpProtocol: -1
            CidrIp: 10.1.0.0/16
`;
    const after = edited(text, 't.yaml:Web/SecurityGroupIngress[1]');
    expect(after).toBe(text.replace('IpProtocol: -1\n            CidrIp: 10.1.0.0/16', "!Ref 'AWS::NoValue'"));
    expect(lines(indexOf(after)).filter((line) => line.includes('ingress'))).toEqual([
      'ref:Web ingress -1 - cidrIpv4 10.0.0.0/8',
    ]);
  });

  it('keeps CRLF, the BOM and a missing last line break', () => {
    const text = `\uFEFF${BLOCK}`.replaceAll('\n', '\r\n').trimEnd();
    const after = edited(text, 't.yaml:Web/SecurityGroupIngress[0]');
    expect(after.startsWith('\uFEFFResources:\r\n')).toBe(true);
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    expect(after.endsWith('VpcId: vpc-1')).toBe(true);
    expect(lines(indexOf(after))[0]).toBe('ref:Web ingress 6 80-8080 cidrIpv4 10.0.0.0/8');
  });

  it.each([0, 1, 2])('leaves valid JSON without element %i', async (index) => {
    const items = [1, 2, 3].map((port) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIp: '10.0.0.0/8' }));
    const template = (list: unknown[]) =>
      `${JSON.stringify({ Resources: { Web: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'w', SecurityGroupIngress: list } } } }, null, 4)}\n`;
    const after = edited(template(items), `t.json:Web/SecurityGroupIngress[${index}]`, [], 't.json');
    expect(after).toBe(template(items.filter((_, i) => i !== index)));
    expect(await cloudformation.check({ path: 't.json', text: after })).toEqual([]);
  });
});

describe('tightening in place', () => {
  it('changes literals in their own quotes and nothing else', () => {
    expect(edited(BLOCK, 't.yaml:Web/SecurityGroupIngress[1]', [tcp(443, 443, '10.1.0.0/16')])).toBe(
      BLOCK.replace("'80'", "'443'").replace("'8080'", "'443'").replace('10.0.0.0/8', '10.1.0.0/16'),
    );
  });

  it('writes a second rule after the first in the style of the file', () => {
    const after = edited(BLOCK, 't.yaml:Web/SecurityGroupIngress[1]', [
      tcp(80, 80, '10.0.0.0/8'),
      tcp(8080, 8080, '10.0.0.0/8'),
    ]);
    expect(after).toBe(
      BLOCK.replace(
        "ToPort: '8080'\n          CidrIp: 10.0.0.0/8\n",
        "ToPort: '80'\n          CidrIp: 10.0.0.0/8\n        - IpProtocol: tcp\n          FromPort: '8080'\n          ToPort: '8080'\n          CidrIp: 10.0.0.0/8\n",
      ),
    );
  });

  it('adds the ports that a rule for all protocols does not have', () => {
    const text = `${HEAD}      SecurityGroupIngress:\n        - IpProtocol: "-1" # all\n          CidrIp: 10.0.0.0/8\n`;
    expect(edited(text, 't.yaml:Web/SecurityGroupIngress[0]', [tcp(443, 443, '10.0.0.0/8')])).toBe(
      text.replace('"-1" # all\n', '"tcp" # all\n          FromPort: 443\n          ToPort: 443\n'),
    );
  });

  it('makes a list of a bare map when it splits it, in YAML and in JSON', () => {
    const two = [tcp(1, 1, '10.0.0.0/8'), tcp(9, 9, '10.0.0.0/8')];
    const yaml = `${HEAD}      SecurityGroupIngress:\n        IpProtocol: tcp\n        FromPort: 1\n        ToPort: 9\n        CidrIp: 10.0.0.0/8\n`;
    const ingress = (text: string, path: string) =>
      lines(indexOf(text, [], path)).filter((line) => line.includes('ingress'));
    const expected = ['ref:Web ingress 6 1-1 cidrIpv4 10.0.0.0/8', 'ref:Web ingress 6 9-9 cidrIpv4 10.0.0.0/8'];
    expect(ingress(edited(yaml, 't.yaml:Web/SecurityGroupIngress[0]', two), 't.yaml')).toEqual(expected);
    const json = JSON.stringify({
      Resources: {
        Web: {
          Type: 'AWS::EC2::SecurityGroup',
          Properties: { SecurityGroupIngress: { IpProtocol: 'tcp', FromPort: 1, ToPort: 9, CidrIp: '10.0.0.0/8' } },
        },
      },
    });
    expect(ingress(edited(json, 't.json:Web/SecurityGroupIngress[0]', two, 't.json'), 't.json')).toEqual(expected);
  });

  it('renames the property when the kind of address changes, and quotes IPv6', () => {
    const text = `${HEAD}      SecurityGroupIngress:\n        - {IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 0.0.0.0/0}\n`;
    expect(edited(text, 't.yaml:Web/SecurityGroupIngress[0]', [tcp(1, 1, '2001:db8::/32')])).toContain(
      "CidrIpv6: '2001:db8::/32'",
    );
  });
});

const STANDALONE = `Resources:
  Web: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: w}}

  # let the office in
  In:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !Ref Web, IpProtocol: tcp, FromPort: 1, ToPort: 9, CidrIp: 10.0.0.0/8}

  Host:
    Type: AWS::EC2::Instance
    DependsOn: [In, Web]
`;

describe('standalone rules', () => {
  it('go with their blank line, their remark and the DependsOn on them', () => {
    expect(edited(STANDALONE, 't.yaml:In')).toBe(`Resources:
  Web: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: w}}

  Host:
    Type: AWS::EC2::Instance
    DependsOn: [Web]
`);
    const single = STANDALONE.replace('[In, Web]', 'In');
    expect(edited(single, 't.yaml:In')).not.toContain('DependsOn');
  });

  it('keep their logical id when they are split, and the copy gets a free one', () => {
    const text = STANDALONE.replace('  Host:', '  In2:');
    const after = edited(text, 't.yaml:In', [tcp(1, 1, '10.0.0.0/8'), tcp(9, 9, '10.0.0.0/8')]);
    expect(
      indexOf(after)
        .declarations.filter((one) => one.form === 'cfn-standalone')
        .map((one) => one.id),
    ).toEqual(['t.yaml:In', 't.yaml:In3']);
  });
});

// CloudFormation, Template Reference, AWS::EC2::SecurityGroup: "When you create a security group, if you do not add egress rules, we add egress rules
// that allow all outbound IPv4 and IPv6 traffic. … After the security group is created, if you remove all egress rules that you added, we do not add
// egress rules, so no outbound traffic is allowed." So one template means two things. A standalone AWS::EC2::SecurityGroupEgress makes CloudFormation delete that default rule
// (aws/aws-cdk issue 987).
describe('trap 14: a group never loses its last egress rule to AWS\u2019s allow-all one', () => {
  const egress = (items: string) => `${HEAD}      SecurityGroupEgress:\n${items}`;
  const one = '        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: !Ref Net}\n';
  const cond = "        - !If [C, {IpProtocol: -1, CidrIp: 10.0.0.0/8}, !Ref 'AWS::NoValue']\n";

  it('writes 127.0.0.1/32 in place of the last one, also where the address is a parameter, and says so', () => {
    const text = egress(one);
    expect(edited(text, 't.yaml:Web/SecurityGroupEgress[0]')).toBe(text.replace('!Ref Net', '127.0.0.1/32'));
    const result = edit(text, 't.yaml:Web/SecurityGroupEgress[0]');
    expect(result.ok && result.warnings.map((warning) => warning.code)).toEqual(['cfn-egress-placeholder']);
    expect(
      refused(edit(edited(text, 't.yaml:Web/SecurityGroupEgress[0]'), 't.yaml:Web/SecurityGroupEgress[0]')),
    ).toEqual(['cfn-egress-placeholder:7']);
  });

  it('takes a rule that only a condition keeps for none', () => {
    expect(edited(egress(one + cond), 't.yaml:Web/SecurityGroupEgress[0]')).toContain('127.0.0.1/32');
    expect(edited(egress(one + cond), 't.yaml:Web/SecurityGroupEgress[1]')).toBe(egress(one));
  });

  it('does the same for the last standalone egress rule, whatever it named', () => {
    const text = `${HEAD}  Out:
    Type: AWS::EC2::SecurityGroupEgress
    Properties:
      GroupId: !Ref Web
      IpProtocol: tcp
      FromPort: 1
      ToPort: 1
      DestinationSecurityGroupId: !Ref Other
`;
    expect(edited(text, 't.yaml:Out')).toBe(
      text.replace('DestinationSecurityGroupId: !Ref Other', 'CidrIp: 127.0.0.1/32'),
    );
  });

  it('does not edit the default rule itself', () => {
    expect(refused(edit(HEAD, 't.yaml:Web/SecurityGroupEgress[default]'))).toEqual(['cfn-default-egress:2']);
  });
});

// CloudFormation, API Reference, Parameter (API_Parameter.html), UsePreviousValue: "During a stack update, use the existing parameter value that the
// stack is using for a given parameter key." `aws cloudformation deploy` sets it for every parameter of the deployed template that is not given
// (aws/aws-cli, awscli/customizations/cloudformation/deployer.py, create_changeset; pull 2659). Without it "CloudFormation uses the default value
// that's specified in your template", so that one changed Default means two things.
describe('trap 15: a parameter\u2019s Default is never changed', () => {
  const text = `Parameters:\n  Net: {Type: String, Default: 0.0.0.0/0}\n${HEAD}      SecurityGroupIngress:\n        - {IpProtocol: tcp, FromPort: 1, ToPort: 9, CidrIp: !Ref Net}\n        - {IpProtocol: tcp, FromPort: !Ref P, ToPort: 9, CidrIp: 10.0.0.0/8}\n`;
  it('removes the rule, and narrows what stands in it as a literal', () => {
    expect(edited(text, 't.yaml:Web/SecurityGroupIngress[0]')).toContain('Default: 0.0.0.0/0');
    expect(edited(text, 't.yaml:Web/SecurityGroupIngress[0]', [tcp(1, 1, '0.0.0.0/0')])).toBe(
      text.replace('ToPort: 9', 'ToPort: 1'),
    );
  });
  it('refuses to narrow what comes from elsewhere', () => {
    expect(refused(edit(text, 't.yaml:Web/SecurityGroupIngress[0]', [tcp(1, 9, '192.0.2.0/24')]))).toEqual([
      'cfn-parameter-fed:9',
    ]);
    expect(refused(edit(text, 't.yaml:Web/SecurityGroupIngress[1]', [tcp(5, 5, '10.0.0.0/8')]))).toEqual([
      'cfn-parameter-fed:10',
    ]);
  });
});

// CloudFormation, AWS::EC2::SecurityGroup: "If you modify a rule, CloudFormation removes the existing rule and then adds a new rule. There is a brief
// period when neither the original rule or the new rule exists, so the corresponding traffic is dropped." (aws-resource-ec2-securitygroup.html).
// AWS::EC2::SecurityGroupIngress: in CloudFormation's resource specification the UpdateType of every property is Immutable ("replaces the resource
// when you change this property"), but that of Description; a renamed logical id is another resource. EC2 holds one rule for two equal items: deleting one item revokes it.
describe('trap 16: identities, duplicates and references', () => {
  it('refuses to remove one of two rules that are the same live rule', () => {
    const item = '        - {IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}\n';
    const text = `${HEAD}      SecurityGroupIngress:\n${item}${item.replace('tcp', '6').replace('10.0.0.0', '10.9.9.9')}`;
    const result = edit(text, 't.yaml:Web/SecurityGroupIngress[0]');
    expect(refused(result)).toEqual(['cfn-duplicate:7']);
    expect(!result.ok && result.refusals[0]!.message).toContain('line 8');
  });
  it('refuses a replacement that another declaration makes already', () => {
    expect(refused(edit(BLOCK, 't.yaml:Web/SecurityGroupIngress[1]', [tcp(22, 22, '192.0.2.0/24')]))[0]).toMatch(
      /^cfn-duplicate/,
    );
  });
  it.each([
    ['!Ref In', 'Outputs:\n  X: {Value: !Ref In}\n'],
    ['Fn::Sub', "Outputs:\n  X: {Value: !Sub 'a-${In}'}\n"],
    ['Fn::GetAtt', 'Outputs:\n  X: {Value: {"Fn::GetAtt": [In, Id]}}\n'],
  ])('refuses to remove a rule that %s names', (_, outputs) => {
    expect(refused(edit(STANDALONE + outputs, 't.yaml:In'))).toEqual(['cfn-referenced:13']);
  });
  it('refuses where a policy keeps the live rule', () => {
    const text = STANDALONE.replace('  In:\n', '  In:\n    DeletionPolicy: Retain\n');
    expect(refused(edit(text, 't.yaml:In'))).toEqual(['cfn-retained:6']);
  });
});

// CloudFormation, "Using CloudFormation macros to perform custom processing on templates" and Fn::Transform: what is deployed is the processed
// template, "from simple actions like find-and-replace operations to extensive transformations of entire templates"; AWS::Include is one of them.
describe('trap 17: generated templates are not edited, with file and line', () => {
  it.each([
    ['a macro', `Transform: [Count]\n${BLOCK}`, 'cfn-macro:1'],
    ['AWS::Include', `Transform: {Name: AWS::Include, Parameters: {Location: s3://x}}\n${BLOCK}`, 'cfn-macro:1'],
    [
      'Fn::Transform in the group',
      BLOCK.replace('VpcId: vpc-1', "VpcId: {'Fn::Transform': {Name: M}}"),
      'cfn-macro:19',
    ],
    ['the CDK', BLOCK.replace('    Type', '    Metadata: {aws:cdk:path: S/Web}\n    Type'), 'cfn-cdk:3'],
    [
      'a YAML alias',
      `X: &x\n  - {IpProtocol: -1, CidrIp: 10.0.0.0/8}\n${HEAD}      SecurityGroupIngress: *x\n`,
      'cfn-alias:2',
    ],
  ])('refuses %s', (_, text, expected) => {
    expect(refused(edit(text, 't.yaml:Web/SecurityGroupIngress[0]'))).toContain(expected);
  });
  it('edits beside SAM and the language extensions', () => {
    expect(
      edit(
        `Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]\n${BLOCK}`,
        't.yaml:Web/SecurityGroupIngress[0]',
      ).ok,
    ).toBe(true);
  });
  it('reports loops that make rules', () => {
    const loop = `  'Fn::ForEach::G':\n    - N\n    - [A, B]\n    - '\${N}': {Type: AWS::EC2::SecurityGroup}\n`;
    expect(indexOf(BLOCK + loop).notes.map((note) => `${note.code}:${note.place.line}`)).toEqual(['cfn-foreach:20']);
  });
});
