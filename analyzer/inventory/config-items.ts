import { formatProblem, PareError, type Problem } from '../model/problem.ts';
import { filesUnder, readJsonFile } from './adapters/files.ts';
import { type InterfaceFacts, interfaceFacts } from './interfaces.ts';
import { regionOfArn, regionOfZone } from './origin.ts';
import { type RawConfigItem, rawConfigItem, rawInterface } from './raw.ts';
import { byText, parseTime, validItem, wrongShape } from './valid.ts';

/** One item of AWS Config about an interface. */
export interface ConfigItem {
  interfaceId: string;
  accountId: string;
  region: string;
  /** Seconds since 1970, with fraction. */
  capturedAt: number;
  /** Orders items of the same moment; the number that Config gives states, or ''. */
  stateId: string;
  /** first: newly discovered. unrecorded: Config stopped recording, what follows is not known. deleted: it is gone. */
  status: 'first' | 'present' | 'unrecorded' | 'deleted';
  /** Seconds since 1970 when the resource was made, where Config tells. */
  createdAt: number | null;
  /** Null for deleted and unrecorded. */
  facts: InterfaceFacts | null;
  origin: 'config-history' | 'config-snapshot';
  /** Items before this one were left out when the history was pulled: of the time before it nothing is known. */
  olderLeftOut?: true;
}

/** All items about interfaces, sorted by interface and time, repeated ones once; other resource types are counted only. */
export interface ConfigItems {
  items: readonly ConfigItem[];
  files: number;
  /** Items of other resource types, by type; sorted. */
  ignored: readonly { resourceType: string; count: number }[];
  warnings: readonly Problem[];
}

const INTERFACE = 'AWS::EC2::NetworkInterface';
const NEXT =
  'give AWS Config history or snapshot files (…/ConfigHistory/….json.gz), or the output of: aws configservice get-resource-config-history --output json';

/** Source: AWS Config API, ConfigurationItemStatus. */
const STATUSES: ReadonlyMap<string, ConfigItem['status']> = new Map([
  ['OK', 'present'],
  ['ResourceDiscovered', 'first'],
  ['ResourceNotRecorded', 'unrecorded'],
  ['ResourceDeleted', 'deleted'],
  ['ResourceDeletedNotRecorded', 'deleted'],
  // As written in older files.
  ['Ok', 'present'],
  ['Discovered', 'first'],
  ['Deleted', 'deleted'],
]);

/**
 * Reads files and folders (searched for .json, .jsonl, .ndjson, gzipped or not): history and snapshots as S3 holds them, the CLI's
 * get-resource-config-history, single items, JSON lines, change notifications. Throws PareError when one cannot be read.
 */
export async function readConfigHistory(paths: readonly string[]): Promise<ConfigItems> {
  const warnings: Problem[] = [];
  const ignored = new Map<string, number>();
  const items = new Map<string, ConfigItem>();
  const files = new Set<string>();
  for (const path of paths) for (const file of await configFiles(path)) files.add(file);
  for (const file of [...files].sort()) {
    const documents = await readJsonFile(file, NEXT);
    for (const [i, document] of documents.entries()) {
      const cutBefore = cutOf(document);
      for (const { raw, at, origin } of itemsOf(document, file, i)) {
        const { value } = validItem(rawConfigItem, raw, file, at, NEXT);
        if (value.resourceType !== INTERFACE) {
          ignored.set(value.resourceType, (ignored.get(value.resourceType) ?? 0) + 1);
          continue;
        }
        const item = withCut(configItem(value, file, at, origin), cutBefore);
        // History and every snapshot repeat an item as it was captured.
        const key = JSON.stringify({ ...item, origin: null, olderLeftOut: null });
        if (!items.has(key) || origin === 'config-history') items.set(key, item);
      }
    }
    warnings.push(...cutWarning(documents.at(-1), file));
  }
  return {
    items: [...items].sort(([x, a], [y, b]) => byInterfaceAndTime(a, b) || byText(x, y)).map(([, item]) => item),
    files: files.size,
    ignored: [...ignored].sort(([a], [b]) => byText(a, b)).map(([resourceType, count]) => ({ resourceType, count })),
    warnings: warnings.sort((a, b) => byText(formatProblem(a), formatProblem(b))),
  };
}

/** `pare inventory` pulls the items since a moment, and of each interface the one that held then: `cutBefore` is that moment. */
function cutOf(document: unknown): number | null {
  if (typeof document !== 'object' || document === null) return null;
  const { cutBefore } = document as Record<string, unknown>;
  return typeof cutBefore === 'string' ? parseTime(cutBefore) : null;
}

function withCut(item: ConfigItem, cutBefore: number | null): ConfigItem {
  if (cutBefore === null || item.capturedAt > cutBefore || item.status === 'first') return item;
  return { ...item, olderLeftOut: true };
}

function byInterfaceAndTime(a: ConfigItem, b: ConfigItem): number {
  return (
    byText(a.interfaceId, b.interfaceId) ||
    a.capturedAt - b.capturedAt ||
    a.stateId.length - b.stateId.length ||
    byText(a.stateId, b.stateId)
  );
}

async function configFiles(path: string): Promise<string[]> {
  const found = await filesUnder(path);
  const problem = (message: string): PareError =>
    new PareError({ code: 'config-history-missing', message, next: NEXT, fault: 'input', file: path });
  if (found === null) throw problem('there is no such file or folder');
  if (found.length === 1 && found[0] === path) return found;
  const files = found.filter((file) => /\.(json|jsonl|ndjson)(\.gz)?$/.test(file));
  if (files.length === 0) throw problem('no AWS Config files (.json, .json.gz) in the folder');
  return files;
}

interface FoundItem {
  raw: unknown;
  at: string;
  origin: ConfigItem['origin'];
}

function itemsOf(document: unknown, file: string, index: number): FoundItem[] {
  const prefix = index === 0 ? '' : `document ${index + 1} `;
  const listed = (list: readonly unknown[], at: string, origin: ConfigItem['origin']): FoundItem[] =>
    list.map((raw, i) => ({ raw, at: `${prefix}${at}[${i}]`, origin }));
  if (Array.isArray(document)) return listed(document, '', 'config-history');
  if (typeof document === 'object' && document !== null) {
    const fields = document as Record<string, unknown>;
    const origin = 'configSnapshotId' in fields || /_ConfigSnapshot_/.test(file) ? 'config-snapshot' : 'config-history';
    for (const key of ['configurationItems', 'baseConfigurationItems']) {
      if (Array.isArray(fields[key])) return listed(fields[key], key, origin);
    }
    if (typeof fields.configurationItem === 'object' && fields.configurationItem !== null) {
      return [{ raw: fields.configurationItem, at: `${prefix}configurationItem`, origin }];
    }
    if ('configurationItemCaptureTime' in fields) return [{ raw: document, at: `${prefix}$`, origin }];
  }
  throw wrongShape(file, `${prefix}configurationItems`, 'expected AWS Config items (configurationItems)', NEXT);
}

function configItem(value: RawConfigItem, file: string, at: string, origin: ConfigItem['origin']): ConfigItem {
  const capturedAt = parseTime(value.configurationItemCaptureTime);
  const status = STATUSES.get(value.configurationItemStatus);
  // Some feeds name no region or account; the ARN and the zone do.
  const arn = value.ARN ?? value.arn;
  const accountId = value.awsAccountId || value.accountId || arn?.split(':')[4];
  const region = value.awsRegion || regionOfArn(arn) || regionOfZone(value.availabilityZone);
  if (capturedAt === null) throw wrongShape(file, `${at}.configurationItemCaptureTime`, 'not a time', NEXT);
  if (status === undefined) {
    const text = JSON.stringify(value.configurationItemStatus);
    throw wrongShape(file, `${at}.configurationItemStatus`, `${text} is no status of AWS Config`, NEXT);
  }
  if (!accountId) throw wrongShape(file, `${at}.awsAccountId`, 'the item names no account', NEXT);
  if (!region) throw wrongShape(file, `${at}.awsRegion`, 'the item names no region', NEXT);
  const gone = status === 'deleted' || status === 'unrecorded';
  return {
    interfaceId: value.resourceId,
    accountId,
    region,
    capturedAt,
    stateId: String(value.configurationStateId ?? ''),
    status,
    createdAt: parseTime(value.resourceCreationTime),
    facts: gone ? null : factsOf(value, file, at),
    origin,
  };
}

/** `configuration` names the same fields as EC2 does, each beginning with a small letter. */
function factsOf(value: RawConfigItem, file: string, at: string): InterfaceFacts {
  let configuration = value.configuration;
  if (typeof configuration === 'string') {
    try {
      configuration = JSON.parse(configuration);
    } catch {
      throw wrongShape(file, `${at}.configuration`, 'the text is not valid JSON', NEXT);
    }
  }
  const located = validItem(rawInterface, capitalised(configuration), file, `${at}.configuration`, NEXT);
  if (located.value.NetworkInterfaceId === value.resourceId) return interfaceFacts(located, NEXT);
  const message = `the configuration is of ${located.value.NetworkInterfaceId}, the item of ${value.resourceId}`;
  throw wrongShape(file, `${at}.configuration.networkInterfaceId`, message, NEXT);
}

function capitalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(capitalised);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.charAt(0).toUpperCase() + key.slice(1), capitalised(inner)]),
  );
}

function cutWarning(document: unknown, file: string): Problem[] {
  if (typeof document !== 'object' || document === null) return [];
  const token = (document as Record<string, unknown>).nextToken ?? (document as Record<string, unknown>).NextToken;
  if (typeof token !== 'string' || token === '') return [];
  const message = 'the listing ends with a nextToken: older items are missing';
  const next = 'print it again without --limit, --max-items and --no-paginate';
  return [{ code: 'config-history-cut', message, next, fault: 'input', file, at: 'nextToken' }];
}
