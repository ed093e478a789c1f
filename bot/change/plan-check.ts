import { shapeKey } from '@pare/analyzer/model/rule.ts';
import { z } from 'zod';
import { shapeOfReplacement } from '../mapping/live.ts';
import { isRecord } from '../source/state/raw.ts';
import { rulesOf } from '../source/state/rules.ts';
import type { ProposalsDocument } from './proposals.ts';

type ProposedBatch = ProposalsDocument['batches'][number];

/** The parts of `terraform show -json PLAN` that are judged. Source: the JSON output format 1.x of Terraform and OpenTofu. */
const planSchema = z.object({
  format_version: z.string(),
  errored: z.boolean().optional(),
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        previous_address: z.string().optional(),
        mode: z.enum(['managed', 'data']).default('managed'),
        type: z.string(),
        deposed: z.string().optional(),
        change: z.object({
          actions: z.array(z.string()),
          before: z.unknown().optional(),
          after: z.unknown().optional(),
          after_unknown: z.unknown().optional(),
          importing: z.unknown().optional(),
        }),
      }),
    )
    .default([]),
});
export type TerraformPlan = z.infer<typeof planSchema>;
type Change = TerraformPlan['resource_changes'][number];

export interface PlanVerdict {
  /** What the plan does as it was proposed; one line each, sorted. */
  kept: readonly string[];
  /** What it does besides, or leaves undone. Empty: the plan passes. */
  faults: readonly string[];
}

/** Reads a plan; the text says why where it is none. */
export function parsePlan(json: unknown): TerraformPlan | string {
  const parsed = planSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `not a plan as terraform show -json prints it: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
}

/**
 * Law 5 at the last gate: the plan's difference in security-group rules, over all its resources, must be exactly what the proposals of one
 * batch said, and nothing else in the plan may change. Rules are compared as canonical tuples of live ids, not by address, so that
 * a rule that moves to another resource without changing what is allowed is no fault.
 */
export function checkPlan(plan: TerraformPlan, batch: ProposedBatch, context: string | null): PlanVerdict {
  const faults: string[] = [];
  if (plan.errored === true) faults.push('the plan ended in an error');
  const balance = new Map<string, number>();
  const count = (key: string, by: number) => balance.set(key, (balance.get(key) ?? 0) + by);
  for (const one of plan.resource_changes) {
    if (isQuiet(one)) continue;
    const told = `${one.address}: ${one.change.actions.join(', ')}`;
    if (!RULE_TYPES.has(one.type) && !GROUP_TYPES.has(one.type)) {
      faults.push(`${told}, which no proposal says`);
      continue;
    }
    faults.push(...besides(one, told));
    for (const key of keysOf(one, one.change.before)) count(key, -1);
    for (const key of keysOf(one, one.change.after)) count(key, 1);
  }
  const wishes = new Map<string, number>();
  const wish = (key: string, by: number) => wishes.set(key, (wishes.get(key) ?? 0) + by);
  for (const proposal of batch.proposals) {
    if (context !== null && proposal.context !== context) continue;
    if (proposal.live === undefined) {
      faults.push(`${proposal.ruleId}: the proposals do not say which rule it is; run pare plan again`);
      continue;
    }
    const { direction, ...fields } = proposal.live;
    const shapes = [fields, ...proposal.replacements].map((one) => shapeOfReplacement(direction, one));
    shapes.forEach((shape, at) => {
      if (shape === null) faults.push(`${proposal.ruleId}: its tuple cannot be read; run pare plan again`);
      else wish(`${proposal.groupId}|${shapeKey(shape)}`, at === 0 ? -1 : 1);
    });
  }
  const kept: string[] = [];
  for (const key of new Set([...balance.keys(), ...wishes.keys()])) {
    const does = balance.get(key) ?? 0;
    const said = wishes.get(key) ?? 0;
    if (does === said) {
      if (does !== 0) kept.push(`${does < 0 ? 'removes' : 'adds'} ${toldKey(key)}`);
    } else if (said === 0) faults.push(`${does < 0 ? 'removes' : 'adds'} ${toldKey(key)}, which no proposal says`);
    else faults.push(`${said < 0 ? 'does not remove' : 'does not add'} ${toldKey(key)}`);
  }
  if (wishes.size === 0) faults.push('no proposal applies to this plan');
  return { kept: kept.sort(), faults: faults.sort() };
}

const RULE_TYPES: ReadonlySet<string> = new Set([
  'aws_security_group_rule',
  'aws_vpc_security_group_ingress_rule',
  'aws_vpc_security_group_egress_rule',
]);
const GROUP_TYPES: ReadonlySet<string> = new Set(['aws_security_group', 'aws_default_security_group']);

function isQuiet({ change, mode, previous_address }: Change): boolean {
  const quiet = change.actions.every((action) => action === 'no-op' || action === 'read');
  const moved = previous_address !== undefined;
  const imported = change.importing !== undefined && change.importing !== null;
  return (quiet && !moved && !imported) || (mode === 'data' && quiet);
}

/** Attributes that say who may reach whom, or that the provider computes. */
const RULE_ATTRIBUTES: ReadonlySet<string> = new Set([
  'ingress',
  'egress',
  'type',
  'protocol',
  'ip_protocol',
  'from_port',
  'to_port',
  'cidr_blocks',
  'ipv6_cidr_blocks',
  'prefix_list_ids',
  'source_security_group_id',
  'self',
  'cidr_ipv4',
  'cidr_ipv6',
  'prefix_list_id',
  'referenced_security_group_id',
]);
const COMPUTED: ReadonlySet<string> = new Set([
  'id',
  'arn',
  'security_group_rule_id',
  'owner_id',
  'tags_all',
  'timeouts',
]);

/** What the change does to a resource besides changing rules; a change of a group itself is always too much. */
function besides(one: Change, told: string): string[] {
  const { actions, before, after, after_unknown: unknown } = one.change;
  const faults: string[] = [];
  if (one.deposed !== undefined) faults.push(`${told} of a deposed object, which no proposal says`);
  if (one.previous_address !== undefined) faults.push(`${told}, moved from ${one.previous_address}`);
  if (actions.includes('forget')) faults.push(`${told}: the rule would stay in AWS without a source`);
  if (GROUP_TYPES.has(one.type) && (actions.includes('delete') || actions.includes('create')))
    faults.push(`${told} of the group itself`);
  if (isRecord(unknown))
    for (const [name, value] of Object.entries(unknown))
      if ((RULE_ATTRIBUTES.has(name) || name === 'security_group_id') && holdsTrue(value))
        faults.push(`${told}: ${name} is known after apply only`);
  if (isRecord(before) && isRecord(after))
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (RULE_ATTRIBUTES.has(name) || COMPUTED.has(name)) continue;
      // A rule that is narrowed may be told so in its description.
      if (name === 'description' && RULE_TYPES.has(one.type)) continue;
      if (canonical(before[name]) !== canonical(after[name])) faults.push(`${told} changes ${name} too`);
    }
  return faults;
}

function holdsTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsTrue);
  if (isRecord(value)) return Object.values(value).some(holdsTrue);
  return value === true;
}

/** Null, '' and an empty collection are one thing to the provider. */
function canonical(value: unknown): string {
  if (value === null || value === undefined || value === '') return '';
  const text = JSON.stringify(value);
  return text === '[]' || text === '{}' ? '' : text;
}

function keysOf({ address, type }: Change, attributes: unknown): string[] {
  if (!isRecord(attributes)) return [];
  const rules = rulesOf({ address, mode: 'managed', type, attributes });
  return rules.map((rule) => `${rule.groupId}|${shapeKey(rule.shape)}`);
}

function toldKey(key: string): string {
  const [group, direction, protocol, from, to, , peer] = key.split('|');
  const ports = from === '' ? '' : from === to ? ` ${from}` : ` ${from}-${to}`;
  return `${group} ${direction} ${protocol === '-1' ? 'all' : protocol}${ports} ${direction === 'ingress' ? 'from' : 'to'} ${peer}`;
}
