import { formatCidr, parseCidr } from '../model/address.ts';
import type {
  FlowLogSetting,
  GroupHolder,
  GroupVpc,
  Inventory,
  MissingListing,
  Peering,
  PeeringSide,
  RuleAge,
  SecurityGroup,
  StaleReference,
} from '../model/inventory.ts';
import type { Problem } from '../model/problem.ts';
import { FURTHER_LISTINGS, type Listing, readListing, type Scope } from './listings.ts';
import { mergeById } from './merge.ts';
import type { RawFlowLog, RawPeering, RawRuleAge, RawStaleGroup, RawTemplateVersion } from './raw.ts';
import { byText, type Located, parseTime } from './valid.ts';

/** What is around the rules: who holds groups, where flow logs go, what peers with what. Read where it is there. */
export type Surroundings = Required<
  Pick<
    Inventory,
    'flowLogs' | 'holders' | 'peerings' | 'staleReferences' | 'groupVpcs' | 'ruleAges' | 'missingListings'
  >
>;

/** The account and region that the folder or else all groups of the scope agree on; null where nothing tells. */
interface Place {
  accountId: string | null;
  region: string | null;
}

/** `groups` are those of the scope: launch templates may name a group instead of giving its id. */
export async function readSurroundings(scope: Scope, groups: readonly SecurityGroup[]): Promise<Surroundings> {
  const only = (values: readonly string[]): string | null => (new Set(values).size === 1 ? values[0]! : null);
  const place: Place = {
    accountId: scope.accountId ?? only(groups.map((group) => group.accountId)),
    region: scope.region ?? only(groups.map((group) => group.region)),
  };
  const missingListings: MissingListing[] = [];
  const read = async <T>(kind: Listing<T>): Promise<Located<T>[]> => {
    const items = await readListing(scope, kind);
    if (items === null) missingListings.push({ accountId: scope.accountId, region: scope.region, listing: kind.name });
    return items ?? [];
  };
  const flowLogs = await read(FURTHER_LISTINGS.flowLogs);
  const peerings = await read(FURTHER_LISTINGS.peerings);
  const stale = await read(FURTHER_LISTINGS.stale);
  const versions = await read(FURTHER_LISTINGS.templateVersions);
  const groupVpcs = await read(FURTHER_LISTINGS.groupVpcs);
  const ages = await read(FURTHER_LISTINGS.ruleAges);
  return {
    flowLogs: flowLogs.map((item) => flowLogOf(item.value, place)),
    holders: holdersOf(versions, place, groups),
    peerings: peerings.map(({ value }) => peeringOf(value)),
    staleReferences: stale.flatMap((item) => staleOf(item.value, place, groups)),
    groupVpcs: groupVpcs.map(({ value }) => ({
      groupId: value.GroupId,
      vpcId: value.VpcId,
      vpcOwnerId: value.VpcOwnerId ?? null,
      state: value.State ?? null,
    })),
    ruleAges: ages.map(({ value }) => ageOf(value)),
    missingListings,
  };
}

/** All scopes' surroundings as one, sorted, each thing once however many accounts see it. */
export function mergeSurroundings(scopes: readonly Surroundings[], warnings: Problem[]): Surroundings {
  const all = <K extends keyof Surroundings>(key: K): Surroundings[K][number][] =>
    scopes.flatMap((scope) => scope[key] as readonly Surroundings[K][number][]);
  return {
    flowLogs: mergeById(all('flowLogs'), (log) => log.flowLogId, 'flow log', warnings),
    holders: mergeById(all('holders'), (holder) => `${holder.groupId} ${holder.holderId}`, 'launch template', warnings),
    peerings: mergeById(all('peerings'), (peering) => peering.peeringConnectionId, 'peering', warnings, knownPeering),
    staleReferences: mergeById(all('staleReferences'), (stale) => JSON.stringify(stale), 'stale rule', warnings),
    groupVpcs: mergeById(all('groupVpcs'), (it: GroupVpc) => `${it.groupId} ${it.vpcId}`, 'association', warnings),
    ruleAges: mergeById(all('ruleAges'), (age) => age.ruleId, 'age of rule', warnings),
    missingListings: mergeById(all('missingListings'), (it) => JSON.stringify(it), 'listing', warnings),
  };
}

function flowLogOf(value: RawFlowLog, place: Place): FlowLogSetting {
  return {
    flowLogId: value.FlowLogId,
    ...place,
    resourceId: value.ResourceId ?? null,
    trafficType: value.TrafficType ?? null,
    destinationType: value.LogDestinationType ?? null,
    destination: value.LogDestination ?? value.LogGroupName ?? null,
    format: value.LogFormat ?? null,
    aggregationInterval: value.MaxAggregationInterval ?? null,
    status: value.FlowLogStatus ?? null,
    deliveryError: value.DeliverLogsErrorMessage || null,
    createdAt: moment(value.CreationTime),
  };
}

function holdersOf(
  versions: readonly Located<RawTemplateVersion>[],
  place: Place,
  groups: readonly SecurityGroup[],
): GroupHolder[] {
  const out = new Map<string, GroupHolder & { versions: number[] }>();
  for (const item of versions) {
    const { LaunchTemplateId: holderId, LaunchTemplateName, VersionNumber, LaunchTemplateData: data } = item.value;
    const ids = [...(data?.SecurityGroupIds ?? []), ...(data?.NetworkInterfaces ?? []).flatMap((i) => i.Groups ?? [])];
    const named = (data?.SecurityGroups ?? []).flatMap((name) =>
      groups.filter(({ groupId, groupName }) => groupName === name || groupId === name),
    );
    const held = new Map(named.map(({ groupId }) => [groupId, true]));
    for (const id of ids) held.set(id, false);
    for (const [groupId, byName] of held) {
      const key = `${groupId} ${holderId}`;
      const known = out.get(key);
      if (known !== undefined) {
        if (!known.versions.includes(VersionNumber)) known.versions.push(VersionNumber);
        known.byName &&= byName;
        continue;
      }
      out.set(key, {
        groupId,
        kind: 'launch-template',
        holderId,
        name: LaunchTemplateName ?? null,
        versions: [VersionNumber],
        ...place,
        byName,
      });
    }
  }
  return [...out.values()].map((holder) => ({ ...holder, versions: holder.versions.sort((a, b) => a - b) }));
}

function peeringOf(value: RawPeering): Peering {
  const side = (raw: RawPeering['RequesterVpcInfo']): PeeringSide => ({
    accountId: raw?.OwnerId ?? null,
    region: raw?.Region ?? null,
    vpcId: raw?.VpcId ?? null,
    cidrs: canonical([
      raw?.CidrBlock,
      ...(raw?.CidrBlockSet ?? []).map((block) => block.CidrBlock),
      ...(raw?.Ipv6CidrBlockSet ?? []).map((block) => block.Ipv6CidrBlock),
    ]),
  });
  return {
    peeringConnectionId: value.VpcPeeringConnectionId,
    status: value.Status?.Code ?? null,
    requester: side(value.RequesterVpcInfo),
    accepter: side(value.AccepterVpcInfo),
  };
}

/** The owner of one side may see less of the other: CIDRs are shown only while the peering is active. */
function knownPeering(a: Peering, b: Peering): Peering | null {
  if (a.status !== b.status) return null;
  const better = (x: PeeringSide, y: PeeringSide): PeeringSide => ({
    accountId: x.accountId ?? y.accountId,
    region: x.region ?? y.region,
    vpcId: x.vpcId ?? y.vpcId,
    cidrs: x.cidrs.length >= y.cidrs.length ? x.cidrs : y.cidrs,
  });
  return { ...a, requester: better(a.requester, b.requester), accepter: better(a.accepter, b.accepter) };
}

function staleOf(value: RawStaleGroup, place: Place, groups: readonly SecurityGroup[]): StaleReference[] {
  const group = groups.find(({ groupId }) => groupId === value.GroupId);
  const accountId = group?.accountId ?? place.accountId;
  const region = group?.region ?? place.region;
  const sides = [
    ['ingress', value.StaleIpPermissions],
    ['egress', value.StaleIpPermissionsEgress],
  ] as const;
  return sides.flatMap(([direction, permissions]) =>
    (permissions ?? []).flatMap((permission) =>
      (permission.UserIdGroupPairs ?? []).flatMap((pair) =>
        pair.GroupId === null || pair.GroupId === undefined
          ? []
          : [
              {
                groupId: value.GroupId,
                accountId,
                region,
                direction,
                protocol: permission.IpProtocol ?? '-1',
                fromPort: permission.FromPort ?? null,
                toPort: permission.ToPort ?? null,
                referencedGroupId: pair.GroupId,
                referencedVpcId: pair.VpcId ?? null,
                peeringConnectionId: pair.VpcPeeringConnectionId ?? null,
              },
            ],
      ),
    ),
  );
}

function ageOf(value: RawRuleAge): RuleAge {
  return {
    ruleId: value.SecurityGroupRuleId,
    createdAt: moment(value.CreatedAt),
    changedAt: moment(value.ChangedAt),
    by: value.CreatedBy ?? null,
  };
}

function moment(value: string | number | null | undefined): number | null {
  const time = parseTime(value);
  return time === null ? null : Math.floor(time);
}

/** What is no CIDR is left out: it is only shown. */
function canonical(blocks: readonly (string | null | undefined)[]): string[] {
  const parsed = blocks.flatMap((block) => parseCidr(block ?? '') ?? []);
  return [...new Set(parsed.map(formatCidr))].sort(byText);
}
