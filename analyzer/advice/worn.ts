import type { Inventory } from '../model/inventory.ts';
import type { Window } from '../usage/evidence.ts';
import { timelines } from '../usage/timeline.ts';

export interface WornTogether {
  /** The distinct sets of groups, each with this one, that interfaces wore within the window or that a launch template gives to new ones. */
  sets: readonly (readonly string[])[];
  interfaces: number;
}

/** By group: what it was worn with. A group that no interface wore is absent. */
export function wornTogether(inventory: Inventory, window: Window): ReadonlyMap<string, WornTogether> {
  const sets = new Map<string, Map<string, readonly string[]>>();
  const interfaces = new Map<string, Set<string>>();
  const note = (groups: readonly string[]): void => {
    for (const group of groups) {
      const mine = sets.get(group) ?? new Map<string, readonly string[]>();
      mine.set(groups.join(','), groups);
      sets.set(group, mine);
    }
  };
  for (const [interfaceId, held] of timelines(inventory.interfaces)) {
    for (const { state, from, to } of held) {
      // What is worn after the window counts too: the change takes place then.
      if (to <= window.from || from >= to) continue;
      note(state.groups);
      for (const group of state.groups) {
        const wearers = interfaces.get(group) ?? new Set<string>();
        wearers.add(interfaceId);
        interfaces.set(group, wearers);
      }
    }
  }
  const templates = new Map<string, Set<string>>();
  for (const { holderId, groupId } of inventory.holders ?? []) {
    const groups = templates.get(holderId) ?? new Set<string>();
    groups.add(groupId);
    templates.set(holderId, groups);
  }
  // Versions of one template may name different groups; the holder says only which it names at all, so each is also taken alone.
  for (const groups of templates.values()) for (const group of groups) note([group]);
  return new Map(
    [...interfaces].map(([group, wearers]) => {
      const mine = [...sets.get(group)!].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, groups]) => groups);
      return [group, { sets: mine, interfaces: wearers.size }];
    }),
  );
}
