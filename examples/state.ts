import { formatProtocol } from '../analyzer/model/protocol.ts';
import { peerText, type SecurityGroupRule } from '../analyzer/model/rule.ts';
import { hash } from '../test/generator/random.ts';
import type { Origin, Shop } from './story.ts';

type Json = Record<string, unknown>;

const PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]';

interface Resource {
  module?: string;
  mode: 'managed' | 'data';
  type: string;
  name: string;
  provider: string;
  instances: Json[];
}

/** The state of terraform/network as Terraform 1.x writes it (version 4), after a refresh. */
export function terraformState(shop: Shop): Json {
  const resources = new Map<string, Resource>();
  const put = (address: string, schema: number, attributes: Json, mode: Resource['mode'] = 'managed'): void => {
    const parsed = parseAddress(address);
    const key = `${parsed.module ?? ''}|${mode}|${parsed.type}|${parsed.name}`;
    const known = resources.get(key) ?? {
      ...(parsed.module === undefined ? {} : { module: parsed.module }),
      mode,
      type: parsed.type,
      name: parsed.name,
      provider: PROVIDER,
      instances: [],
    };
    known.instances.push({
      ...(parsed.index === undefined ? {} : { index_key: parsed.index }),
      schema_version: schema,
      attributes,
      sensitive_attributes: [],
    });
    resources.set(key, known);
  };
  putNetwork(shop, put);
  putGroups(shop, put);
  putRules(shop, put);
  return {
    version: 4,
    terraform_version: '1.11.4',
    serial: 214,
    lineage: '6c1f0b52-7f0e-4f0a-9d2e-3b8f5a1c7e90',
    outputs: {},
    // Terraform writes resources by module, mode, type and name, and instances by their keys.
    resources: [...resources.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, r]) => ({
        ...r,
        instances: r.instances.sort((a, b) => (String(a.index_key) < String(b.index_key) ? -1 : 1)),
      })),
    check_results: null,
  };
}

type Put = (address: string, schema: number, attributes: Json, mode?: Resource['mode']) => void;

/** `module.a.type.name["key"]`; an index is a number for count and a string for for_each. */
function parseAddress(address: string): { module?: string; type: string; name: string; index?: string | number } {
  const match = /^(?:(module\.\w+)\.)?(\w+)\.(\w+)(?:\[(?:"(.+)"|(\d+))\])?$/.exec(address);
  if (match === null) throw new Error(`not a resource address: ${address}`);
  const [, module, type = '', name = '', text, number] = match;
  const index = number === undefined ? text : Number(number);
  return { ...(module === undefined ? {} : { module }), type, name, ...(index === undefined ? {} : { index }) };
}

function putNetwork(shop: Shop, put: Put): void {
  const { state } = shop;
  const arn = `arn:aws:ec2:${state.region}:${state.accountId}`;
  put('aws_vpc.shop', 1, {
    arn: `${arn}:vpc/${state.vpcId}`,
    assign_generated_ipv6_cidr_block: true,
    cidr_block: state.vpcCidr,
    id: state.vpcId,
    ipv6_cidr_block: state.vpcCidrIpv6,
    owner_id: state.accountId,
    tags: { Name: 'shop' },
    tags_all: { Name: 'shop' },
  });
  for (const subnet of state.subnets) {
    put(`aws_subnet.shop["${subnet.name.slice(5)}"]`, 1, {
      arn: `${arn}:subnet/${subnet.subnetId}`,
      availability_zone: subnet.az,
      cidr_block: subnet.cidr,
      id: subnet.subnetId,
      ipv6_cidr_block: subnet.cidrIpv6,
      tags: { Name: subnet.name },
      tags_all: { Name: subnet.name },
      vpc_id: state.vpcId,
    });
  }
  for (const list of state.prefixLists) {
    const ofAws = list.ownerId === 'AWS';
    put(
      ofAws ? 'aws_ec2_managed_prefix_list.s3' : 'aws_ec2_managed_prefix_list.offices',
      0,
      {
        address_family: 'IPv4',
        arn: `arn:aws:ec2:${state.region}:${ofAws ? 'aws' : list.ownerId}:prefix-list/${list.prefixListId}`,
        [ofAws ? 'entries' : 'entry']: list.cidrs.map((cidr) => ({ cidr, description: '' })),
        id: list.prefixListId,
        max_entries: list.maxEntries ?? 0,
        name: list.name,
        owner_id: list.ownerId,
      },
      ofAws ? 'data' : 'managed',
    );
  }
}

/** A refreshed group holds all its live rules in ingress and egress, whichever resource made them. */
function putGroups(shop: Shop, put: Put): void {
  const { state } = shop;
  for (const group of state.groups) {
    const origin = shop.groups.get(group.groupId)!;
    if (origin.stack) continue;
    const own = state.rules.filter((r) => r.groupId === group.groupId);
    put(origin.address, 1, {
      arn: `arn:aws:ec2:${state.region}:${state.accountId}:security-group/${group.groupId}`,
      description: group.description,
      egress: tuples(own.filter((r) => r.direction === 'egress')),
      id: group.groupId,
      ingress: tuples(own.filter((r) => r.direction === 'ingress')),
      name: group.groupName,
      name_prefix: '',
      owner_id: state.accountId,
      revoke_rules_on_delete: false,
      tags: group.tags,
      tags_all: group.tags,
      timeouts: null,
      vpc_id: state.vpcId,
    });
  }
}

/** The provider's grouping: one tuple for each protocol, port range and description. */
function tuples(rules: readonly SecurityGroupRule[]): Json[] {
  const byKey = Map.groupBy(rules, (r) => `${r.protocol}|${r.fromPort}|${r.toPort}|${r.description}`);
  return [...byKey.values()].map((same) => {
    const first = same[0]!;
    const of = (kind: SecurityGroupRule['peer']['kind']): string[] =>
      same.filter((r) => r.peer.kind === kind && peerText(r.peer) !== r.groupId).map((r) => peerText(r.peer));
    return {
      cidr_blocks: of('cidrIpv4'),
      description: first.description ?? '',
      from_port: first.fromPort ?? 0,
      ipv6_cidr_blocks: of('cidrIpv6'),
      prefix_list_ids: of('prefixList'),
      protocol: formatProtocol(first.protocol),
      security_groups: of('group'),
      self: same.some((r) => peerText(r.peer) === r.groupId),
      to_port: first.toPort ?? 0,
    };
  });
}

function putRules(shop: Shop, put: Put): void {
  const { state, origins } = shop;
  const legacy = new Map<string, SecurityGroupRule[]>();
  for (const rule of state.rules) {
    const origin = origins.get(rule.ruleId)!;
    if (origin.how === 'vpc-rule') put(origin.address, 0, vpcRule(shop, rule));
    if (origin.how === 'legacy') legacy.set(origin.address, [...(legacy.get(origin.address) ?? []), rule]);
  }
  for (const [address, rules] of legacy) put(address, 2, legacyRule(address, rules));
}

function vpcRule(shop: Shop, rule: SecurityGroupRule): Json {
  const { peer } = rule;
  return {
    arn: `arn:aws:ec2:${shop.state.region}:${shop.state.accountId}:security-group-rule/${rule.ruleId}`,
    cidr_ipv4: peer.kind === 'cidrIpv4' ? peer.cidr : null,
    cidr_ipv6: peer.kind === 'cidrIpv6' ? peer.cidr : null,
    description: rule.description,
    from_port: rule.fromPort,
    id: rule.ruleId,
    ip_protocol: formatProtocol(rule.protocol),
    prefix_list_id: peer.kind === 'prefixList' ? peer.prefixListId : null,
    referenced_security_group_id: peer.kind === 'group' ? peer.groupId : null,
    security_group_id: rule.groupId,
    security_group_rule_id: rule.ruleId,
    tags: null,
    tags_all: {},
    to_port: rule.toPort,
  };
}

/** One resource may stand for several live rules; it knows a rule's id only when it has a single source. */
function legacyRule(address: string, rules: readonly SecurityGroupRule[]): Json {
  const sorted = [...rules].sort((a, b) => (peerText(a.peer) < peerText(b.peer) ? -1 : 1));
  const first = sorted[0]!;
  const of = (kind: SecurityGroupRule['peer']['kind']): string[] | null => {
    const found = sorted.filter((r) => r.peer.kind === kind).map((r) => peerText(r.peer));
    return found.length === 0 ? null : found;
  };
  const group = first.peer.kind === 'group' ? first.peer.groupId : null;
  const self = group === first.groupId;
  return {
    cidr_blocks: of('cidrIpv4'),
    description: first.description,
    from_port: first.fromPort,
    id: `sgrule-${hash(address)}`,
    ipv6_cidr_blocks: of('cidrIpv6'),
    prefix_list_ids: of('prefixList'),
    protocol: formatProtocol(first.protocol),
    security_group_id: first.groupId,
    security_group_rule_id: sorted.length === 1 ? first.ruleId : '',
    self,
    source_security_group_id: self ? null : group,
    timeouts: null,
    to_port: first.toPort,
    type: first.direction,
  };
}

/** describe-stacks, describe-stack-resources and get-template of the payments stack, as the AWS CLI prints them. */
export function stackDocuments(shop: Shop, stackId: string, template: string): Record<string, Json> {
  const { state } = shop;
  const idOf = (name: string): string => state.groups.find((g) => g.groupName === name)!.groupId;
  const ruleOf = (origin: Partial<Origin>): string =>
    state.rules.find((r) => shop.origins.get(r.ruleId)!.address === origin.address)!.ruleId;
  const resource = (LogicalResourceId: string, PhysicalResourceId: string, ResourceType: string): Json => ({
    StackName: 'payments',
    StackId: stackId,
    LogicalResourceId,
    PhysicalResourceId,
    ResourceType,
    Timestamp: '2026-05-12T09:14:31.402000+00:00',
    ResourceStatus: 'CREATE_COMPLETE',
    DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
  });
  const standalone = (name: string, kind: string): Json =>
    resource(name, ruleOf({ address: name }), `AWS::EC2::SecurityGroup${kind}`);
  return {
    'describe-stacks.json': {
      Stacks: [
        {
          StackId: stackId,
          StackName: 'payments',
          Description: 'Payments, kept apart from the rest of the shop.',
          Parameters: [
            { ParameterKey: 'VpcId', ParameterValue: state.vpcId },
            { ParameterKey: 'ApiGroupId', ParameterValue: idOf('shop-api') },
            { ParameterKey: 'AdminCidr', ParameterValue: '10.50.0.0/24' },
            { ParameterKey: 'EnableDebug', ParameterValue: 'true' },
          ],
          CreationTime: '2026-05-12T09:13:55.871000+00:00',
          RollbackConfiguration: {},
          StackStatus: 'CREATE_COMPLETE',
          DisableRollback: false,
          NotificationARNs: [],
          Outputs: [{ OutputKey: 'PaymentsGroupId', OutputValue: idOf('payments') }],
          Tags: [],
          DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
        },
      ],
    },
    'describe-stack-resources.json': {
      StackResources: [
        resource('PaymentsGroup', idOf('payments'), 'AWS::EC2::SecurityGroup'),
        standalone('PaymentsDebug', 'Ingress'),
        standalone('PaymentsFromWorker', 'Ingress'),
        resource('WorkerGroup', idOf('payments-worker'), 'AWS::EC2::SecurityGroup'),
        standalone('WorkerToPayments', 'Egress'),
      ],
    },
    'get-template.json': { TemplateBody: template, StagesAvailable: ['Original', 'Processed'] },
  };
}
