import type { Inventory } from '../model/inventory.ts';
import type { Problem } from '../model/problem.ts';

/** What the parts of an inventory say about each other that cannot be: each a warning, for a silent gap would be worse. */
export function crossCheck(inventory: Omit<Inventory, 'warnings'>): Problem[] {
  const groups = new Set(inventory.groups.map((group) => group.groupId));
  return [
    ...unknownGroupsWorn(inventory, groups),
    ...unknownGroupsOfRules(inventory, groups),
    ...unknownPeers(inventory, groups),
  ];
}

function unknownGroupsWorn(inventory: Omit<Inventory, 'warnings'>, groups: ReadonlySet<string>): Problem[] {
  const wornBy = new Map<string, Set<string>>();
  for (const state of inventory.interfaces) {
    for (const groupId of state.groups) {
      if (!groups.has(groupId)) addTo(wornBy, groupId, state.interfaceId);
    }
  }
  return [...wornBy].map(([groupId, interfaces]) => ({
    code: 'inventory-group-missing',
    message: `${sample(interfaces)} wore ${groupId}, which the inventory lacks; nothing is advised where its rules might have let traffic in`,
    next: 'print security-groups.json and security-group-rules.json again, for all accounts that share the VPC; a group deleted since cannot be had back',
    fault: 'input',
  }));
}

function unknownGroupsOfRules(inventory: Omit<Inventory, 'warnings'>, groups: ReadonlySet<string>): Problem[] {
  const rulesOf = new Map<string, Set<string>>();
  for (const rule of inventory.rules) if (!groups.has(rule.groupId)) addTo(rulesOf, rule.groupId, rule.ruleId);
  return [...rulesOf].map(([groupId, rules]) => ({
    code: 'inventory-rule-of-unknown-group',
    message: `${sample(rules)} belong to ${groupId}, which security-groups.json lacks`,
    next: 'print security-groups.json again, at the same time as security-group-rules.json',
    fault: 'input',
  }));
}

function unknownPeers(inventory: Omit<Inventory, 'warnings'>, groups: ReadonlySet<string>): Problem[] {
  const entries = new Set(inventory.prefixLists.filter((list) => list.cidrs !== null).map((list) => list.prefixListId));
  const byList = new Map<string, Set<string>>();
  const byGroup = new Map<string, Set<string>>();
  for (const { ruleId, peer } of inventory.rules) {
    if (peer.kind === 'prefixList' && !entries.has(peer.prefixListId)) addTo(byList, peer.prefixListId, ruleId);
    if (peer.kind === 'group' && !groups.has(peer.groupId)) addTo(byGroup, peer.groupId, ruleId);
  }
  const lists = [...byList].map(
    ([id, rules]): Problem => ({
      code: 'inventory-prefix-list-unknown',
      message: `the entries of ${id} are not known, so ${sample(rules)} may match any address`,
      next: `aws ec2 get-managed-prefix-list-entries --prefix-list-id ${id} --output json > prefix-list-entries/${id}.json`,
      fault: 'input',
    }),
  );
  const referenced = [...byGroup].map(
    ([id, rules]): Problem => ({
      code: 'inventory-referenced-group-unknown',
      message: `${sample(rules)} reference ${id}, which the inventory lacks, so its members are not known`,
      next: 'add the inventory of the account that owns it; a group that no longer exists makes the rule stale',
      fault: 'input',
    }),
  );
  return [...lists, ...referenced];
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

function sample(ids: ReadonlySet<string>): string {
  const sorted = [...ids].sort();
  const more = sorted.length > 3 ? ` and ${sorted.length - 3} more` : '';
  return `${sorted.slice(0, 3).join(', ')}${more}`;
}
