import type { Declaration, DeclaredRule, SourceIndex } from '../source/contract.ts';
import type { MappingMethod } from './contract.ts';
import { withoutInstances } from './states.ts';

/** A declared rule with the declaration it belongs to. */
export interface Declared {
  rule: DeclaredRule;
  declaration: Declaration;
}

/** What one stage says about one rule. `confidence` is before ambiguity lowers it. */
export interface Match {
  declared: Declared;
  method: MappingMethod;
  confidence: number;
  reason: string;
}

/** All declared rules of all languages, found by group, address and direction. Built once for many live rules. */
export interface DeclaredTable {
  all: readonly Declared[];
  byGroup: ReadonlyMap<string, readonly Declared[]>;
  byAddress: ReadonlyMap<string, readonly Declared[]>;
  /** Address without instance keys. */
  byResource: ReadonlyMap<string, readonly Declared[]>;
  /** CloudFormation: rules by the logical id of their own resource and by that of the group they refer to. */
  byLogicalId: ReadonlyMap<string, readonly Declared[]>;
}

export function declaredTable(indexes: readonly SourceIndex[]): DeclaredTable {
  const all: Declared[] = [];
  const byGroup = new Map<string, Declared[]>();
  const byAddress = new Map<string, Declared[]>();
  const byResource = new Map<string, Declared[]>();
  const byLogicalId = new Map<string, Declared[]>();
  for (const index of indexes) {
    for (const declaration of index.declarations) {
      for (const rule of declaration.rules) {
        const one = { rule, declaration };
        all.push(one);
        push(byGroup, rule.group, one);
        push(byAddress, rule.address, one);
        push(byResource, withoutInstances(rule.address), one);
        if (declaration.language !== 'cloudformation') continue;
        for (const id of new Set([logicalIdOf(rule.address), refId(rule.group)]))
          if (id !== null) push(byLogicalId, id, one);
      }
    }
  }
  return { all, byGroup, byAddress, byResource, byLogicalId };
}

/** `Web.SecurityGroupIngress[2]` → `Web`. */
export function logicalIdOf(address: string): string {
  return address.split('.')[0]!;
}

/** `ref:Web.GroupId` or `ref:Web` → `Web`. */
function refId(group: string): string | null {
  return /^ref:([A-Za-z0-9]+)(?:\.[A-Za-z]+)?$/.exec(group)?.[1] ?? null;
}

function push(map: Map<string, Declared[]>, key: string, one: Declared): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [one]);
  else list.push(one);
}
