import { type Finding, replacementSchema } from '@pare/analyzer/model/finding.ts';
import { formatProtocol } from '@pare/analyzer/model/protocol.ts';
import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import { z } from 'zod';
import { ruleOfFinding } from '../mapping/live.ts';
import type { Batch, ChangePlan, Refusal } from './contract.ts';
import { fileNameOf } from './names.ts';

/** proposals.json: what `pare plan` proposes and what it refused. Names and meanings are stable within a schemaVersion. */
export const PROPOSALS_VERSION = 1;

const place = z.object({ file: z.string(), line: z.int().positive() });
const reason = z.object({ code: z.string(), message: z.string(), place });
const candidate = z.object({
  declaredRuleId: z.string(),
  method: z.enum(['rule-id', 'state-tuple', 'stack-resource', 'evaluation', 'hint']),
  confidence: z.number().min(0).max(1),
  reason: z.string(),
});

const proposal = z.object({
  findingId: z.string(),
  ruleId: z.string(),
  groupId: z.string(),
  action: z.enum(['remove', 'narrow']),
  live: replacementSchema
    .extend({ direction: z.enum(['ingress', 'egress']) })
    .optional()
    .describe('The rule as AWS has it, for pare verify-plan'),
  address: z.string().describe('Resource address with module path and instance, or logical id'),
  context: z.string().describe('Workspace, variable-file set or stack'),
  place,
  form: z.string(),
  mapping: candidate,
  replacements: z.array(replacementSchema),
  edits: z.array(z.object({ file: z.string(), removed: z.string(), inserted: z.string() })),
  togetherWith: z.array(z.string()).describe('Findings that the same edit makes true'),
  warnings: z.array(reason),
});

const refused = z.object({
  findingId: z.string(),
  ruleId: z.string(),
  groupId: z.string(),
  action: z.enum(['keep', 'remove', 'narrow', 'review']),
  reasons: z.array(reason).min(1),
  candidates: z.array(candidate),
});

export const proposalsSchema = z.object({
  schemaVersion: z.literal(PROPOSALS_VERSION),
  window: z.object({ from: z.string(), to: z.string() }),
  batches: z.array(
    z.object({
      key: z.string(),
      language: z.enum(['terraform', 'cloudformation']),
      root: z.string(),
      branch: z.string().regex(/^pare\/[a-z0-9-]+$/),
      title: z.string(),
      patch: z.string().describe('Path within the output folder'),
      body: z.string().describe('Path within the output folder'),
      pullRequest: z
        .string()
        .regex(/^https:\/\//)
        .optional()
        .describe('Its address, once it is open'),
      files: z.array(z.string()),
      proposals: z.array(proposal),
      verification: z.object({
        rulesBefore: z.int(),
        rulesAfter: z.int(),
        removed: z.int(),
        added: z.int(),
        contexts: z.array(z.string()),
        filesChecked: z.array(z.string()),
      }),
    }),
  ),
  refused: z.array(refused),
});
export type ProposalsDocument = z.infer<typeof proposalsSchema>;

export function proposalsDocument(plan: ChangePlan, window: { from: string; to: string }): ProposalsDocument {
  return proposalsSchema.parse({
    schemaVersion: PROPOSALS_VERSION,
    window,
    batches: plan.batches.map(batchDocument),
    refused: plan.refused.map(refusedDocument),
  });
}

function batchDocument(batch: Batch): unknown {
  return {
    key: batch.key,
    language: batch.language,
    root: batch.root,
    branch: batch.branch,
    title: batch.title,
    patch: `patches/${fileNameOf(batch.branch)}.patch`,
    body: `bodies/${fileNameOf(batch.branch)}.md`,
    files: batch.changes.map((change) => change.path),
    proposals: batch.proposals.map((one) => ({
      findingId: one.finding.findingId,
      ruleId: one.finding.ruleId,
      groupId: one.finding.groupId,
      action: one.finding.action,
      ...liveOf(one.finding),
      address: one.address,
      context: one.context,
      place: one.declaration.place,
      form: one.declaration.form,
      mapping: one.candidate,
      replacements: one.replacements.map(replacementOf),
      edits: one.edits,
      togetherWith: one.togetherWith,
      warnings: one.warnings,
    })),
    verification: batch.proof,
  };
}

function refusedDocument({ finding, reasons, candidates }: Refusal): unknown {
  const { findingId, ruleId, groupId, action } = finding;
  return { findingId, ruleId, groupId, action, reasons, candidates };
}

function liveOf(finding: Finding): { live?: unknown } {
  const rule = ruleOfFinding(finding);
  return rule === null ? {} : { live: { direction: rule.direction, ...replacementOf(rule) } };
}

/** A shape in the names of the findings document. */
export function replacementOf(shape: RuleShape): z.infer<typeof replacementSchema> {
  const ports =
    shape.fromPort === null || shape.toPort === null ? {} : { fromPort: shape.fromPort, toPort: shape.toPort };
  const { peer } = shape;
  const who =
    peer.kind === 'cidrIpv4'
      ? { cidrIpv4: peer.cidr }
      : peer.kind === 'cidrIpv6'
        ? { cidrIpv6: peer.cidr }
        : peer.kind === 'prefixList'
          ? { prefixListId: peer.prefixListId }
          : { referencedGroupId: peer.groupId };
  return { protocol: formatProtocol(shape.protocol), ...ports, ...who };
}
