import { z } from 'zod';

const account = z.string().regex(/^\d{12}$/, { message: 'an account id of twelve digits' });
const region = z.string().regex(/^[a-z]{2,3}(-[a-z]+)+-\d+$/, { message: 'a region such as eu-west-1' });
const bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { message: 'the name of a bucket' });
const prefix = z.string().regex(/^([^/{}$]+\/)*$/, { message: 'empty, or folders that each end with /' });
const mail = z.string().regex(/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/, { message: 'an address such as team@example.com' });
const expression = z.string().regex(/^(cron|rate)\([^()]+\)$/, { message: 'cron(…) or rate(…)' });

/** The recommended format: all that attribution can use (docs/flow-logs.md), in the order of the files. */
export const RECOMMENDED_FIELDS = [
  'version',
  'account-id',
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
  'tcp-flags',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'flow-direction',
] as const;

const flowLogs = z.strictObject({
  /** Names the Glue table: `flow_logs_NAME`. */
  name: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/, { message: 'lower-case letters, digits and _' }),
  bucket,
  prefix: prefix.default(''),
  /** `date`: …/2026/10/01/; `hive`: …/year=2026/month=10/day=01/. */
  layout: z.enum(['date', 'hive']).default('date'),
  format: z.enum(['text', 'parquet']).default('text'),
  accounts: z.array(account).min(1),
  regions: z.array(region).min(1),
  fields: z
    .array(z.string().regex(/^[a-z0-9-]{1,40}$/))
    .min(1)
    .default([...RECOMMENDED_FIELDS]),
  /** The first day that the table shows; a query before it finds nothing, which the store never takes for no traffic. */
  from: z.iso.date().default('2024-01-01'),
});
export type FlowLogs = z.infer<typeof flowLogs>;

const inventory = z.strictObject({
  organization: z.boolean().optional(),
  // Each is one ARN in a policy, which takes 10,240 characters.
  accounts: z.array(account).max(100, { message: 'at most 100; use organization for more' }).optional(),
  roleName: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/, { message: 'the name of a role' })
    .optional(),
  externalId: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,256}$/, { message: '2 to 256 letters, digits and +=,.@:/-' })
    .optional(),
  regions: z.array(z.union([region, z.literal('all')])).optional(),
  configHistory: z
    .string()
    .regex(/^\d{1,4}[hdw]$/, { message: 'a duration such as 120d' })
    .optional(),
  ruleAges: z.boolean().optional(),
});

const schema = z
  .strictObject({
    flowLogs: z.array(flowLogs).min(1, { message: 'at least one place of flow logs' }),
    inventory: inventory.default({}),
    window: z
      .string()
      .regex(/^\d{1,4}[dw]$/, { message: 'a duration such as 90d' })
      .default('90d'),
    daily: expression.default('cron(30 2 * * ? *)'),
    weekly: expression.default('cron(0 5 ? * MON *)'),
    timezone: z.string().default('UTC'),
    repositories: z.array(z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, { message: 'owner/name' })).default([]),
    /** Who hears of failures and gets the digest; each address confirms its subscription. */
    notify: z.array(mail).default([]),
    /** Digest by SES from this verified address to those of `notify`, instead of by SNS. */
    digestFrom: mail.optional(),
    /** Further topics that get the digest: of a chat, for one. */
    digestTopics: z
      .array(
        z.string().regex(/^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, { message: 'the ARN of an SNS topic' }),
      )
      .default([]),
    /** ARN of the secret that holds the https:// address of a webhook, as Slack's, that gets the digest. */
    digestWebhook: z
      .string()
      .regex(/^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/, { message: 'the ARN of a secret' })
      .optional(),
    app: z.boolean().default(true),
    githubUrl: z
      .string()
      .regex(/^https:\/\/[^\s]+$/, { message: 'an https:// address' })
      .optional(),
    compute: z.enum(['lambda', 'fargate']).default('lambda'),
    image: z.string().min(1).optional(),
    subnets: z.array(z.string().regex(/^subnet-[0-9a-f]+$/)).default([]),
    securityGroups: z.array(z.string().regex(/^sg-[0-9a-f]+$/)).default([]),
    architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
    /** VPCs that get a flow log in the recommended format, into a bucket of this program. */
    createFlowLogs: z.array(z.string().regex(/^vpc-[0-9a-f]+$/)).default([]),
    /** Organizational units whose accounts get the role that the inventory assumes. */
    members: z.array(z.string().regex(/^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$/)).default([]),
    /** ARN of the QuickSight user or group that owns the data set; absent: no QuickSight. */
    quicksight: z
      .string()
      .regex(/^arn:aws[\w-]*:quicksight:/)
      .optional(),
    scanLimitBytes: z
      .int()
      .min(10_000_000, { message: 'at least 10000000, the least that Athena takes' })
      .default(1024 ** 4),
    resultDays: z.int().min(1).default(30),
    logDays: z.union([30, 60, 90, 120, 180, 365, 400].map((n) => z.literal(n))).default(90),
    /** The folder that `node infra/bundle.ts` has written. */
    code: z.string().default('infra/dist'),
  })
  .superRefine((value, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const names = value.flowLogs.map(({ name }) => name);
    if (new Set(names).size < names.length) wrong('flowLogs', 'two have the same name');
    const { inventory: reach } = value;
    const many = reach.organization === true || reach.accounts !== undefined;
    if (many && reach.roleName === undefined) wrong('inventory', 'organization and accounts need roleName');
    if (!many && reach.roleName !== undefined) wrong('inventory', 'roleName needs organization or accounts');
    if (reach.roleName !== undefined && reach.externalId === undefined)
      wrong('inventory', 'roleName needs externalId: without one, others who use Pare could be let in by mistake');
    if (value.compute === 'fargate' && (value.image === undefined || value.subnets.length === 0))
      wrong('compute', 'fargate needs image and subnets');
    if (value.members.length > 0 && reach.roleName === undefined) wrong('members', 'needs inventory.roleName');
    const days = Number(value.window.slice(0, -1)) * (value.window.endsWith('w') ? 7 : 1);
    if (days < 1 || days > 365) wrong('window', 'from 1 to 365 days: the ledger is kept for 400');
    if (value.digestFrom !== undefined && value.notify.length === 0) wrong('digestFrom', 'needs notify');
  });
export type Settings = z.infer<typeof schema>;

/** The keys of Pulumi.yaml; a test holds both against each other. */
export const SETTING_KEYS: readonly string[] = Object.keys(schema.shape).sort();

/** Every mistake at once, each with its key as `pulumi config set` names it. */
export function readSettings(get: (key: string) => unknown): Settings {
  const given = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, get(key)]).filter(([, value]) => value !== undefined),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  pare:${path.join('.')}: ${message}`);
  throw new Error(
    `the configuration of the stack is not right:\n${lines.sort().join('\n')}\nSee Pulumi.yaml for each key.`,
  );
}
