import { join } from 'node:path';
import type { InterfaceState } from '../model/interface.ts';
import type { Inventory, PrefixList, SecurityGroup, Subnet, Vpc } from '../model/inventory.ts';
import { formatProblem, PareError, type Problem } from '../model/problem.ts';
import type { SecurityGroupRule } from '../model/rule.ts';
import { crossCheck } from './checks.ts';
import { readConfigHistory } from './config-items.ts';
import { failureWarnings, readFailures } from './failures.ts';
import { interfaceFacts } from './interfaces.ts';
import {
  findScopes,
  LISTINGS,
  type Listing,
  printCommand,
  readListing,
  readPrefixListEntries,
  type Scope,
} from './listings.ts';
import { mergeById } from './merge.ts';
import { prefixListsOf, subnetsOf, vpcsOf } from './networks.ts';
import { type Origin, originOf, type RawScope, regionOfZone } from './origin.ts';
import { groupsOf, rulesOf } from './rules.ts';
import { mergeSurroundings, readSurroundings, type Surroundings } from './surroundings.ts';
import { buildTimeline, timelineWarnings } from './timeline.ts';
import { byText } from './valid.ts';

export interface InventoryOptions {
  /** AWS Config history and snapshot files, or folders of them. */
  configHistory?: readonly string[];
}

/**
 * Reads what the AWS CLI printed into `dir`, flat or under ACCOUNT/REGION/, several accounts and regions side by side, and lays AWS
 * Config's history under the present interfaces. Throws PareError for what cannot be read or is not what it should be; what is odd but
 * usable comes back as sorted warnings.
 */
export async function readInventory(dir: string, options: InventoryOptions = {}): Promise<Inventory> {
  const warnings: Problem[] = [];
  const groups: SecurityGroup[] = [];
  const rules: SecurityGroupRule[] = [];
  const present: InterfaceState[] = [];
  const prefixLists: PrefixList[] = [];
  const vpcs: Vpc[] = [];
  const subnets: Subnet[] = [];
  const surroundings: Surroundings[] = [];
  const pulledHistory: string[] = [];
  for (const scope of await findScopes(dir)) {
    const raw = await readScope(scope, warnings);
    const origin = originOf(raw);
    warnings.push(...origin.warnings);
    const own = groupsOf(raw, origin);
    const ruled = rulesOf(raw, origin, own);
    groups.push(...own);
    rules.push(...ruled.rules);
    warnings.push(...ruled.warnings);
    present.push(...interfacesOf(raw, origin));
    prefixLists.push(...prefixListsOf(raw));
    vpcs.push(...vpcsOf(raw, origin));
    subnets.push(...subnetsOf(raw, origin));
    surroundings.push(await readSurroundings(scope, own));
    if (scope.configHistory !== null) pulledHistory.push(scope.configHistory);
  }
  const interfaces = mergeById(present, (state) => state.interfaceId, 'interface', warnings);
  const history = await readConfigHistory([...pulledHistory, ...(options.configHistory ?? [])]);
  warnings.push(...history.warnings, ...timelineWarnings(interfaces, history));
  const failedScopes = await readFailures(dir);
  warnings.push(...failureWarnings(dir, failedScopes));
  const inventory: Omit<Inventory, 'warnings'> = {
    groups: mergeById(groups, (group) => group.groupId, 'group', warnings),
    rules: mergeById(rules, (rule) => rule.ruleId, 'rule', warnings),
    interfaces: buildTimeline(interfaces, history),
    prefixLists: mergeById(prefixLists, (list) => list.prefixListId, 'prefix list', warnings, betterKnownList),
    vpcs: mergeById(vpcs, (vpc) => vpc.vpcId, 'VPC', warnings),
    subnets: mergeById(subnets, (subnet) => subnet.subnetId, 'subnet', warnings),
    ...mergeSurroundings(surroundings, warnings),
    failedScopes,
  };
  return { ...inventory, warnings: sortedProblems([...warnings, ...crossCheck(inventory)]) };
}

/**
 * The interfaces alone, as `readInventory` has them but for account and region: a quarter of its time, for who reads flow logs. Throws
 * PareError where the listing of interfaces is missing, cannot be read or is not what it should be; of other files it says nothing.
 */
export async function readInterfaces(dir: string, options: InventoryOptions = {}): Promise<InterfaceState[]> {
  const present: InterfaceState[] = [];
  const pulledHistory: string[] = [];
  const nowhere = { account: () => '', region: () => '', warnings: [] };
  for (const scope of await findScopes(dir)) {
    const interfaces = await readListing(scope, LISTINGS.interfaces);
    if (interfaces === null) throw missing(scope, LISTINGS.interfaces);
    present.push(...interfacesOf({ scope, interfaces }, nowhere));
    if (scope.configHistory !== null) pulledHistory.push(scope.configHistory);
  }
  const interfaces = mergeById(present, (state) => state.interfaceId, 'interface', []);
  return buildTimeline(interfaces, await readConfigHistory([...pulledHistory, ...(options.configHistory ?? [])]));
}

async function readScope(scope: Scope, warnings: Problem[]): Promise<RawScope> {
  const groups = await readListing(scope, LISTINGS.groups);
  const rules = await readListing(scope, LISTINGS.rules);
  const permissions = groups?.some((group) => group.value.IpPermissions || group.value.IpPermissionsEgress) ?? false;
  if (rules === null && !permissions && (groups === null || groups.length > 0)) throw missing(scope, LISTINGS.rules);
  if (groups === null) throw missing(scope, LISTINGS.groups);
  const interfaces = await readListing(scope, LISTINGS.interfaces);
  if (interfaces === null) throw missing(scope, LISTINGS.interfaces);
  const optional = async <T>(kind: Listing<T>, without: string) => {
    const items = await readListing(scope, kind);
    if (items === null) {
      const file = join(scope.folder, `${kind.name}.json`);
      const message = `no ${kind.name}.json: ${without}`;
      const next = printCommand(kind.command, file, scope);
      warnings.push({ code: 'inventory-file-missing', message, next, fault: 'input', file });
    }
    return items;
  };
  return {
    scope,
    groups,
    rules,
    interfaces,
    prefixLists: await optional(LISTINGS.prefixLists, 'names and sizes of prefix lists are not known'),
    entries: await readPrefixListEntries(scope),
    vpcs: await optional(LISTINGS.vpcs, 'the address ranges of VPCs are not known'),
    subnets: await optional(LISTINGS.subnets, 'the address ranges of subnets are not known'),
  };
}

function missing(scope: Scope, kind: Listing<unknown>): PareError {
  const file = join(scope.folder, `${kind.name}.json`);
  const message = 'the inventory lacks this file';
  const next = printCommand(kind.command, file, scope);
  return new PareError({ code: 'inventory-file-missing', message, next, fault: 'input', file });
}

function interfacesOf(raw: Pick<RawScope, 'scope' | 'interfaces'>, origin: Origin): InterfaceState[] {
  return raw.interfaces.map((item) => {
    const facts = interfaceFacts(item, printCommand(LISTINGS.interfaces.command, item.file, raw.scope));
    return {
      ...facts,
      accountId: origin.account(item, item.value.OwnerId),
      region: origin.region(item, regionOfZone(item.value.AvailabilityZone), item.value.VpcId),
      from: facts.existsSince ?? 0,
      to: null,
      origin: 'inventory',
      startKnown: false,
    };
  });
}

/** Of two views of one list, that with entries, then that with a name; null when neither knows more. */
function betterKnownList(a: PrefixList, b: PrefixList): PrefixList | null {
  const named = a.name === null ? b : a;
  if (a.cidrs === null || b.cidrs === null) return { ...named, cidrs: a.cidrs ?? b.cidrs };
  return String(a.cidrs) === String(b.cidrs) ? named : null;
}

function sortedProblems(problems: readonly Problem[]): Problem[] {
  const byLine = new Map(problems.map((problem) => [`${problem.code} ${formatProblem(problem)}`, problem]));
  return [...byLine].sort(([a], [b]) => byText(a, b)).map(([, problem]) => problem);
}
