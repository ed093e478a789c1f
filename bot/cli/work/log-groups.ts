import type { LogGroupsOptions } from '@pare/analyzer/flowlogs/insights/store.ts';
import type { FlowStore } from '@pare/analyzer/flowlogs/ledger.ts';
import type { Inventory } from '@pare/analyzer/model/inventory.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { bytesText } from '@pare/analyzer/report/words.ts';
import type { Runtime } from '../runtime.ts';

export interface LogGroupOptions {
  logGroup?: string[];
  region?: string;
  logFormat?: string[];
  maxScanBytes?: string;
}

/** Source: CloudWatch Logs API, CreateLogGroup. */
const NAME = /^[.\-_/#A-Za-z0-9]{1,512}$/;

/** The store over log groups. The AWS SDK is loaded only here: nobody else should wait for it. */
export async function openLogGroups(
  options: LogGroupOptions,
  inventory: Inventory,
  database: { tempDir: string; memoryLimit?: string },
  runtime: Runtime,
): Promise<FlowStore> {
  const { openInsightsStore } = await import('@pare/analyzer/flowlogs/insights/store.ts');
  return openInsightsStore({ ...(await logGroups(options, inventory, runtime)), ...database });
}

/** What would be left aside without a word is refused: who gives `--max-scan-bytes` relies on it. Throws PareError. */
export function refuseWithoutLogGroup({ logGroup, region, logFormat, maxScanBytes }: LogGroupOptions): void {
  if (logGroup !== undefined) return;
  const given = Object.entries({ '--region': region, '--log-format': logFormat, '--max-scan-bytes': maxScanBytes });
  const names = given.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.length > 0)
    throw bad(
      `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} for --log-group`,
      'leave it out, or give --log-group',
    );
}

/** What the options say, with the formats that the inventory knows. Throws PareError for what is wrong with them. */
export async function logGroups(
  { logGroup = [], region, logFormat, maxScanBytes }: LogGroupOptions,
  inventory: Pick<Inventory, 'flowLogs'>,
  runtime: Runtime,
): Promise<LogGroupsOptions> {
  const names = [...new Set(logGroup.flatMap((text) => text.split(',')))].sort();
  for (const name of names)
    if (!NAME.test(name))
      throw bad(`--log-group ${JSON.stringify(name)} is no name of a log group`, 'give its name, no ARN');
  const most = maxScanBytes === undefined ? undefined : Number(maxScanBytes);
  if (most !== undefined && !(Number.isSafeInteger(most) && most > 0))
    throw bad(`--max-scan-bytes ${maxScanBytes} is no number of bytes`, 'give a whole number, for example 50000000000');
  const { connectLogs } = await import('@pare/analyzer/flowlogs/insights/connect.ts');
  const { DOLLARS_PER_GB } = await import('@pare/analyzer/flowlogs/insights/store.ts');
  const client = connectLogs(region);
  const found = await client.config.region().catch((): string => '');
  if (found === '') throw bad('--log-group needs a Region', 'give --region, for example --region eu-west-1');
  const cost = (bytes: number) => `${bytesText(bytes)}, $${((bytes / 1e9) * DOLLARS_PER_GB).toFixed(2)}`;
  return {
    client,
    region: found,
    groups: names.map((name) => ({ name, formats: logFormat ?? formatsIn(inventory, name, found) })),
    now: Math.floor(Date.now() / 1000),
    ...(most === undefined ? {} : { maxScanBytes: most }),
    spent: (bytes, what) => {
      if (what === 'estimate')
        runtime.note('info', `CloudWatch Logs will read about ${cost(bytes)}: a guess from what the log groups hold`);
      else runtime.note('info', `CloudWatch Logs has read ${cost(bytes)}`);
    },
  };
}

/** The formats of the flow logs that write to the group, by the inventory. */
function formatsIn({ flowLogs = [] }: Pick<Inventory, 'flowLogs'>, name: string, region: string): string[] {
  return flowLogs.flatMap(({ destinationType, destination, format, region: where }) => {
    const own = destination?.match(/^arn:[^:]+:logs:[^:]*:\d*:log-group:([^:]+)(:\*)?$/)?.[1] ?? destination;
    const here = destinationType === 'cloud-watch-logs' && own === name && (where === null || where === region);
    return here && format !== null ? [format] : [];
  });
}

function bad(message: string, next: string): PareError {
  return new PareError({ code: 'bad-option', message, next, fault: 'configuration' });
}
