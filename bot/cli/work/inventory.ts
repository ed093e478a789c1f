import {
  createAwsApi,
  failurePlace,
  type Option,
  type PullResult,
  parseRoleArn,
  pullInventory,
  sessionPolicy,
  type Target,
  writeFailures,
  writeScope,
} from '@pare/analyzer/inventory/live/index.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { stageFolder } from '../atomic.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { parseDuration } from '../time.ts';
import { refuseForeignFolder, writeManifest } from './inventory-folder.ts';

export interface InventoryCommandOptions {
  out: string;
  profile?: string;
  region?: string[];
  roleArn?: string;
  organization?: boolean;
  accounts?: string[];
  roleName?: string;
  externalId?: string;
  sessionName: string;
  sessionTag?: string[];
  configHistory?: string | true;
  maxConfigInterfaces: string;
  ruleAges?: boolean;
  concurrency: string;
  json?: boolean;
}

/** Pulls the inventory into a new folder and puts it in the place of `--out`. Exit 1 when any account, region or listing failed. */
export async function inventory(options: InventoryCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const { progress, signal } = runtime;
  const target = parseTarget(options);
  const regions = parseRegions(options.region);
  const configHistory = parseHistory(options);
  const concurrency = wholeNumber('--concurrency', options.concurrency, 64);
  const ruleAges = options.ruleAges === true;
  const asked: Option[] = [
    ...(regions === 'all' ? (['--region all'] as const) : []),
    ...(configHistory === null ? [] : (['--config-history'] as const)),
    ...(ruleAges ? (['--rule-ages'] as const) : []),
  ];
  const api = createAwsApi({
    profile: options.profile ?? null,
    externalId: options.externalId ?? null,
    sessionName: sessionName(options.sessionName),
    sessionTags: sessionTags(options.sessionTag ?? []),
    sessionPolicy: sessionPolicy(asked),
  });
  await refuseForeignFolder(options.out);
  const staged = await stageFolder(options.out);
  try {
    const result = await pullInventory(
      { target, regions, configHistory, ruleAges, concurrency },
      {
        api,
        signal,
        write: (scope) => writeScope(staged.path, scope),
        progress: (done, total) =>
          progress.report({ phase: 'pulling accounts and regions', done, total, unit: 'steps' }),
      },
    );
    progress.clear();
    signal.throwIfAborted();
    for (const accountId of result.inactive)
      runtime.note('info', `account ${accountId} is suspended or being closed, and was not read`);
    for (const failure of result.failures)
      runtime.note('warning', `${failurePlace(failure)}: ${failure.message}; ${failure.next}`);
    const pulled = result.scopes.filter(({ counts }) => counts !== null).length;
    if (pulled === 0) throw nothingPulled(result);
    await writeFailures(staged.path, result.failures);
    await writeManifest(staged.path, new Date());
    await refuseForeignFolder(options.out);
    signal.throwIfAborted();
    await staged.publish();
    await runtime.write(options.json === true ? jsonOf(result) : table(result));
    runtime.note('info', `wrote ${options.out}`);
    return result.failures.length === 0 ? EXIT.clean : EXIT.error;
  } finally {
    progress.clear();
    await staged.remove();
    api.close();
  }
}

function nothingPulled(result: PullResult): PareError {
  return new PareError({
    code: 'inventory-nothing-pulled',
    message: result.scopes.length === 0 ? 'there is no account to read' : 'no account and region could be read',
    next: 'see the lines above; nothing was written',
    fault: 'environment',
  });
}

/** For scripts: each scope with what was pulled (null where it failed), and each failure. */
function jsonOf({ scopes, failures, inactive }: PullResult): string {
  return `${JSON.stringify({ schemaVersion: 1, scopes, failures, inactive }, null, 2)}\n`;
}

/** One line for each scope, sorted; failed ones say so. */
function table({ scopes, failures }: PullResult): string {
  const incomplete = new Set(failures.map(({ accountId, region }) => `${accountId} ${region}`));
  const rows = scopes.map(({ accountId, region, counts }) => [
    accountId,
    region ?? '-',
    ...(counts === null ? ['-', '-', '-'] : [counts.groups, counts.rules, counts.interfaces].map(String)),
    counts === null ? 'failed' : incomplete.has(`${accountId} ${region}`) ? 'incomplete' : 'complete',
  ]);
  const lines = [['ACCOUNT', 'REGION', 'GROUPS', 'RULES', 'INTERFACES', 'STATUS'], ...rows];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const cell = (text: string, column: number): string =>
    column >= 2 && column <= 4 ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  return lines.map((line) => `${line.map(cell).join('  ').trimEnd()}\n`).join('');
}

function parseTarget(options: InventoryCommandOptions): Target {
  const { roleArn, roleName, organization, accounts } = options;
  const reached = [...(accounts ?? [])].flatMap((text) => text.split(',')).filter((text) => text !== '');
  const bad = reached.find((id) => !/^\d{12}$/.test(id));
  if (bad !== undefined) throw badOption(`--accounts ${bad} is no account id`, 'give twelve digits');
  if (options.externalId !== undefined && roleArn === undefined && roleName === undefined)
    throw badOption('--external-id without a role to assume', 'add --role-arn or --role-name');
  if (roleArn !== undefined) {
    if (organization === true || accounts !== undefined || roleName !== undefined)
      throw badOption(
        '--role-arn excludes --organization, --accounts and --role-name',
        'give --role-name for several accounts',
      );
    if (parseRoleArn(roleArn) === null)
      throw badOption(`--role-arn ${roleArn} is no ARN of a role`, 'give arn:aws:iam::ACCOUNT:role/NAME');
    return { kind: 'role', roleArn };
  }
  if (organization !== true && accounts === undefined) {
    if (roleName !== undefined)
      throw badOption('--role-name without accounts', 'add --organization or --accounts, or give --role-arn');
    return { kind: 'own' };
  }
  if (roleName === undefined)
    throw badOption(
      `${organization === true ? '--organization' : '--accounts'} needs --role-name`,
      'give the name of the role that each account has for this',
    );
  if (!/^[\w+=,.@/-]{1,512}$/.test(roleName))
    throw badOption(`--role-name ${roleName} is no name of a role`, 'give its name, with its path if it has one');
  if (organization === true)
    return { kind: 'organization', accounts: accounts === undefined ? null : reached, roleName };
  return { kind: 'accounts', accounts: reached, roleName };
}

function parseRegions(given: readonly string[] | undefined): readonly string[] | 'all' | null {
  if (given === undefined) return null;
  const regions = [...new Set(given.flatMap((text) => text.split(',')).filter((text) => text !== ''))].sort();
  if (regions.length === 1 && regions[0] === 'all') return 'all';
  const bad = regions.find((region) => !/^[a-z]{2,3}(-[a-z]+)+-\d+$/.test(region));
  if (bad !== undefined) throw badOption(`--region ${bad} is no region`, 'give names like eu-west-1, or all alone');
  return regions;
}

function parseHistory(options: InventoryCommandOptions): { since: number; maxInterfaces: number } | null {
  const maxInterfaces = wholeNumber('--max-config-interfaces', options.maxConfigInterfaces, 1_000_000);
  if (options.configHistory === undefined) return null;
  const seconds = parseDuration(options.configHistory === true ? '120d' : options.configHistory, '--config-history');
  return { since: Math.floor(Date.now() / 1000) - seconds, maxInterfaces };
}

/** Source: STS API reference, AssumeRole, RoleSessionName. */
function sessionName(text: string): string {
  if (/^[\w+=,.@-]{2,64}$/.test(text)) return text;
  throw badOption(`--session-name ${text} is not allowed`, 'give 2 to 64 letters, digits and characters of _+=,.@-');
}

function sessionTags(given: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const text of given) {
    const at = text.indexOf('=');
    if (at < 1 || at > 128 || text.length - at - 1 > 256)
      throw badOption(`--session-tag ${text} is no tag`, 'give key=value, at most 128 and 256 characters');
    out[text.slice(0, at)] = text.slice(at + 1);
  }
  return out;
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw badOption(`${option} ${text} is not understood`, `give a whole number from 1 to ${most}`);
}

function badOption(message: string, next: string): PareError {
  return new PareError({ code: 'bad-option', message, next, fault: 'configuration' });
}
