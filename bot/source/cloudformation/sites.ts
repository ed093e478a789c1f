import type { Direction } from '@pare/analyzer/model/rule.ts';
import {
  type CallNode,
  childOf,
  entryOf,
  type ListNode,
  type MapEntry,
  type MapNode,
  type SyntaxNode,
  textOf,
} from './syntax.ts';
import { EGRESS_TYPE, GROUP_TYPE, INGRESS_TYPE, type Resource, type Template } from './template.ts';

/** One step from a property's value down to an item: into a list, or into a branch of Fn::If. */
export type Step =
  | { kind: 'item'; list: ListNode; index: number }
  | { kind: 'branch'; call: CallNode; which: 'then' | 'else' };

/** A place of a template that makes rules, as syntax: what the evaluator reads and the editor cuts. */
export interface Site {
  /** `<file>:<LogicalId>` or `<file>:<LogicalId>/SecurityGroupIngress[2]`, counting items in the order they are written. */
  id: string;
  address: string;
  form: 'cfn-inline' | 'cfn-standalone';
  direction: Direction;
  resource: Resource;
  /** The rule's properties; null where the item is computed, or where AWS makes the rule by default. */
  body: MapNode | null;
  /** What is not written out as a map. */
  computed: SyntaxNode | null;
  /** Inline: the property that holds the item; null for AWS's default egress rule. */
  property: MapEntry | null;
  steps: readonly Step[];
  /** AWS's own allow-all egress rule, for want of SecurityGroupEgress. */
  implicit: boolean;
}

/** All sites of a template, in the order they are written. */
export function sitesOf(template: Template): Site[] {
  const sites: Site[] = [];
  for (const resource of template.resources.values()) {
    if (resource.type === GROUP_TYPE) {
      sites.push(...inlineSites(template, resource, 'ingress'), ...inlineSites(template, resource, 'egress'));
    } else if (resource.type === INGRESS_TYPE || resource.type === EGRESS_TYPE) {
      const body = resource.properties?.kind === 'map' ? resource.properties : null;
      sites.push({
        id: `${template.file.path}:${resource.logicalId}`,
        address: resource.logicalId,
        form: 'cfn-standalone',
        direction: resource.type === INGRESS_TYPE ? 'ingress' : 'egress',
        resource,
        body,
        computed: body === null ? (resource.properties ?? resource.entry.value) : null,
        property: null,
        steps: [],
        implicit: false,
      });
    }
  }
  return sites;
}

function inlineSites(template: Template, resource: Resource, direction: Direction): Site[] {
  const key = direction === 'ingress' ? 'SecurityGroupIngress' : 'SecurityGroupEgress';
  const property = entryOf(resource.properties, key) ?? null;
  const common = { form: 'cfn-inline', direction, resource, property } as const;
  const name = (index: number | string) => ({
    id: `${template.file.path}:${resource.logicalId}/${key}[${index}]`,
    address: `${resource.logicalId}.${key}[${index}]`,
  });
  const sites: Site[] = [];
  for (const { node, steps } of property === null ? [] : itemsOf(property.value, [])) {
    const body = node.kind === 'map' ? node : null;
    const computed = body === null ? node : null;
    sites.push({ ...common, ...name(sites.length), body, computed, steps, implicit: false });
  }
  if (direction === 'egress' && (property === null || mayVanish(property.value)))
    sites.push({ ...common, ...name('default'), body: null, computed: null, steps: [], implicit: true });
  return sites;
}

function itemsOf(node: SyntaxNode, steps: readonly Step[]): { node: SyntaxNode; steps: readonly Step[] }[] {
  if (isNoValue(node)) return [];
  if (node.kind === 'list')
    return node.items.flatMap((item, index) => itemsOf(item, [...steps, { kind: 'item', list: node, index }]));
  if (node.kind === 'call' && node.name === 'Fn::If' && node.argument.kind === 'list') {
    const [, then, otherwise] = node.argument.items;
    return [
      ...(then === undefined ? [] : itemsOf(then, [...steps, { kind: 'branch', call: node, which: 'then' }])),
      ...(otherwise === undefined ? [] : itemsOf(otherwise, [...steps, { kind: 'branch', call: node, which: 'else' }])),
    ];
  }
  return [{ node, steps }];
}

/** True when some choice of conditions leaves nothing of the value. */
function mayVanish(node: SyntaxNode): boolean {
  if (isNoValue(node)) return true;
  if (node.kind === 'list') return node.items.every(mayVanish);
  if (node.kind === 'call' && node.name === 'Fn::If' && node.argument.kind === 'list')
    return node.argument.items.slice(1).some(mayVanish);
  return false;
}

export function isNoValue(node: SyntaxNode): boolean {
  return node.kind === 'call' && node.name === 'Ref' && textOf(node.argument) === 'AWS::NoValue';
}

/** The condition's name that decides a branch, if it is a plain name. */
export function conditionOf(call: CallNode): string | undefined {
  return call.argument.kind === 'list' ? textOf(call.argument.items[0]) : undefined;
}

/** The node that names the group of a standalone rule. */
export function groupNodeOf(site: Site): SyntaxNode | undefined {
  return childOf(site.body ?? undefined, 'GroupId') ?? childOf(site.body ?? undefined, 'GroupName');
}
