import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { Alarms, Alerts } from './alerts.ts';
import { App } from './app.ts';
import { Catalog } from './catalog.ts';
import { FargateSteps } from './fargate.ts';
import { VpcFlowLogs } from './flow-logs.ts';
import { Members } from './members.ts';
import { Pipeline } from './pipeline.ts';
import { PrivateBucket } from './private-bucket.ts';
import { QuickSight } from './quicksight.ts';
import { readSettings } from './settings.ts';
import { athenaTables } from './tables.ts';

const config = new pulumi.Config('pare');
const settings = readSettings((key) => {
  const text = config.get(key);
  if (text === undefined) return undefined;
  // Lists, objects, numbers and booleans are JSON; everything else is text as it stands.
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
});
const name = 'pare';
const tags = { project: 'pare', stack: pulumi.getStack() };
const place = {
  account: aws.getCallerIdentityOutput({}).accountId,
  region: aws.getRegionOutput({}).region,
  partition: aws.getPartitionOutput({}).partition,
};
/** Ledger files outlast the longest window by a month. */
const LEDGER_DAYS = 400;

const data = new PrivateBucket(`${name}-data`, {
  expire: [
    { id: 'inventories', prefix: 'inventory/snapshots/', days: 90 },
    { id: 'ledger-flow', prefix: 'ledger/flow/', days: LEDGER_DAYS },
    { id: 'ledger-tally', prefix: 'ledger/tally/', days: LEDGER_DAYS },
    { id: 'ledger-span', prefix: 'ledger/span/', days: LEDGER_DAYS },
    { id: 'runs', prefix: 'runs/', days: 30 },
    { id: 'tables', prefix: 'tables/', days: LEDGER_DAYS },
  ],
  versionDays: 30,
  // The ledger of what flow logs no longer hold cannot be made again: `pulumi destroy` asks for it to be emptied by hand.
  forceDestroy: false,
  tags,
});
const alerts = new Alerts(`${name}-alerts`, { notify: settings.notify, place, tags });
const deadLetters = new aws.sqs.Queue(`${name}-schedules-dead`, {
  name: `${name}-schedules-dead`,
  messageRetentionSeconds: 14 * 86_400,
  sqsManagedSseEnabled: true,
  tags,
});
const catalog = new Catalog(name, {
  scanLimitBytes: settings.scanLimitBytes,
  resultDays: settings.resultDays,
  flowLogs: settings.flowLogs,
  data: data.name,
  tags,
});
const code = new pulumi.asset.FileArchive(`${pulumi.runtime.getRootDirectory()}/${settings.code}`);
const fargate =
  settings.compute === 'lambda'
    ? null
    : new FargateSteps(`${name}-steps`, { settings, image: settings.image!, data, place, tags });
const pipeline = new Pipeline(name, {
  settings,
  data,
  topic: alerts.topic,
  key: alerts.key,
  deadLetters: deadLetters.arn,
  code,
  fargate,
  place,
  tags,
});
const app = settings.app
  ? new App(`${name}-app`, { settings, data, deadLetters: deadLetters.arn, code, place, tags })
  : null;
const functions = [...pipeline.functions, ...(app?.functions ?? [])];
new Alarms(`${name}-alarms`, {
  topic: alerts.topic,
  stateMachine: pipeline.stateMachine,
  deadLetters: [
    { what: 'schedules', queue: deadLetters.name },
    ...(app === null ? [] : [{ what: 'jobs', queue: app.deadJobs }]),
  ],
  queue: app?.queue ?? null,
  functions: functions.map((one) => ({ what: one.what, name: one.name })),
  place,
  tags,
});
if (settings.members.length > 0)
  new Members(`${name}-members`, {
    units: settings.members,
    roleName: settings.inventory.roleName!,
    externalId: settings.inventory.externalId!,
    caller: pipeline.functions[0]!.role.arn,
    region: place.region,
    tags,
  });
const created =
  settings.createFlowLogs.length > 0
    ? new VpcFlowLogs(`${name}-flow-logs`, { vpcs: settings.createFlowLogs, days: LEDGER_DAYS, place, tags })
    : null;
if (settings.quicksight !== undefined)
  new QuickSight(name, {
    principal: settings.quicksight,
    database: catalog.database,
    workgroup: catalog.workgroup,
    place,
    tags,
  });

/** What the Athena store is given. */
export const { database, workgroup, results } = catalog;
/** The file that `pare analyze --athena` takes: the flow logs themselves, read by Athena. */
export const athenaSettings = pulumi.jsonStringify({
  region: place.region,
  workgroup: catalog.workgroup,
  output: pulumi.interpolate`${catalog.results}pare`,
  maxScanBytes: settings.scanLimitBytes,
  tables: catalog.database.apply((known) => athenaTables(known, settings.flowLogs)),
});
/** Where inventory, ledger, findings and evidence lie. */
export const dataBucket = data.name;
export const { stateMachine } = pipeline;
/** What the GitHub App calls, and the secret that is to be filled in. */
export const webhookUrl = app?.url;
export const appSecret = app?.secret;
/** Caller of the roles in member accounts. */
export const inventoryRole = pipeline.functions[0]!.role.arn;
export const createdFlowLogs = created?.bucket;
