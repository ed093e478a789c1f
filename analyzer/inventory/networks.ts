import { formatCidr, parseCidr } from '../model/address.ts';
import type { PrefixList, Subnet, Vpc } from '../model/inventory.ts';
import { LISTINGS, printCommand } from './listings.ts';
import type { Origin, RawScope } from './origin.ts';
import { regionOfArn, regionOfZone } from './origin.ts';
import { tagsOf } from './rules.ts';
import { byText, type Located, wrongShape } from './valid.ts';

interface Block {
  cidr: string | null | undefined;
  state: string | null | undefined;
}

/** Blocks in use, canonical and sorted; those that are disassociated or failed to associate are gone. */
function blocksOf(item: Located<unknown>, blocks: readonly Block[], next: string): string[] {
  const live = blocks.filter(({ cidr, state }) => cidr && state !== 'disassociated' && state !== 'failed');
  return [...new Set(live.map(({ cidr }) => canonicalCidr(item, cidr as string, next)))].sort(byText);
}

function canonicalCidr(item: Located<unknown>, text: string, next: string): string {
  const cidr = parseCidr(text);
  if (cidr === null) throw wrongShape(item.file, item.at, `${JSON.stringify(text)} is no CIDR`, next);
  return formatCidr(cidr);
}

export function vpcsOf(raw: RawScope, origin: Origin): Vpc[] {
  return (raw.vpcs ?? []).map((item) => {
    const { value } = item;
    const blocks = [
      { cidr: value.CidrBlock, state: null },
      ...(value.CidrBlockAssociationSet ?? []).map((a) => ({ cidr: a.CidrBlock, state: a.CidrBlockState?.State })),
      ...(value.Ipv6CidrBlockAssociationSet ?? []).map((a) => ({
        cidr: a.Ipv6CidrBlock,
        state: a.Ipv6CidrBlockState?.State,
      })),
    ];
    return {
      vpcId: value.VpcId,
      accountId: origin.account(item, value.OwnerId),
      region: origin.region(item, null, value.VpcId),
      cidrs: blocksOf(item, blocks, printCommand(LISTINGS.vpcs.command, item.file, raw.scope)),
    };
  });
}

export function subnetsOf(raw: RawScope, origin: Origin): Subnet[] {
  return (raw.subnets ?? []).map((item) => {
    const { value } = item;
    const blocks = [
      { cidr: value.CidrBlock, state: null },
      ...(value.Ipv6CidrBlockAssociationSet ?? []).map((a) => ({
        cidr: a.Ipv6CidrBlock,
        state: a.Ipv6CidrBlockState?.State,
      })),
    ];
    return {
      subnetId: value.SubnetId,
      vpcId: value.VpcId,
      accountId: origin.account(item, value.OwnerId),
      region: origin.region(item, regionOfArn(value.SubnetArn) ?? regionOfZone(value.AvailabilityZone), value.VpcId),
      cidrs: blocksOf(item, blocks, printCommand(LISTINGS.subnets.command, item.file, raw.scope)),
      tags: tagsOf(value.Tags),
    };
  });
}

/** Lists that the account sees, and lists of which only the entries were printed. */
export function prefixListsOf(raw: RawScope): PrefixList[] {
  const out = new Map<string, PrefixList>();
  for (const { value } of raw.prefixLists ?? []) {
    out.set(value.PrefixListId, {
      prefixListId: value.PrefixListId,
      name: value.PrefixListName ?? null,
      ownerId: value.OwnerId ?? null,
      maxEntries: value.MaxEntries ?? null,
      cidrs: null,
    });
  }
  for (const [prefixListId, entries] of raw.entries) {
    const next = printCommand(
      `get-managed-prefix-list-entries --prefix-list-id ${prefixListId}`,
      entries[0]?.file ?? `${prefixListId}.json`,
      raw.scope,
    );
    const cidrs = [...new Set(entries.map((entry) => canonicalCidr(entry, entry.value, next)))].sort(byText);
    const list = out.get(prefixListId) ?? { prefixListId, name: null, ownerId: null, maxEntries: null };
    out.set(prefixListId, { ...list, cidrs });
  }
  return [...out.values()];
}
