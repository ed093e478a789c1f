import type { Problem } from '@pare/analyzer/model/problem.ts';
import { shapeKey } from '@pare/analyzer/model/rule.ts';
import type { StateRule, TerraformState } from '../contract.ts';
import { type RawResource, rawResources } from './raw.ts';
import { rulesOf, textOf } from './rules.ts';
import { valuesOf } from './values.ts';

const GROUP_TYPES = new Set(['aws_security_group', 'aws_default_security_group']);

/**
 * A state: format 4 as `terraform state pull` writes it, or `terraform show -json` of a state or of a plan (its prior state). `origin` is the
 * path or URL as the user gave it; the root is not in the file, so it is null. Lists are sorted by address.
 */
export function parseTerraformState(text: string, origin: string): TerraformState | Problem {
  const resources = rawResources(text, origin);
  if (!Array.isArray(resources)) return resources;
  const values = resources.flatMap(valuesOf).sort(([a], [b]) => compare(a, b));
  return {
    origin,
    root: null,
    workspace: workspaceOf(origin),
    groups: resources.flatMap(groupOf).sort((a, b) => compare(a.address, b.address)),
    rules: resources.flatMap(rulesOf).sort(byAddressAndShape),
    values: Object.fromEntries(values),
  };
}

export function isProblem(value: TerraformState | Problem): value is Problem {
  return 'fault' in value;
}

function groupOf({ address, type, attributes }: RawResource): TerraformState['groups'] {
  const groupId = textOf(attributes.id);
  if (!GROUP_TYPES.has(type) || groupId === null || !groupId.startsWith('sg-')) return [];
  const arn = /^arn:[^:]+:ec2:([^:]*):(\d{12}):security-group\//.exec(textOf(attributes.arn) ?? '');
  const accountId = arn?.[2] ?? textOf(attributes.owner_id);
  const region = arn?.[1] ?? textOf(attributes.region);
  return [{ address, groupId, accountId, region }];
}

/** Local workspaces live in terraform.tfstate.d/NAME/, those of the S3 backend under env:/NAME/. */
function workspaceOf(origin: string): string {
  return /(?:terraform\.tfstate\.d|env:)\/([^/]+)\//.exec(origin.replaceAll('\\', '/'))?.[1] ?? 'default';
}

function byAddressAndShape(a: StateRule, b: StateRule): number {
  return compare(a.address, b.address) || compare(shapeKey(a.shape), shapeKey(b.shape));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
