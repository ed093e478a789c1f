import type { SecurityGroup } from '../../analyzer/model/inventory.ts';
import type { Peer, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { hash } from '../generator/random.ts';
import type { GeneratedRoot } from './roots.ts';
import type { LiveTuple } from './shapes.ts';

/** What AWS and the states hold of generated sources. */
export interface GeneratedLive {
  rules: readonly SecurityGroupRule[];
  groups: readonly SecurityGroup[];
  /** Root directory to the text of its state, format 4. */
  states: ReadonlyMap<string, string>;
  /** Address of the resource that makes each rule, by rule id: the answer that a mapping is judged by. */
  addresses: ReadonlyMap<string, { root: string; address: string }>;
}

export function liveOf(roots: readonly GeneratedRoot[]): GeneratedLive {
  const rules: SecurityGroupRule[] = [];
  const groups = new Map<string, SecurityGroup>();
  const states = new Map<string, string>();
  const addresses = new Map<string, { root: string; address: string }>();
  for (const root of roots) {
    const { directory, accountId, region } = root;
    for (const [n, tuple] of root.live.entries()) {
      const groupId = groupIdOf(directory, tuple.group);
      const ruleId = `sgr-${digits(`${directory}/${n}`)}`;
      const shape = { direction: tuple.direction, protocol: 6, fromPort: tuple.from, toPort: tuple.to };
      const { description } = tuple;
      rules.push({
        ...shape,
        peer: peerOf(directory, tuple),
        ruleId,
        groupId,
        accountId,
        region,
        description,
        tags: {},
      });
      addresses.set(ruleId, { root: directory, address: tuple.address });
      if (!groups.has(groupId))
        groups.set(groupId, {
          groupId,
          groupName: `${directory.replaceAll('/', '-')}-${tuple.group.split('.').at(-1)}`,
          vpcId: `vpc-${digits(directory)}`,
          accountId,
          region,
          description: '',
          tags: {},
        });
    }
    states.set(directory, stateText(root));
  }
  return { rules, groups: [...groups.values()], states, addresses };
}

function digits(text: string): string {
  return `0${hash(`a${text}`).toString(16).padStart(8, '0')}${hash(`b${text}`).toString(16).padStart(8, '0')}`;
}

function groupIdOf(directory: string, address: string): string {
  return `sg-${digits(`${directory} ${address}`)}`;
}

function peerOf(directory: string, { peer }: LiveTuple): Peer {
  if ('cidr' in peer) return { kind: 'cidrIpv4', cidr: peer.cidr };
  return { kind: 'group', groupId: groupIdOf(directory, peer.group) };
}

/** `module.gate.aws_x.y["k"]` to the parts that format 4 keeps apart. */
function partsOf(address: string): { module?: string; type: string; name: string; key?: string | number } {
  const [, module, type, name, key] = /^(?:(module\.\w+)\.)?(\w+)\.(\w+)(?:\[(.*)\])?$/.exec(address) ?? [];
  return {
    ...(module === undefined ? {} : { module }),
    type: type ?? '',
    name: name ?? '',
    ...(key === undefined ? {} : { key: JSON.parse(key) as string | number }),
  };
}

function stateText({ directory, accountId, region, live }: GeneratedRoot): string {
  const resources: object[] = [];
  const resource = (address: string, attributes: object) => {
    const { module, type, name, key } = partsOf(address);
    resources.push({
      ...(module === undefined ? {} : { module }),
      mode: 'managed',
      type,
      name,
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: [{ ...(key === undefined ? {} : { index_key: key }), schema_version: 1, attributes }],
    });
  };
  for (const address of new Set(live.map((tuple) => tuple.group))) {
    const id = groupIdOf(directory, address);
    const arn = `arn:aws:ec2:${region}:${accountId}:security-group/${id}`;
    // A refresh fills ingress with all rules of the group, whoever made them.
    const ingress = live.filter((tuple) => tuple.group === address).map((tuple) => inline(directory, tuple));
    resource(address, { id, arn, owner_id: accountId, ingress, egress: [] });
  }
  for (const [n, tuple] of live.entries()) {
    if (tuple.address === tuple.group) continue;
    const { type } = partsOf(tuple.address);
    const common = {
      security_group_id: groupIdOf(directory, tuple.group),
      from_port: tuple.from,
      to_port: tuple.to,
      description: tuple.description,
    };
    const ruleId = `sgr-${digits(`${directory}/${n}`)}`;
    const peer = peerOf(directory, tuple);
    if (type === 'aws_security_group_rule')
      resource(tuple.address, {
        ...common,
        id: `sgrule-${hash(ruleId)}`,
        security_group_rule_id: '',
        type: tuple.direction,
        protocol: tuple.protocol,
        self: false,
        cidr_blocks: peer.kind === 'cidrIpv4' ? [peer.cidr] : null,
        source_security_group_id: peer.kind === 'group' ? peer.groupId : null,
      });
    else
      resource(tuple.address, {
        ...common,
        id: ruleId,
        security_group_rule_id: ruleId,
        ip_protocol: tuple.protocol,
        cidr_ipv4: peer.kind === 'cidrIpv4' ? peer.cidr : null,
      });
  }
  return JSON.stringify({
    version: 4,
    terraform_version: '1.11.4',
    serial: 1,
    lineage: 'generated',
    outputs: {},
    resources,
  });
}

function inline(directory: string, tuple: LiveTuple): object {
  const peer = peerOf(directory, tuple);
  return {
    description: tuple.description,
    protocol: tuple.protocol,
    from_port: tuple.from,
    to_port: tuple.to,
    cidr_blocks: peer.kind === 'cidrIpv4' ? [peer.cidr] : [],
    ipv6_cidr_blocks: [],
    prefix_list_ids: [],
    security_groups: peer.kind === 'group' ? [peer.groupId] : [],
    self: false,
  };
}
