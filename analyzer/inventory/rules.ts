import { formatCidr, parseCidr } from '../model/address.ts';
import { derivedRuleId } from '../model/identity.ts';
import type { SecurityGroup } from '../model/inventory.ts';
import type { Problem } from '../model/problem.ts';
import { parseProtocol } from '../model/protocol.ts';
import { canonicalKey, canonicalPorts, type Direction, type Peer, type SecurityGroupRule } from '../model/rule.ts';
import { LISTINGS, printCommand } from './listings.ts';
import type { Origin, RawScope } from './origin.ts';
import { regionOfArn } from './origin.ts';
import type { RawGroup, RawPermission, RawRule } from './raw.ts';
import { type Located, wrongShape } from './valid.ts';

export function tagsOf(
  tags: readonly { Key: string; Value?: string | null | undefined }[] | null | undefined,
): Record<string, string> {
  const sorted = (tags ?? []).map((tag): [string, string] => [tag.Key, tag.Value ?? '']);
  return Object.fromEntries(sorted.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

export function groupsOf(raw: RawScope, origin: Origin): SecurityGroup[] {
  return (raw.groups ?? []).map((item) => ({
    groupId: item.value.GroupId,
    groupName: item.value.GroupName ?? item.value.GroupId,
    accountId: origin.account(item, item.value.OwnerId),
    region: origin.region(item, regionOfArn(item.value.SecurityGroupArn), item.value.VpcId),
    vpcId: item.value.VpcId ?? null,
    description: item.value.Description ?? null,
    tags: tagsOf(item.value.Tags),
  }));
}

/**
 * The scope's rules: from security-group-rules.json, else from the groups' permissions; where both are there they must agree, and
 * what differs is told.
 */
export function rulesOf(
  raw: RawScope,
  origin: Origin,
  groups: readonly SecurityGroup[],
): { rules: SecurityGroupRule[]; warnings: Problem[] } {
  const byId = new Map(groups.map((group) => [group.groupId, group]));
  const derived = permissionsOf(raw, origin);
  if (raw.rules === null) {
    const file = `${raw.scope.folder}/${LISTINGS.rules.name}.json`;
    const message = `no ${LISTINGS.rules.name}.json: the rules are taken from ${LISTINGS.groups.name}.json and have no rule ids of EC2`;
    const next = printCommand(LISTINGS.rules.command, file, raw.scope);
    const warning: Problem = { code: 'inventory-rules-derived', message, next, fault: 'input', file };
    const rules = new Map<string, SecurityGroupRule>();
    for (const permission of derived.permissions) {
      const ruleId = derivedRuleId(permission);
      if (!rules.has(ruleId)) rules.set(ruleId, ruleOf(permission, ruleId));
    }
    return { rules: [...rules.values()], warnings: [warning] };
  }
  const next = nextFor(raw, 'rules', raw.rules[0]?.file);
  const rules = raw.rules.map((item) => liveRule(item, origin, byId.get(item.value.GroupId), next));
  return { rules, warnings: derived.any ? disagreements(raw, rules, derived.permissions, byId) : [] };
}

function nextFor(raw: RawScope, kind: 'rules' | 'groups', file: string | undefined): string {
  const listing = LISTINGS[kind];
  return printCommand(listing.command, file ?? `${listing.name}.json`, raw.scope);
}

function liveRule(
  item: Located<RawRule>,
  origin: Origin,
  group: SecurityGroup | undefined,
  next: string,
): SecurityGroupRule {
  const { value, file, at } = item;
  const accountId = origin.account(item, value.GroupOwnerId ?? group?.accountId);
  const region = group?.region ?? origin.region(item, regionOfArn(value.SecurityGroupRuleArn), null);
  const protocol = protocolOf(value.IpProtocol, file, at, next);
  return {
    ruleId: value.SecurityGroupRuleId,
    groupId: value.GroupId,
    accountId,
    region,
    direction: value.IsEgress ? 'egress' : 'ingress',
    protocol,
    ...canonicalPorts({ protocol, fromPort: value.FromPort ?? null, toPort: value.ToPort ?? null }),
    peer: livePeer(item, accountId, next),
    description: value.Description ?? null,
    tags: tagsOf(value.Tags),
  };
}

function protocolOf(text: string, file: string, at: string, next: string): number {
  const protocol = parseProtocol(text);
  if (protocol === null) throw wrongShape(file, `${at}.IpProtocol`, `${JSON.stringify(text)} is no protocol`, next);
  return protocol;
}

function livePeer(item: Located<RawRule>, accountId: string, next: string): Peer {
  const { value, file, at } = item;
  const peers: Peer[] = [];
  if (value.CidrIpv4) peers.push(cidrPeer('cidrIpv4', value.CidrIpv4, file, `${at}.CidrIpv4`, next));
  if (value.CidrIpv6) peers.push(cidrPeer('cidrIpv6', value.CidrIpv6, file, `${at}.CidrIpv6`, next));
  if (value.PrefixListId) peers.push({ kind: 'prefixList', prefixListId: value.PrefixListId });
  if (value.ReferencedGroupInfo) peers.push(groupPeer(value.ReferencedGroupInfo, accountId));
  if (peers.length === 1) return peers[0]!;
  const message = `${value.SecurityGroupRuleId} has ${peers.length} peers; a rule has exactly one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo`;
  throw wrongShape(file, at, message, next);
}

/** Canonical: the text of the CIDR as EC2 would write it. */
function cidrPeer(kind: 'cidrIpv4' | 'cidrIpv6', cidr: string, file: string, at: string, next: string): Peer {
  const parsed = parseCidr(cidr);
  if (parsed === null || parsed.family !== (kind === 'cidrIpv4' ? 4 : 6)) {
    throw wrongShape(file, at, `${JSON.stringify(cidr)} is no ${kind === 'cidrIpv4' ? 'IPv4' : 'IPv6'} CIDR`, next);
  }
  return { kind, cidr: formatCidr(parsed) };
}

interface RawGroupReference {
  GroupId: string;
  UserId?: string | null | undefined;
  VpcId?: string | null | undefined;
  VpcPeeringConnectionId?: string | null | undefined;
  PeeringStatus?: string | null | undefined;
}

function groupPeer(raw: RawGroupReference, accountId: string): Peer {
  return {
    kind: 'group',
    groupId: raw.GroupId,
    ...(raw.UserId && raw.UserId !== accountId ? { accountId: raw.UserId } : {}),
    ...(raw.VpcId ? { vpcId: raw.VpcId } : {}),
    ...(raw.VpcPeeringConnectionId ? { peeringConnectionId: raw.VpcPeeringConnectionId } : {}),
    ...(raw.PeeringStatus ? { peeringStatus: raw.PeeringStatus } : {}),
  };
}

/** What a group's permissions say: a rule without an id of EC2. */
type Permission = Omit<SecurityGroupRule, 'ruleId' | 'tags'>;

function ruleOf(permission: Permission, ruleId: string): SecurityGroupRule {
  return { ruleId, ...permission, tags: {} };
}

/** `any`: whether security-group.json says anything about permissions at all. The same permission may come twice. */
function permissionsOf(raw: RawScope, origin: Origin): { permissions: Permission[]; any: boolean } {
  const out: Permission[] = [];
  let any = false;
  for (const item of raw.groups ?? []) {
    for (const [direction, key] of [
      ['ingress', 'IpPermissions'],
      ['egress', 'IpPermissionsEgress'],
    ] as const) {
      const permissions = item.value[key];
      if (permissions === null || permissions === undefined) continue;
      any = true;
      const next = nextFor(raw, 'groups', item.file);
      for (const [i, permission] of permissions.entries()) {
        const at = `${item.at}.${key}[${i}]`;
        out.push(...permissionRules({ ...item, at }, direction, permission, origin, next));
      }
    }
  }
  return { permissions: out, any };
}

function permissionRules(
  item: Located<RawGroup>,
  direction: Direction,
  permission: RawPermission,
  origin: Origin,
  next: string,
): Permission[] {
  const { value: group, file, at } = item;
  const accountId = origin.account(item, group.OwnerId);
  const region = origin.region(item, regionOfArn(group.SecurityGroupArn), group.VpcId);
  const protocol = protocolOf(permission.IpProtocol, file, at, next);
  const peers: { peer: Peer; description: string | null | undefined }[] = [
    ...(permission.IpRanges ?? []).map((range, i) => ({
      peer: cidrPeer('cidrIpv4', range.CidrIp, file, `${at}.IpRanges[${i}].CidrIp`, next),
      description: range.Description,
    })),
    ...(permission.Ipv6Ranges ?? []).map((range, i) => ({
      peer: cidrPeer('cidrIpv6', range.CidrIpv6, file, `${at}.Ipv6Ranges[${i}].CidrIpv6`, next),
      description: range.Description,
    })),
    ...(permission.PrefixListIds ?? []).map((list) => ({
      peer: { kind: 'prefixList' as const, prefixListId: list.PrefixListId },
      description: list.Description,
    })),
    ...(permission.UserIdGroupPairs ?? []).map((pair) => ({
      peer: groupPeer(pair, accountId),
      description: pair.Description,
    })),
  ];
  const { fromPort, toPort } = canonicalPorts({
    protocol,
    fromPort: permission.FromPort ?? null,
    toPort: permission.ToPort ?? null,
  });
  return peers.map(({ peer, description }) => ({
    accountId,
    region,
    groupId: group.GroupId,
    direction,
    protocol,
    fromPort,
    toPort,
    peer,
    description: description ?? null,
  }));
}

/** Rules in one file and not in the other: one of them was printed at another time, so neither may be believed blindly. */
function disagreements(
  raw: RawScope,
  live: readonly SecurityGroupRule[],
  derived: readonly Permission[],
  groups: ReadonlyMap<string, SecurityGroup>,
): Problem[] {
  const keyOf = (rule: Permission): string => `${rule.groupId}|${canonicalKey(rule)}`;
  // By key: whether the permissions have it.
  const met = new Map<string, boolean>();
  const keys = live.map(keyOf);
  for (const key of keys) met.set(key, false);
  const onlyDerived: Permission[] = [];
  for (const permission of derived) {
    const key = keyOf(permission);
    if (met.has(key)) met.set(key, true);
    else onlyDerived.push(permission);
  }
  const next = 'print both files again, one right after the other; security-group-rules.json was believed';
  const problem = (message: string, file: string | undefined): Problem => ({
    code: 'inventory-rules-disagree',
    message,
    next,
    fault: 'input',
    file: file ?? raw.scope.folder,
  });
  const onlyLive = live.filter((rule, i) => groups.has(rule.groupId) && met.get(keys[i]!) === false);
  return [
    ...onlyLive.map((rule) =>
      problem(
        `${rule.ruleId} of ${rule.groupId} (${canonicalKey(rule)}) is not among the permissions in security-groups.json`,
        raw.rules?.[0]?.file,
      ),
    ),
    ...onlyDerived.map((rule) =>
      problem(
        `${rule.groupId} has a permission (${canonicalKey(rule)}) that security-group-rules.json lacks`,
        raw.groups?.[0]?.file,
      ),
    ),
  ];
}
