import { join } from 'node:path';
import type { z } from 'zod';
import { PareError } from '../model/problem.ts';
import { listFolder, readJsonFile } from './adapters/files.ts';
import {
  rawFlowLog,
  rawGroup,
  rawGroupVpc,
  rawInterface,
  rawPeering,
  rawPrefixList,
  rawPrefixListEntry,
  rawRule,
  rawRuleAge,
  rawStaleGroup,
  rawSubnet,
  rawTemplateVersion,
  rawVpc,
} from './raw.ts';
import { type Located, validItem, wrongShape } from './valid.ts';

/** One listing of the AWS CLI: its file name without `.json`, the key of its list, and the command that prints it. */
export interface Listing<T> {
  name: string;
  key: string;
  command: string;
  schema: z.ZodType<T>;
}

const listing = <T>(name: string, key: string, command: string, schema: z.ZodType<T>): Listing<T> => ({
  name,
  key,
  command,
  schema,
});

export const LISTINGS = {
  groups: listing('security-groups', 'SecurityGroups', 'describe-security-groups', rawGroup),
  rules: listing('security-group-rules', 'SecurityGroupRules', 'describe-security-group-rules', rawRule),
  interfaces: listing('network-interfaces', 'NetworkInterfaces', 'describe-network-interfaces', rawInterface),
  prefixLists: listing('managed-prefix-lists', 'PrefixLists', 'describe-managed-prefix-lists', rawPrefixList),
  vpcs: listing('vpcs', 'Vpcs', 'describe-vpcs', rawVpc),
  subnets: listing('subnets', 'Subnets', 'describe-subnets', rawSubnet),
};

/** What may be missing without a word: later advice reads it, attribution does not. */
export const FURTHER_LISTINGS = {
  flowLogs: listing('flow-logs', 'FlowLogs', 'describe-flow-logs', rawFlowLog),
  peerings: listing('vpc-peering-connections', 'VpcPeeringConnections', 'describe-vpc-peering-connections', rawPeering),
  stale: listing(
    'stale-security-groups',
    'StaleSecurityGroupSet',
    'describe-stale-security-groups --vpc-id VPC',
    rawStaleGroup,
  ),
  templateVersions: listing(
    'launch-template-versions',
    'LaunchTemplateVersions',
    "describe-launch-template-versions --versions '$Latest' '$Default'",
    rawTemplateVersion,
  ),
  groupVpcs: listing(
    'security-group-vpc-associations',
    'SecurityGroupVpcAssociations',
    'describe-security-group-vpc-associations',
    rawGroupVpc,
  ),
  ruleAges: listing('rule-ages', 'RuleAges', '', rawRuleAge),
};

/** A folder of listings. Account and region are null in the flat layout, where the items must tell. */
export interface Scope {
  folder: string;
  accountId: string | null;
  region: string | null;
  files: readonly string[];
  /** Files of prefix-list-entries/. */
  entryFiles: readonly string[];
  /** ACCOUNT/REGION/config-history, where `pare inventory` pulled it; null in the flat layout. */
  configHistory: string | null;
}

export const ENTRIES = 'prefix-list-entries';
export const CONFIG_HISTORY = 'config-history';
const ALL_NAMES = [...Object.values(LISTINGS), ...Object.values(FURTHER_LISTINGS)].map(({ name }) => name);
const ACCOUNT = /^\d{12}$/;
const REGION = /^[a-z]{2,3}(-[a-z]+)+-\d+$/;

export function printCommand(command: string, file: string, scope: Pick<Scope, 'region'>): string {
  const region = scope.region === null ? '' : ` --region ${scope.region}`;
  return `print it with: aws ec2 ${command}${region} --output json > ${file}`;
}

/** Finds the flat layout and ACCOUNT/REGION/ folders, side by side if need be. Folders that hold listings elsewhere are an error: they would be missed. */
export async function findScopes(dir: string): Promise<Scope[]> {
  const top = await listFolder(dir);
  if (top === null) {
    throw new PareError({
      code: 'inventory-missing',
      message: 'there is no such folder',
      next: 'give the folder with the files that the AWS CLI prints, or make one with: pare inventory',
      fault: 'input',
      file: dir,
    });
  }
  const scopes: Scope[] = [];
  await addScope(scopes, dir, null, null, top);
  for (const account of top.folders) {
    const inside = account === ENTRIES ? null : await listFolder(join(dir, account));
    if (inside === null) continue;
    if (!ACCOUNT.test(account)) {
      refuseListings(join(dir, account), inside.files);
      continue;
    }
    await addScope(scopes, join(dir, account), account, null, inside);
    for (const region of inside.folders) {
      const files = region === ENTRIES ? null : await listFolder(join(dir, account, region));
      if (files === null) continue;
      if (REGION.test(region)) await addScope(scopes, join(dir, account, region), account, region, files);
      else refuseListings(join(dir, account, region), files.files);
    }
  }
  if (scopes.length > 0) return scopes;
  throw new PareError({
    code: 'inventory-empty',
    message: 'no inventory files in the folder, neither flat nor under ACCOUNT/REGION/',
    next: printCommand(LISTINGS.rules.command, join(dir, 'security-group-rules.json'), { region: null }),
    fault: 'input',
    file: dir,
  });
}

function refuseListings(folder: string, files: readonly string[]): void {
  const known = files.find((name) => Object.values(LISTINGS).some((kind) => pagePattern(kind.name).test(name)));
  if (known === undefined) return;
  throw new PareError({
    code: 'inventory-unknown-layout',
    message:
      'inventory files are read from the folder itself and from ACCOUNT/REGION/ (12 digits, then a region), not from here',
    next: `move ${known} and its neighbours, or take the folder out of the inventory`,
    fault: 'input',
    file: folder,
  });
}

async function addScope(
  scopes: Scope[],
  folder: string,
  accountId: string | null,
  region: string | null,
  content: { files: string[]; folders: string[] },
): Promise<void> {
  const entries = content.folders.includes(ENTRIES) ? await listFolder(join(folder, ENTRIES)) : null;
  const entryFiles = (entries?.files ?? []).filter((name) => /^pl-[0-9a-z]+\.json(\.gz)?$/.test(name));
  const files = content.files.filter((name) => ALL_NAMES.some((listed) => pagePattern(listed).test(name)));
  const core = files.some((name) => Object.values(LISTINGS).some((kind) => pagePattern(kind.name).test(name)));
  const nested = content.folders.some((name) => (accountId === null ? ACCOUNT : REGION).test(name));
  // A folder named as an account and a region is meant to hold listings: what it lacks is then named.
  if (!core && entryFiles.length === 0 && (region === null || nested)) return;
  const configHistory =
    region !== null && content.folders.includes(CONFIG_HISTORY) ? join(folder, CONFIG_HISTORY) : null;
  scopes.push({ folder, accountId, region, files, entryFiles, configHistory });
}

/** `vpcs.json`, gzipped or not, and its further pages `vpcs-2.json` or `vpcs.2.json`. */
function pagePattern(name: string): RegExp {
  return new RegExp(`^${name}([.-]\\d+)?\\.json(\\.gz)?$`);
}

/** All items of one listing in a scope, from all its pages; null when there is no such file. */
export async function readListing<T>(scope: Scope, kind: Listing<T>): Promise<Located<T>[] | null> {
  const names = scope.files.filter((name) => pagePattern(kind.name).test(name));
  if (names.length === 0) return null;
  const out: Located<T>[] = [];
  const pages: { file: string; more: boolean }[] = [];
  for (const name of names) {
    const file = join(scope.folder, name);
    const next = printCommand(kind.command, file, scope);
    for (const document of await readJsonFile(file, next)) {
      const page = pageOf(document, kind.key, file, next);
      pages.push({ file, more: page.more });
      const at = Array.isArray(document) ? '' : kind.key;
      for (const [i, raw] of page.items.entries()) out.push(validItem(kind.schema, raw, file, `${at}[${i}]`, next));
    }
  }
  const last = pages.at(-1);
  if (last !== undefined && pages.every((page) => page.more)) {
    throw new PareError({
      code: 'inventory-listing-cut',
      message: `the listing ends with a NextToken: its later pages are missing`,
      next: `${printCommand(kind.command, last.file, scope)} (without --max-items and --no-paginate)`,
      fault: 'input',
      file: last.file,
      at: 'NextToken',
    });
  }
  return out;
}

function pageOf(document: unknown, key: string, file: string, next: string): { items: unknown[]; more: boolean } {
  if (Array.isArray(document)) return { items: document, more: false };
  if (typeof document !== 'object' || document === null)
    throw wrongShape(file, '$', `expected an object with ${key}`, next);
  const items = (document as Record<string, unknown>)[key];
  if (!Array.isArray(items)) throw wrongShape(file, key, `expected a list under ${key}`, next);
  const token = (document as Record<string, unknown>).NextToken;
  return { items, more: typeof token === 'string' && token !== '' };
}

/** The CIDRs of each prefix list whose entries are in the scope. */
export async function readPrefixListEntries(scope: Scope): Promise<Map<string, Located<string>[]>> {
  const out = new Map<string, Located<string>[]>();
  for (const name of scope.entryFiles) {
    const id = name.replace(/\.json(\.gz)?$/, '');
    const command = `get-managed-prefix-list-entries --prefix-list-id ${id}`;
    const kind = listing(id, 'Entries', command, rawPrefixListEntry);
    const entries = await readListing({ ...scope, folder: join(scope.folder, ENTRIES), files: [name] }, kind);
    out.set(
      id,
      (entries ?? []).map((entry) => ({ ...entry, value: entry.value.Cidr })),
    );
  }
  return out;
}
