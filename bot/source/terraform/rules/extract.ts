import type { Direction } from '@pare/analyzer/model/rule.ts';
import type { Declaration, DeclarationForm, DeclaredRule, SourceRange } from '../../contract.ts';
import { evaluate, pairsOf } from '../eval/expression.ts';
import type { Instances, ModuleInstance, RepeatedItem, RootEvaluation } from '../eval/instance.ts';
import { bind } from '../eval/scope.ts';
import { mapOf, type Origin, unknown, type Value, via } from '../eval/value.ts';
import { attributeOf, type Block, type Expression, rangeOf } from '../syntax/ast.ts';
import { inlineBlock, inlineObject, legacyRule, vpcRule } from './arguments.ts';
import { type RuleArguments, split, textsOf } from './tuple.ts';

/** A rule before it has its number, with what the editor needs to know about it. */
export interface FoundRule {
  site: Site;
  rule: Omit<DeclaredRule, 'id' | 'declarationId'>;
  /** Why this instance exists: keys and elements of for_each, count, dynamic blocks, module calls; innermost first. */
  because: Origin;
  description: Origin;
  /** It stands for any number of rules, since its list of sources is not known. */
  many: boolean;
}

/** A place of source that makes rules: one block, or one attribute. */
export interface Site {
  form: DeclarationForm;
  direction: Direction | null;
  /** `aws_security_group.web`. */
  resourceName: string;
  /** `` for standalone rules, `/ingress[0]`, `/dynamic.ingress[0]`, `/ingress` else. */
  suffix: string;
  resource: Block;
  /** The block, or the attribute's range for attributes-as-blocks. */
  range: SourceRange;
  block: Block | null;
  /** The body that holds the arguments: of the resource, the block, or `content`. */
  body: Block | null;
  repetition: Declaration['repetition'];
}

export interface Extraction {
  /** Sites in the order met, also those that make no rule. */
  sites: Map<string, Site>;
  rules: FoundRule[];
}

const STANDALONE: Readonly<Record<string, Direction | 'legacy'>> = {
  aws_security_group_rule: 'legacy',
  aws_vpc_security_group_ingress_rule: 'ingress',
  aws_vpc_security_group_egress_rule: 'egress',
};
export const GROUPS: ReadonlySet<string> = new Set(['aws_security_group', 'aws_default_security_group']);
const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** All rules that a module instance and its children make. */
export function extract(root: RootEvaluation, instance: ModuleInstance, into: Extraction): void {
  for (const [name, block] of instance.definition.resources) {
    const type = block.labels[0]?.text ?? '';
    if (STANDALONE[type] !== undefined) standalone(root, instance, name, block, STANDALONE[type], into);
    else if (GROUPS.has(type)) group(root, instance, name, block, into);
  }
  for (const name of instance.definition.calls.keys())
    for (const child of instance.children(name)?.instances ?? []) extract(root, child, into);
}

/** `cond ? 1 : 0` and `var.enabled` toggle; anything else that counts is a list. */
function repetitionOf(instances: Instances): Declaration['repetition'] {
  if (instances.kind === 'single') return 'single';
  if (instances.kind === 'for_each') return 'for-each';
  return instances.expression !== null && isToggle(instances.expression) ? 'count-toggle' : 'count-list';
}

function isToggle(e: Expression): boolean {
  if (e.kind === 'parentheses') return isToggle(e.inner);
  if (e.kind === 'literal') return e.value === 0 || e.value === 1 || e.value === '0' || e.value === '1';
  if (e.kind === 'conditional') return isToggle(e.yes) || isToggle(e.no);
  if (e.kind === 'variable' || e.kind === 'attribute') return true;
  if (e.kind === 'call') return e.name === 'tonumber' || e.name === 'signum' || e.name === 'min';
  return e.kind === 'binary' && e.operator === '*';
}

function siteOf(into: Extraction, site: Site): Site {
  const key = `${site.range.file}:${site.range.start}:${site.suffix}`;
  const known = into.sites.get(key);
  if (known !== undefined) return known;
  into.sites.set(key, site);
  return site;
}

function standalone(
  root: RootEvaluation,
  instance: ModuleInstance,
  name: string,
  block: Block,
  kind: Direction | 'legacy',
  into: Extraction,
): void {
  const instances = instance.instancesOf(block);
  const site = siteOf(into, {
    form: kind === 'legacy' ? 'legacy-rule' : 'vpc-rule',
    direction: kind === 'legacy' ? null : kind,
    resourceName: name,
    suffix: '',
    resource: block,
    range: rangeOf(block),
    block,
    body: block,
    repetition: repetitionOf(instances),
  });
  for (const item of instances.items) {
    const args = kind === 'legacy' ? legacyRule(block.body, item.scope) : vpcRule(block.body, item.scope, kind);
    if (args === null) {
      root.note('unknown-direction', `the type of ${name} is neither ingress nor egress`, block);
      continue;
    }
    const address = `${instance.prefix}${name}${item.suffix}`;
    add(root, into, site, address, args, [...reasons(instances, item), ...instance.because]);
  }
}

function reasons(instances: Instances, item: RepeatedItem): Origin {
  const expression = instances.expression;
  const used = expression === null ? [] : [rangeOf(expression)];
  return [...(item.key?.from ?? []), ...(item.value?.from ?? []), ...(instances.value?.from ?? []), ...used];
}

function group(root: RootEvaluation, instance: ModuleInstance, name: string, block: Block, into: Extraction): void {
  const instances = instance.instancesOf(block);
  const repetition = repetitionOf(instances);
  for (const item of instances.items) {
    const address = `${instance.prefix}${name}${item.suffix}`;
    const self = root.facts.get(`ref:${address}.id`) ?? unknown(`ref:${address}.id`);
    const because = [...reasons(instances, item), ...instance.because];
    const base = { resourceName: name, resource: block };
    for (const direction of DIRECTIONS) {
      let count = 0;
      let dynamics = 0;
      for (const inner of block.body.items) {
        if (inner.kind === 'attribute') {
          if (inner.name !== direction) continue;
          const site = siteOf(into, {
            ...base,
            form: 'inline-attribute',
            direction,
            suffix: `/${direction}`,
            range: rangeOf(inner),
            block: null,
            body: null,
            repetition,
          });
          const value = via(evaluate(inner.value, item.scope), inner.value);
          objects(value).forEach((object) => {
            const reason = [...object.from, ...value.from];
            add(root, into, site, address, inlineObject(object, direction, self), [...reason, ...because]);
          });
        } else if (inner.type === direction) {
          const suffix = `/${direction}[${count}]`;
          count += 1;
          const site = siteOf(into, {
            ...base,
            form: 'inline-block',
            direction,
            suffix,
            range: rangeOf(inner),
            block: inner,
            body: inner,
            repetition,
          });
          add(root, into, site, address, inlineBlock(inner.body, item.scope, direction, self), because);
        } else if (inner.type === 'dynamic' && inner.labels[0]?.text === direction) {
          const suffix = `/dynamic.${direction}[${dynamics}]`;
          dynamics += 1;
          dynamic(
            root,
            into,
            {
              ...base,
              form: 'dynamic-block',
              direction,
              suffix,
              range: rangeOf(inner),
              block: inner,
              body: null,
              repetition,
            },
            address,
            item,
            self,
            because,
          );
        }
      }
    }
  }
}

function objects(value: Value): readonly Value[] {
  if (value.t === 'list') return value.items;
  if (value.t === 'null') return [];
  return [value];
}

function dynamic(
  root: RootEvaluation,
  into: Extraction,
  draft: Site,
  address: string,
  item: RepeatedItem,
  self: Value,
  because: Origin,
): void {
  const block = draft.block!;
  const content =
    block.body.items.find((inner): inner is Block => inner.kind === 'block' && inner.type === 'content') ?? null;
  const site = siteOf(into, { ...draft, body: content });
  const forEach = attributeOf(block.body, 'for_each');
  const named = attributeOf(block.body, 'iterator')?.value;
  const iterator = named?.kind === 'variable' ? named.name : (block.labels[0]?.text ?? 'ingress');
  if (content === null || forEach === undefined) return;
  const collection = evaluate(forEach.value, item.scope);
  const pairs = pairsOf(collection);
  const used = [...collection.from, rangeOf(forEach.value)];
  const each =
    pairs ?? (collection.t === 'null' ? [] : [{ key: unknown('unknown:key'), value: unknownElement(collection) }]);
  for (const { key, value } of each) {
    const scope = bind(item.scope, { [iterator]: mapOf({ key, value }) });
    const args = inlineBlock(content.body, scope, draft.direction!, self);
    add(root, into, site, address, args, [...key.from, ...value.from, ...used, ...because]);
  }
}

function unknownElement(collection: Value): Value {
  return unknown(`${collection.t === 'unknown' ? collection.text : 'unknown:for_each'}[*]`, collection.from);
}

function add(
  root: RootEvaluation,
  into: Extraction,
  site: Site,
  address: string,
  args: RuleArguments,
  because: Origin,
): void {
  const tuples = split(args);
  const standaloneOrBlock = site.form !== 'inline-attribute';
  if (tuples.length === 0 && standaloneOrBlock)
    root.note('no-source', `${address}${site.suffix.replace(/\[\d+\]$/, '')} names no source`, site.range);
  for (const tuple of tuples) {
    into.rules.push({
      site,
      because,
      description: args.description?.from ?? [],
      many: tuple.many,
      rule: {
        address,
        context: root.context,
        root: root.directory,
        direction: args.direction,
        ...textsOf(args, tuple),
        origins: {
          declaration: site.range,
          protocol: args.protocol.from,
          fromPort: args.fromPort.from,
          toPort: args.toPort.from,
          peer: tuple.origin,
        },
      },
    });
  }
}
