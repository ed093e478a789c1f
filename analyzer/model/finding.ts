import { z } from 'zod';
import { explorerSchema } from './explorer.ts';

/**
 * The findings document: the one artefact between the analyzer and everything after it. The JSON Schema in
 * docs/schema/findings.schema.json is generated from this file; names and meanings are stable within a schemaVersion.
 */
export const SCHEMA_VERSION = 1;

const timestamp = z.iso.datetime().describe('UTC, ISO 8601');
const count = z.int().nonnegative();

export const replacementSchema = z
  .object({
    protocol: z.union([z.enum(['tcp', 'udp', 'icmp', 'icmpv6', '-1']), z.string().regex(/^\d{1,3}$/)]),
    fromPort: z.int().optional().describe('First port, or ICMP type; absent where the protocol has neither'),
    toPort: z.int().optional().describe('Last port, or ICMP code'),
    cidrIpv4: z.string().optional(),
    cidrIpv6: z.string().optional(),
    prefixListId: z.string().optional(),
    referencedGroupId: z.string().optional(),
  })
  .describe('One rule to write instead; exactly one of the four peers');
export type Replacement = z.infer<typeof replacementSchema>;

export const usageSchema = z.object({
  flows: count.describe('Accepted flow-log records of connections that this rule could have let in'),
  bytes: count,
  packets: count,
  firstSeen: timestamp.nullable(),
  lastSeen: timestamp.nullable(),
  onlyPermitterFlows: count.describe('Of these, the records that no other rule of the interface could have let in'),
  uncertainFlows: count.describe('Of these, the records whose opener or peer is unclear; they count as use'),
  daysSeen: count.describe('Days (UTC) of the window with at least one such record'),
  topPeers: z.array(z.object({ address: z.string(), flows: count, bytes: count })),
  topPorts: z.array(z.object({ protocol: z.string(), port: z.int().nullable(), flows: count, bytes: count })),
  evidence: z.record(z.string(), count).describe('Records by what decided who opened the connection'),
  perDay: z.array(z.object({ day: z.iso.date(), flows: count })).describe('Days without records are left out'),
});

export const coverageSchema = z.object({
  observedInterfaceHours: z.number().nonnegative(),
  expectedInterfaceHours: z.number().nonnegative(),
  skippedRecords: count.describe('SKIPDATA lines on the interfaces that wore the group'),
  interfaces: z.array(z.string()).describe('Interfaces that wore the group within the window'),
  leastCovered: z
    .object({
      interfaceId: z.string(),
      observedHours: z.number().nonnegative(),
      expectedHours: z.number().nonnegative(),
      share: z.number().min(0).max(1),
    })
    .nullable()
    .optional()
    .describe('Of these, the one that the logs speak least of; one aggregation interval of its life is forgiven'),
});

const scoreSchema = z.int().min(0).max(100);
export const permissivenessSchema = z
  .object({ before: scoreSchema, after: scoreSchema })
  .describe('1 (one port from one address) to 100 (everything from everywhere), 0 for nothing; docs/permissiveness.md');

/** One way to narrow a rule. */
export const frontierPointSchema = z.object({
  rules: z.int().positive(),
  space: z.number().min(0).max(1).describe("Share of the rule's ports × addresses that stays open"),
  replacements: z.array(replacementSchema),
});

export const findingSchema = z.object({
  findingId: z.string().describe('Stable: account, region, group, direction, protocol, ports, peer'),
  ruleId: z.string(),
  groupId: z.string(),
  groupName: z.string(),
  accountId: z.string(),
  region: z.string(),
  direction: z.enum(['ingress', 'egress']),
  protocol: z.string(),
  fromPort: z.int().nullable(),
  toPort: z.int().nullable(),
  peer: z.object({
    cidrIpv4: z.string().optional(),
    cidrIpv6: z.string().optional(),
    prefixListId: z.string().optional(),
    referencedGroupId: z.string().optional(),
  }),
  description: z.string().nullable(),
  action: z.enum(['keep', 'remove', 'narrow', 'review']),
  reason: z.string().describe('Stable identifier in kebab case; docs/reasons.md explains each'),
  detail: z.string().describe('The reason as a sentence with its figures'),
  confidence: z.number().min(0).max(1),
  usage: usageSchema,
  coverage: coverageSchema,
  replacements: z.array(replacementSchema),
  frontier: z
    .array(frontierPointSchema)
    .optional()
    .describe('Of a narrowing: the least space for each number of rules, so that another point can be picked'),
  permissiveness: permissivenessSchema.optional(),
  age: z
    .object({ createdAt: timestamp.nullable(), changedAt: timestamp.nullable(), by: z.string().nullable() })
    .optional()
    .describe('When the rule was made and last changed, where CloudTrail still knows; absent: it may be of any age'),
});
export type Finding = z.infer<typeof findingSchema>;
export type Usage = z.infer<typeof usageSchema>;

export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  next: z.string(),
  fault: z.enum(['input', 'configuration', 'environment', 'bug']),
  file: z.string().optional(),
  at: z.union([z.int(), z.string()]).optional(),
});

export const flowLogSummarySchema = z.object({
  files: count,
  bytes: count.describe('As stored, compressed'),
  records: count,
  accepted: count,
  rejected: count,
  noData: count,
  skipData: count,
  outsideWindow: count,
  skipped: z
    .array(z.object({ reason: z.string(), count: count, example: z.string().nullable() }))
    .describe('Files and records that were not used, by reason'),
  formats: z.array(z.object({ fields: z.array(z.string()), files: count, records: count })),
  from: timestamp.nullable(),
  to: timestamp.nullable(),
});
export type FlowLogSummary = z.infer<typeof flowLogSummarySchema>;

/** For reports: what a group is called and who owns it. */
export const groupSummarySchema = z.object({
  groupId: z.string(),
  groupName: z.string(),
  accountId: z.string(),
  region: z.string(),
  vpcId: z.string().nullable(),
  team: z.string().nullable().describe('The first of the tags team, squad, owner, service-owner, whatever their case'),
});
export type GroupSummary = z.infer<typeof groupSummarySchema>;

/** For reports: what an interface is. */
export const interfaceSummarySchema = z.object({
  interfaceId: z.string(),
  type: z.string().nullable(),
  description: z.string().nullable(),
  address: z.string().nullable(),
  groups: z.array(z.string()).describe('All that it wore, sorted'),
});
export type InterfaceSummary = z.infer<typeof interfaceSummarySchema>;

export const findingsDocumentSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  window: z.object({ from: timestamp, to: timestamp }),
  rules: z.array(findingSchema),
  replay: z.object({
    connections: count.describe(
      'Accepted connection classes (interface groups, direction, protocol, port, peer) judged against the whole plan',
    ),
    flows: count.describe('Flow-log records behind them'),
    blocked: count.describe(
      'Connection classes that the plan would leave without a rule; a plan with any is never proposed',
    ),
  }),
  plan: z
    .object({
      rulesBefore: count,
      rulesAfter: count,
      spaceBefore: z
        .number()
        .nonnegative()
        .describe('Ports × addresses of all rules, as docs/permissiveness.md counts'),
      removedSpace: z.number().nonnegative(),
      bound: z.number().nonnegative().describe('No choice among the same rules removes more; proved'),
      gap: z.number().min(0).max(1).describe('(bound - removedSpace) / bound; 0: the optimum is proved'),
    })
    .optional()
    .describe('What the joint plan closes'),
  permissiveness: z
    .object({
      groups: z.array(permissivenessSchema.extend({ groupId: z.string(), direction: z.enum(['ingress', 'egress']) })),
      accounts: z.array(
        permissivenessSchema.extend({ accountId: z.string(), direction: z.enum(['ingress', 'egress']) }),
      ),
    })
    .optional(),
  flowLogs: flowLogSummarySchema,
  unexplained: z
    .array(
      z.object({
        interfaceId: z.string(),
        groups: z.array(z.string()),
        direction: z.enum(['ingress', 'egress']),
        flows: count,
        reason: z.string(),
        example: z.string(),
      }),
    )
    .describe('Accepted connections that no known rule lets in; they freeze the groups named'),
  warnings: z.array(problemSchema),
  groups: z.array(groupSummarySchema).optional(),
  interfaces: z.array(interfaceSummarySchema).optional(),
  explorer: explorerSchema.optional().describe('What the records were, bounded; for the flow explorer of the report'),
});
export type FindingsDocument = z.infer<typeof findingsDocumentSchema>;
