import type { GroupSummary, InterfaceSummary } from '../model/finding.ts';
import type { InterfaceState } from '../model/interface.ts';
import type { Inventory } from '../model/inventory.ts';
import { compareText } from './timeline.ts';

/** In the order in which they are asked; the first that a group has names its team. */
const TEAM_TAGS = ['team', 'squad', 'owner', 'service-owner'] as const;

/** What reports say of groups besides their rules; in the inventory's order. */
export function groupSummaries(inventory: Inventory): GroupSummary[] {
  return inventory.groups.map(({ groupId, groupName, accountId, region, vpcId, tags }) => ({
    groupId,
    groupName,
    accountId,
    region,
    vpcId,
    team: teamOf(tags),
  }));
}

function teamOf(tags: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(tags).sort(([a], [b]) => compareText(a, b));
  for (const wanted of TEAM_TAGS) {
    const found = entries.find(([name, value]) => name.toLowerCase() === wanted && value !== '');
    if (found !== undefined) return found[1];
  }
  return null;
}

/** Every interface that wore a group, as it was last known; sorted by id. */
export function interfaceSummaries(inventory: Inventory): InterfaceSummary[] {
  const last = new Map<string, InterfaceState>();
  const worn = new Map<string, Set<string>>();
  for (const state of inventory.interfaces) {
    const known = last.get(state.interfaceId);
    if (known === undefined || state.from >= known.from) last.set(state.interfaceId, state);
    const groups = worn.get(state.interfaceId) ?? new Set<string>();
    worn.set(state.interfaceId, groups);
    for (const group of state.groups) groups.add(group);
  }
  return [...last.values()]
    .filter(({ interfaceId }) => worn.get(interfaceId)!.size > 0)
    .sort((a, b) => compareText(a.interfaceId, b.interfaceId))
    .map(({ interfaceId, interfaceType, description, addresses }) => ({
      interfaceId,
      type: interfaceType,
      description: description === '' ? null : description,
      address: addresses[0] ?? null,
      groups: [...worn.get(interfaceId)!].sort(compareText),
    }));
}
