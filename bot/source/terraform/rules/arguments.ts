import type { Direction } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, SourceRange } from '../../contract.ts';
import { toText } from '../eval/convert.ts';
import { evaluate } from '../eval/expression.ts';
import type { Scope } from '../eval/scope.ts';
import { nil, unknown, type Value, via } from '../eval/value.ts';
import { attributeOf, type Body } from '../syntax/ast.ts';
import type { RuleArguments } from './tuple.ts';

type Source = readonly [string, DeclaredRule['peerKind']];

const LEGACY: readonly Source[] = [
  ['cidr_blocks', 'cidrIpv4'],
  ['ipv6_cidr_blocks', 'cidrIpv6'],
  ['prefix_list_ids', 'prefixList'],
  ['source_security_group_id', 'group'],
  ['self', 'self'],
];
const INLINE: readonly Source[] = [
  ['cidr_blocks', 'cidrIpv4'],
  ['ipv6_cidr_blocks', 'cidrIpv6'],
  ['prefix_list_ids', 'prefixList'],
  ['security_groups', 'group'],
  ['self', 'self'],
];
const VPC: readonly Source[] = [
  ['cidr_ipv4', 'cidrIpv4'],
  ['cidr_ipv6', 'cidrIpv6'],
  ['prefix_list_id', 'prefixList'],
  ['referenced_security_group_id', 'group'],
];

/** Names of the arguments that name sources, by resource type or inline. */
export const SOURCE_ARGUMENTS: ReadonlySet<string> = new Set([...LEGACY, ...INLINE, ...VPC].map(([name]) => name));

type Get = (name: string) => { value: Value; place: SourceRange | null };

function fromBody(body: Body, scope: Scope): Get {
  return (name) => {
    const attribute = attributeOf(body, name);
    if (attribute === undefined) return { value: nil(), place: null };
    const place = { file: attribute.value.file, start: attribute.value.start, end: attribute.value.end };
    return { value: via(evaluate(attribute.value, scope), attribute.value), place };
  };
}

function sourcesOf(get: Get, sources: readonly Source[]): RuleArguments['sources'] {
  return sources.map(([name, kind]) => ({ name, kind, ...get(name) }));
}

/** aws_security_group_rule. The direction is the argument `type`; null where it is unknown. */
export function legacyRule(body: Body, scope: Scope): RuleArguments | null {
  const get = fromBody(body, scope);
  const direction = toText(get('type').value);
  if (direction !== 'ingress' && direction !== 'egress') return null;
  return common(get, direction, get('security_group_id').value, 'protocol', LEGACY);
}

/** aws_vpc_security_group_ingress_rule and …_egress_rule. */
export function vpcRule(body: Body, scope: Scope, direction: Direction): RuleArguments {
  const get = fromBody(body, scope);
  return common(get, direction, get('security_group_id').value, 'ip_protocol', VPC);
}

/** An ingress or egress block within a group. */
export function inlineBlock(body: Body, scope: Scope, direction: Direction, group: Value): RuleArguments {
  return common(fromBody(body, scope), direction, group, 'protocol', INLINE);
}

/** One object of `ingress = [{…}]`. */
export function inlineObject(object: Value, direction: Direction, group: Value): RuleArguments {
  const get: Get = (name) => {
    if (object.t === 'map') return { value: object.entries.get(name)?.value ?? nil(), place: null };
    return {
      value: unknown(`${object.t === 'unknown' ? object.text : 'unknown:rule'}.${name}`, object.from),
      place: null,
    };
  };
  return common(get, direction, group, 'protocol', INLINE);
}

function common(
  get: Get,
  direction: Direction,
  group: Value,
  protocol: string,
  sources: readonly Source[],
): RuleArguments {
  const description = get('description');
  return {
    direction,
    group,
    protocol: get(protocol).value,
    fromPort: get('from_port').value,
    toPort: get('to_port').value,
    description: description.value,
    sources: sourcesOf(get, sources),
  };
}
