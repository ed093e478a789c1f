import { z } from 'zod';
import { isCron, isTimeZone } from './cron.ts';

/**
 * .github/pare.yml on the default branch. Declared once: validation, the JSON Schema in docs/schema/pare.schema.json and its descriptions
 * come from here. A repository never names roles, buckets or accounts to read from: that is the operator's.
 */
export const CONFIG_PATH = '.github/pare.yml';

const date = z.iso.date().describe('YYYY-MM-DD, in the time zone of the schedule');

const selector = {
  finding: z
    .string()
    .regex(/^f-[0-9a-f]{12}$/, 'is no finding id (f- and 12 hex digits)')
    .optional()
    .describe('Finding id, f-…'),
  rule: z.string().min(1).optional().describe('Rule id, sgr-…'),
  group: z.string().min(1).optional().describe('Group id or name; * stands for any characters'),
  account: z
    .string()
    .regex(/^\d{12}$/, 'is no account id (12 digits, in quotes)')
    .optional()
    .describe('Account id, in quotes'),
  region: z.string().min(1).optional(),
  path: z.string().min(1).optional().describe('File that declares the rule; * within a folder, ** across folders'),
};

const entry = z
  .strictObject({
    ...selector,
    reason: z.string().min(1).describe('Why; shown on the dashboard'),
    author: z.string().min(1).describe('Who decided'),
    until: date.optional().describe('Last day on which it holds; without it, for good'),
  })
  .refine((one) => Object.keys(selector).some((key) => one[key as keyof typeof selector] !== undefined), {
    message: `names nothing: give one of ${Object.keys(selector).join(', ')}`,
  })
  .describe('All fields named must agree');
export type Entry = z.infer<typeof entry>;

const quietPeriod = z
  .strictObject({ from: date, to: date, reason: z.string().min(1) })
  .refine((one) => one.from <= one.to, { message: 'ends before it begins' });

export const configSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('false: nothing is opened or changed'),
    schedule: z
      .strictObject({
        cron: z
          .string()
          .refine(isCron, 'is no cron pattern of five fields that is due at most once an hour')
          .default('0 7 * * 1')
          .describe('minute hour day month weekday; Monday morning by default'),
        timezone: z
          .string()
          .refine(isTimeZone, 'is no IANA time zone')
          .default('UTC')
          .describe('IANA name, e.g. Europe/Berlin'),
      })
      .prefault({}),
    grouping: z
      .enum(['directory', 'stack', 'group', 'account', 'team'])
      .default('directory')
      .describe(
        'What one pull request holds: a Terraform root or template, a stack or workspace, a security group, an account, or what one team of CODEOWNERS owns',
      ),
    limits: z
      .strictObject({
        open: z.int().min(1).max(100).default(5).describe('Open pull requests of Pare at any time'),
        new: z.int().min(1).max(50).default(3).describe('New pull requests in one run'),
        rules: z.int().min(1).max(500).default(50).describe('Rules in one pull request; more are split by group'),
      })
      .prefault({}),
    brake: z
      .strictObject({
        percent: z
          .number()
          .gt(0)
          .max(100)
          .default(40)
          .describe('A run that would change more than this share of all rules is stopped'),
        atLeast: z.int().nonnegative().default(20).describe('… unless it changes fewer rules than this'),
      })
      .prefault({}),
    confidence: z
      .strictObject({
        least: z.number().min(0.5).max(1).default(0.5).describe('Below this nothing is proposed'),
        ready: z.number().min(0.5).max(1).default(0.9).describe('Below this the pull request is a draft of its own'),
      })
      .prefault({}),
    quiet: z
      .strictObject({
        periods: z.array(quietPeriod).default([]),
        weekdays: z
          .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
          .default([])
          .describe('Days on which nothing is opened or changed'),
      })
      .prefault({}),
    keeps: z.array(entry).default([]).describe('Rules that must stay'),
    ignores: z.array(entry).default([]).describe('Findings that are not to be proposed'),
    labels: z.array(z.string().min(1).max(50)).max(10).default([]).describe('Besides `pare`'),
    reviewers: z
      .strictObject({
        codeowners: z.boolean().default(true).describe('Ask the owners of the changed files'),
        blame: z.boolean().default(true).describe('Then those who wrote the lines that go'),
        also: z
          .array(z.string().regex(/^(team:)?[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/, 'is no login or team:slug'))
          .max(15)
          .default([])
          .describe('Logins, or team:slug'),
        atMost: z.int().min(0).max(15).default(5),
      })
      .prefault({}),
    redact: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe('Leave out ids, addresses and figures of the network; auto: in public repositories'),
    dashboard: z
      .strictObject({
        title: z.string().min(1).max(200).default('Pare: security group rules'),
      })
      .prefault({}),
  })
  .describe('Configuration of Pare for one repository: .github/pare.yml on the default branch');
export type PareConfig = z.infer<typeof configSchema>;

export function defaultConfig(): PareConfig {
  return configSchema.parse({});
}

/** Published as docs/schema/pare.schema.json. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, $id: 'urn:pare:schema:config:1', title: 'Pare configuration (.github/pare.yml)', ...rest };
}
