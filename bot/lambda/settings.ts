import { PareError } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';

/** What the Pulumi program tells the functions, one environment variable each; documented in docs/deploy.md. */
export interface StepSettings {
  /** Bucket of inventory, ledger, findings and evidence. */
  bucket: string;
  /** Where a day's flow-log files lie: s3:// prefixes with {yyyy}, {MM} and {dd}. */
  flowLogs: readonly string[];
  /** Whom to read; as the options of `pare inventory`. */
  inventory: InventorySettings;
  /** How far back the weekly analysis judges: 90d, 12w. */
  window: string;
  /** Days before today whose folders are looked through for files that came late. */
  lateDays: number;
  /** `owner/name` of the repositories that get the findings. */
  repositories: readonly string[];
  /** Most bytes of flow logs of one day that are brought onto the machine. */
  mostBytes: number;
}

const inventory = z.strictObject({
  organization: z.boolean().optional(),
  accounts: z.array(z.string().regex(/^\d{12}$/)).optional(),
  roleName: z.string().optional(),
  externalId: z.string().optional(),
  regions: z.array(z.string()).optional(),
  configHistory: z.string().optional(),
  ruleAges: z.boolean().optional(),
});
export type InventorySettings = z.infer<typeof inventory>;

const location = z.string().regex(/^s3:\/\/[^/{}]+\/.*\{yyyy\}.*\{MM\}.*\{dd\}.*\/$/, {
  message: 'an s3:// prefix with {yyyy}, {MM} and {dd} that ends with /',
});
const repository = z.string().regex(/^[A-Za-z0-9._-]{1,100}\/[A-Za-z0-9._-]{1,100}$/, { message: 'owner/name' });

export type Environment = Readonly<Record<string, string | undefined>>;

export function stepSettings(env: Environment): StepSettings {
  return {
    bucket: needed(env, 'PARE_BUCKET'),
    flowLogs: json(env, 'PARE_FLOW_LOGS', z.array(location).min(1)),
    inventory: json(env, 'PARE_INVENTORY', inventory, '{}'),
    window: env.PARE_WINDOW ?? '90d',
    lateDays: json(env, 'PARE_LATE_DAYS', z.int().min(0).max(400), '3'),
    repositories: json(env, 'PARE_REPOSITORIES', z.array(repository), '[]'),
    mostBytes: json(env, 'PARE_MOST_BYTES', z.int().positive(), String(4 * 1024 ** 3)),
  };
}

export interface AppSettings {
  bucket: string;
  table: string;
  queue: string;
  deadLetters: string;
  /** Id or ARN of the secret that holds APP_ID, PRIVATE_KEY and WEBHOOK_SECRET as one JSON object. */
  secret: string;
  /** Of GitHub Enterprise Server; null: github.com. */
  githubUrl: string | null;
}

export function appSettings(env: Environment): AppSettings {
  return {
    bucket: needed(env, 'PARE_BUCKET'),
    table: needed(env, 'PARE_TABLE'),
    queue: needed(env, 'PARE_QUEUE'),
    deadLetters: needed(env, 'PARE_DEAD_LETTERS'),
    secret: needed(env, 'PARE_SECRET'),
    githubUrl: (env.PARE_GITHUB_URL ?? '') === '' ? null : env.PARE_GITHUB_URL!.replace(/\/+$/, ''),
  };
}

function needed(env: Environment, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw wrong(name, 'is not set');
}

function json<T>(env: Environment, name: string, schema: z.ZodType<T>, otherwise?: string): T {
  const text = env[name] ?? otherwise;
  if (text === undefined) throw wrong(name, 'is not set');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(name, 'is no JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(name, `${issue!.path.join('.')}: ${issue!.message}`.replace(/^: /, ''));
}

function wrong(name: string, what: string): PareError {
  return new PareError({
    code: 'setting-invalid',
    message: `the environment variable ${name} ${what}`,
    next: 'deploy again with the Pulumi program, or set it as docs/deploy.md says',
    fault: 'configuration',
  });
}
