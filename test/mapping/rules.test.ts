import { describe, expect, it } from 'vitest';
import type { SecurityGroup } from '../../analyzer/model/inventory.ts';
import { canonicalShape, type SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { editable, mapRules } from '../../bot/mapping/rules.ts';
import { bindStates, checkStates, withoutInstances } from '../../bot/mapping/states.ts';
import type {
  Declaration,
  DeclaredRule,
  DeployedStack,
  SourceIndex,
  StateRule,
  TerraformState,
} from '../../bot/source/contract.ts';
import { sourceTree } from '../../bot/source/tree.ts';

function live(more: Partial<SecurityGroupRule> = {}): SecurityGroupRule {
  return {
    ruleId: 'sgr-0a',
    groupId: 'sg-1',
    accountId: '111111111111',
    region: 'eu-west-1',
    direction: 'ingress',
    protocol: 6,
    fromPort: 22,
    toPort: 22,
    peer: { kind: 'cidrIpv4', cidr: '10.0.0.0/8' },
    description: null,
    tags: {},
    ...more,
  };
}

interface Row extends Partial<Omit<DeclaredRule, 'shape' | 'origins'>> {
  file?: string;
  root?: string;
  language?: Declaration['language'];
}

function index(rows: Row[], texts: Record<string, string> = {}): SourceIndex {
  const declarations = rows.map(
    ({ file = 'live/main.tf', root = 'live', language = 'terraform', ...row }, at): Declaration => {
      const address = row.address ?? `aws_vpc_security_group_ingress_rule.r${at}`;
      const declarationId = `${file}:${withoutInstances(address)}`;
      const range = { file, start: 0, end: 1 };
      const rule: DeclaredRule = {
        id: `${declarationId}#${at}`,
        declarationId,
        address,
        context: 'default',
        group: 'ref:aws_security_group.web.id',
        direction: 'ingress',
        protocol: '6',
        fromPort: '22',
        toPort: '22',
        peerKind: 'cidrIpv4',
        peer: '10.0.0.0/8',
        description: null,
        ...row,
        shape: null,
        origins: { declaration: range, protocol: [], fromPort: [], toPort: [], peer: [] },
      };
      return {
        id: declarationId,
        language,
        form: language === 'terraform' ? 'vpc-rule' : 'cfn-inline',
        repetition: 'single',
        place: { file, line: 1 },
        range,
        root,
        rules: [rule],
        notes: [],
      };
    },
  );
  return { tree: sourceTree(Object.entries(texts).map(([path, text]) => ({ path, text }))), declarations, notes: [] };
}

function held(address: string, more: Partial<StateRule> = {}): StateRule {
  return {
    address,
    type: address.split('.').at(-2)!,
    groupId: 'sg-1',
    ruleId: null,
    shape: canonicalShape(live()),
    description: null,
    ...more,
  };
}

function state(rules: StateRule[], more: Partial<TerraformState> = {}): TerraformState {
  return { origin: 'live.tfstate', root: 'live', workspace: 'default', groups: [], rules, values: {}, ...more };
}

function group(tags: Record<string, string> = {}, groupName = 'web-servers'): SecurityGroup {
  return {
    groupId: 'sg-1',
    groupName,
    accountId: '111111111111',
    region: 'eu-west-1',
    vpcId: null,
    description: null,
    tags,
  };
}

function stack(more: Partial<DeployedStack> = {}): DeployedStack {
  return {
    stackName: 'shop',
    stackId: 'arn:shop',
    accountId: '111111111111',
    region: 'eu-west-1',
    parameters: {},
    resources: {},
    templateBody: null,
    templatePath: null,
    ...more,
  };
}

function map(input: Partial<Parameters<typeof mapRules>[0]> & { indexes: SourceIndex[] }, rule = live()) {
  return mapRules({ rules: [rule], groups: [], states: [], stacks: [], ...input })[0]!;
}

const A = 'aws_vpc_security_group_ingress_rule.a';
const B = 'aws_vpc_security_group_ingress_rule.b';

describe('mapRules, by the state', () => {
  it('finds the declaration by the exact rule id', () => {
    const mapping = map({
      indexes: [index([{ address: A }, { address: B }])],
      states: [state([held(A, { ruleId: 'sgr-0a' })])],
    });
    expect(mapping.candidates).toMatchObject([{ method: 'rule-id', declarationId: `live/main.tf:${A}` }]);
    expect(editable(mapping)?.confidence).toBeGreaterThanOrEqual(0.99);
    expect(mapping.candidates[0]!.reason).toContain('sgr-0a');
  });

  it('finds it by the tuple where the state has no rule id', () => {
    const mapping = map({ indexes: [index([{ address: A }, { address: B }])], states: [state([held(B)])] });
    expect(mapping.candidates).toMatchObject([{ method: 'state-tuple', declarationId: `live/main.tf:${B}` }]);
    expect(editable(mapping)).not.toBeNull();
  });

  it('tells instances of one resource apart', () => {
    const rows = [{ address: `${A}["eu"]` }, { address: `${A}["us"]` }];
    const mapping = map({ indexes: [index(rows)], states: [state([held(`${A}["us"]`)])] });
    expect(editable(mapping)?.declaredRuleId).toBe(`live/main.tf:${A}#1`);
  });

  it('tells the tuples of one resource apart', () => {
    const rows = [{ address: A, peer: '10.1.0.0/16' }, { address: A }, { address: A, fromPort: '21' }];
    expect(editable(map({ indexes: [index(rows)], states: [state([held(A)])] }))?.declaredRuleId).toContain('#1');
  });

  it('accepts an unknown part where only one declared rule of the address fits', () => {
    const one = [
      { address: A, peer: 'ref:aws_vpc.main.cidr_block' },
      { address: A, peer: '172.16.0.0/12' },
    ];
    expect(editable(map({ indexes: [index(one)], states: [state([held(A)])] }))?.declaredRuleId).toContain('#0');
    const two = [
      { address: A, peer: 'ref:aws_vpc.main.cidr_block' },
      { address: A, peer: 'unknown:data' },
    ];
    const mapping = map({ indexes: [index(two)], states: [state([held(A)])] });
    expect(mapping.candidates).toHaveLength(2);
    expect(editable(mapping)).toBeNull();
  });

  it('lets the description break a tie, and only a tie', () => {
    const rows = [{ address: A }, { address: B }];
    const tie = [held(A, { description: 'ssh' }), held(B, { description: 'old' })];
    const rule = live({ description: 'old' });
    expect(editable(map({ indexes: [index(rows)], states: [state(tie)] }, rule))?.declarationId).toContain(B);
    const alone = [held(A, { description: 'ssh' })];
    expect(editable(map({ indexes: [index(rows)], states: [state(alone)] }, rule))?.declarationId).toContain(A);
    const none = map({ indexes: [index(rows)], states: [state(tie)] }, live({ description: 'neither' }));
    expect(none.candidates.map((one) => one.confidence < 0.9)).toEqual([true, true]);
    expect(editable(none)).toBeNull();
  });

  it('edits nothing where two addresses hold the same rule id', () => {
    const ids = [held(A, { ruleId: 'sgr-0a' }), held(B, { ruleId: 'sgr-0a' })];
    const mapping = map({ indexes: [index([{ address: A }, { address: B }])], states: [state(ids)] });
    expect(mapping.candidates.map((one) => one.confidence)).toEqual([0.99, 0.99]);
    expect(editable(mapping)).toBeNull();
  });

  it('says so when the state holds the rule where the source does not declare it', () => {
    const mapping = map({ indexes: [index([{ address: B, peer: '1.2.3.4/32' }])], states: [state([held(A)])] });
    expect(mapping.candidates).toEqual([]);
    expect(mapping.notes.map((note) => note.code)).toEqual(['state-address-not-in-source', 'unmanaged']);
    expect(mapping.notes[1]!.message).toContain('the next apply should remove it');
    expect(mapping.notes[1]!.message).not.toContain('import {');
  });

  it('does not mistake another group for this one', () => {
    const mapping = map({ indexes: [index([{ address: A, group: 'sg-2' }])], states: [state([held(A)])] });
    expect(editable(mapping)).toBeNull();
  });

  it.each([
    ['the same network written with host bits', { peer: '10.1.2.3/8' }, true],
    ['a group of another account', { peerKind: 'group' as const, peer: '222222222222/sg-7' }, false],
    ['tcp by name', { protocol: 'tcp' }, true],
    ['udp', { protocol: '17' }, false],
    ['the other direction', { direction: 'egress' as const }, false],
    ['a wider range of ports', { fromPort: '20' }, false],
  ])('compares %s canonically', (_, row, same) => {
    const mapping = map({ indexes: [index([{ address: A, ...row }])], states: [state([held(A)])] });
    expect(mapping.candidates).toHaveLength(same ? 1 : 0);
  });

  it('knows self as the own group, and another account by its group', () => {
    const self = live({ peer: { kind: 'group', groupId: 'sg-1' } });
    const rows = [{ address: A, peerKind: 'self' as const, peer: 'self' }];
    const states = [state([held(A, { shape: canonicalShape(self) })])];
    expect(editable(map({ indexes: [index(rows)], states }, self))).not.toBeNull();
    const other = live({ peer: { kind: 'group', groupId: 'sg-7', accountId: '222222222222' } });
    const theirs = [{ address: A, peerKind: 'group' as const, peer: '222222222222/sg-7' }];
    expect(
      editable(map({ indexes: [index(theirs)], states: [state([held(A, { shape: canonicalShape(other) })])] }, other)),
    ).not.toBeNull();
  });

  it('ignores ports where the protocol has none', () => {
    const all = live({ protocol: -1, fromPort: null, toPort: null });
    const rows = [{ address: A, protocol: '-1', fromPort: '0', toPort: '0' }];
    const states = [state([held(A, { shape: canonicalShape(all) })])];
    expect(editable(map({ indexes: [index(rows)], states }, all))).not.toBeNull();
  });
});

describe('mapRules, of modules that several roots call', () => {
  const shared = 'module.x.aws_vpc_security_group_ingress_rule.a';
  const rows = [
    { address: shared, root: 'live', file: 'modules/x/main.tf' },
    { address: shared, root: 'stage', file: 'modules/x/main.tf' },
  ];
  // As the Terraform evaluator does it: one declaration, whose rules name the root they are evaluated in.
  const both = index(rows);
  const [first, second] = both.declarations;
  const joined: Declaration = {
    ...first!,
    rules: [
      { ...first!.rules[0]!, root: 'live' },
      { ...second!.rules[0]!, root: 'stage' },
    ],
  };
  const indexes = [{ ...both, declarations: [joined] }];

  it('finds the rule of the root that the state belongs to', () => {
    const mapping = map({ indexes, states: [state([held(shared)], { root: 'stage' })] });
    expect(editable(mapping)?.declaredRuleId).toBe(joined.rules[1]!.id);
  });

  it('knows each root by its own rules', () => {
    const { problems } = bindStates([state([held(shared)], { root: null })], indexes);
    expect(problems[0]).toMatchObject({ code: 'state-root-ambiguous' });
    expect(problems[0]!.message).toContain('live, stage');
  });
});

describe('mapRules, by the stack', () => {
  const row: Row = {
    file: 'cfn/shop.yaml',
    root: 'cfn/shop.yaml',
    language: 'cloudformation',
    address: 'Web.SecurityGroupIngress[0]',
    group: 'ref:Web.GroupId',
    context: 'template',
  };
  const tags = {
    'aws:cloudformation:stack-name': 'shop',
    'aws:cloudformation:logical-id': 'Web',
  };

  it('follows the tags of the group to the one template that fits', () => {
    const mapping = map({ indexes: [index([row])], groups: [group(tags)] });
    expect(editable(mapping)).toMatchObject({ method: 'stack-resource' });
    expect(mapping.candidates[0]!.reason).toContain('Web of stack shop');
  });

  it('does not choose between two templates that fit', () => {
    const other = { ...row, file: 'cfn/old.yaml', root: 'cfn/old.yaml' };
    const mapping = map({ indexes: [index([row, other])], groups: [group(tags)] });
    expect(mapping.candidates).toHaveLength(2);
    expect(editable(mapping)).toBeNull();
  });

  it('is surer with the resources of the deployed stack, whose template the user named', () => {
    const other = { ...row, file: 'cfn/old.yaml', root: 'cfn/old.yaml' };
    const stacks = [stack({ resources: { Web: 'sg-1' }, templatePath: 'cfn/shop.yaml' })];
    const mapping = map({ indexes: [index([row, other])], stacks });
    expect(editable(mapping)?.declarationId).toContain('cfn/shop.yaml');
  });

  it('finds a standalone rule by its own physical id', () => {
    const one = { ...row, address: 'WebSsh' };
    const two = { ...row, address: 'WebSsh2' };
    const mapping = map({
      indexes: [index([one, two])],
      stacks: [stack({ resources: { Web: 'sg-1', WebSsh2: 'sgr-0a' } })],
    });
    expect(mapping.candidates[0]).toMatchObject({ declarationId: 'cfn/shop.yaml:WebSsh2', confidence: 0.99 });
  });
});

describe('mapRules, by evaluation and hints', () => {
  it('takes a tuple of a group that the source names', () => {
    const mapping = map({ indexes: [index([{ group: 'sg-1' }, { group: 'sg-2' }])] });
    expect(editable(mapping)).toMatchObject({ method: 'evaluation' });
  });

  it('gives two declarations of one tuple as two candidates', () => {
    const mapping = map({ indexes: [index([{ group: 'sg-1' }, { group: 'sg-1' }])] });
    expect(mapping.candidates).toHaveLength(2);
    expect(mapping.candidates.every((one) => one.confidence < 0.9)).toBe(true);
  });

  it('is not sure of a tuple with an unknown part', () => {
    expect(editable(map({ indexes: [index([{ group: 'sg-1', peer: 'unknown:data' }])] }))).toBeNull();
  });

  it('never edits by a hint', () => {
    const texts = { 'live/main.tf': 'name = "web-servers" # 3f2b9c1e-8c55-4c7e-9a2b-0d6f6b1c2d3e' };
    const trace = { yor_trace: '3f2b9c1e-8c55-4c7e-9a2b-0d6f6b1c2d3e' };
    for (const tags of [{}, trace, { git_file: 'live/main.tf' }]) {
      const mapping = map({ indexes: [index([{}], texts)], groups: [group(tags)] });
      expect(mapping.candidates).toMatchObject([{ method: 'hint' }]);
      expect(editable(mapping)).toBeNull();
    }
  });

  it('finds nothing where neither name nor tags say anything', () => {
    expect(map({ indexes: [index([{}], { 'live/main.tf': '' })], groups: [group()] }).candidates).toEqual([]);
  });

  it('tells what a person can do with a rule that no source makes, with its text quoted for a shell', () => {
    const real = map({ indexes: [] }, live({ ruleId: 'sgr-0123abc' })).notes[0]!.message;
    expect(real).toContain('id = "sgr-0123abc"');
    expect(real).toContain(
      'aws ec2 revoke-security-group-ingress --region eu-west-1 --group-id sg-1 --security-group-rule-ids sgr-0123abc',
    );
    const derived = map({ indexes: [] }, live({ ruleId: "sgr-derived-'x", region: "eu'; rm -rf /" })).notes[0]!.message;
    expect(derived).toContain(`--region 'eu'\\''; rm -rf /'`);
    expect(derived).toContain(
      `--ip-permissions '[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}]'`,
    );
  });
});

describe('bindStates', () => {
  const indexes = [
    index([
      { address: A, root: 'live' },
      { address: `module.x["a"].${B}`, root: 'stage' },
    ]),
  ];

  it('binds a state to the root whose addresses it shares', () => {
    const { states, problems } = bindStates([state([held(`module.x["b"].${B}`)], { root: null })], indexes);
    expect(problems).toEqual([]);
    expect(states[0]!.root).toBe('stage');
  });

  it('asks for ROOT=FILE where none or several fit', () => {
    const none = bindStates([state([held('aws_security_group_rule.zzz')], { root: null })], indexes);
    expect(none.states).toEqual([]);
    expect(none.problems[0]).toMatchObject({ code: 'state-without-root', file: 'live.tfstate' });
    const twice = [
      index([
        { address: A, root: 'live' },
        { address: A, root: 'stage' },
      ]),
    ];
    const several = bindStates([state([held(A)], { root: null })], twice);
    expect(several.states).toEqual([]);
    expect(several.problems[0]!.next).toContain('--state live=live.tfstate');
  });

  it('leaves a state alone that has its root', () => {
    expect(bindStates([state([], { root: 'elsewhere' })], indexes).states[0]!.root).toBe('elsewhere');
  });
});

describe('checkStates', () => {
  it('refuses a state none of whose groups is live, and no other', () => {
    const states = [state([held(A)]), state([held(A, { groupId: 'sg-9' })], { origin: 'other.tfstate' })];
    expect(checkStates(states, new Set(['sg-1']))).toMatchObject([
      { code: 'state-of-another-workspace', file: 'other.tfstate' },
    ]);
    expect(checkStates([state([])], new Set())).toEqual([]);
  });
});
