import type { DeployedStack, SourceRange } from '../contract.ts';
import { carryUnknown, cidrBlocks, joinTexts, selectItem, splitText, subParts } from './functions.ts';
import { type CallNode, childOf, entryOf, isSmall, type MapEntry, meaning, type SyntaxNode, textOf } from './syntax.ts';
import { GROUP_TYPE, type Template } from './template.ts';
import { joinOrigins, reference, text, unknown, type Value } from './value.ts';

/** Steps one template may take in one context: far above real ones, and a bound for hostile ones. */
const MAX_STEPS = 400_000;
const MAX_CALLS = 150;

/** True, false, or null where a value that decides it is not known. */
type Truth = boolean | null;

export interface Evaluator {
  readonly stack: DeployedStack | null;
  value(node: SyntaxNode): Value;
  condition(name: string): Truth;
  /** The budget of steps is spent: what came after is unknown. */
  readonly exhausted: boolean;
}

/**
 * Evaluates one template for one deployed stack, or for none. Without a stack a parameter is unknown even where it has a Default: what
 * is deployed may differ, so its value reads `unknown:parameter P (default D)` and conditions that hang on it stay open.
 */
export function evaluator(template: Template, stack: DeployedStack | null): Evaluator {
  const conditions = new Map<string, Truth>();
  const deciding = new Set<string>();
  const resolving = new Set<string>();
  let steps = 0;
  let depth = 0;

  const rangeOf = (node: { start: number; end: number }): SourceRange => ({
    file: template.file.path,
    start: node.start,
    end: node.end,
  });

  function value(node: SyntaxNode): Value {
    steps += 1;
    const own = rangeOf(node);
    if (steps > MAX_STEPS) return unknown('the template is too large to evaluate', [own]);
    if (node.kind === 'scalar') return text(node.text, [own]);
    if (depth > MAX_CALLS) return unknown('nested too deeply', [own]);
    depth += 1;
    const result = compound(node, own);
    depth -= 1;
    return result;
  }

  function compound(node: Exclude<SyntaxNode, { kind: 'scalar' }>, own: SourceRange): Value {
    if (node.kind === 'call') return discerned(node, call(node, own));
    if (node.kind === 'list')
      return { kind: 'list', items: node.items.map(value).filter((item) => item.kind !== 'none'), origins: [own] };
    const entries = new Map<string, Value>();
    for (const entry of node.entries) {
      const evaluated = value(entry.value);
      if (evaluated.kind !== 'none') entries.set(entry.key, evaluated);
    }
    return { kind: 'map', entries, origins: [own] };
  }

  function call(node: CallNode, own: SourceRange): Value {
    const { argument } = node;
    const args = argument.kind === 'list' ? argument.items : [argument];
    switch (node.name) {
      case 'Ref':
        return named(textOf(argument) ?? '', own);
      case 'Fn::GetAtt':
        return attribute(argument, own);
      case 'Fn::Sub':
        return substitute(args, own);
      case 'Fn::Join':
        return joinTexts(maybe(args[0]), maybe(args[1]), own);
      case 'Fn::Split':
        return splitText(maybe(args[0]), maybe(args[1]), own);
      case 'Fn::Select':
        return selectItem(maybe(args[0]), maybe(args[1]), own);
      case 'Fn::Cidr':
        return cidrBlocks(args.map(value), own);
      case 'Fn::FindInMap':
        return findInMap(args, own);
      case 'Fn::If':
        return branch(args, own);
      case 'Fn::ImportValue': {
        const name = value(argument);
        return name.kind === 'text' ? unknown(`import of ${name.text}`, [own]) : carryUnknown('import', name, own);
      }
      default:
        return unknown(node.name, [own]);
    }
  }

  /**
   * Two unknowns may have one text only if they are one value. What a function makes of something unknown is named by the whole call,
   * but for those that hand on another value as it is.
   */
  function discerned(node: CallNode, result: Value): Value {
    if (result.kind !== 'unknown' || /^(ref:|unknown:(parameter|import of) )/.test(result.text)) return result;
    return { ...result, text: `unknown:${isSmall(node) ? meaning(node) : `${node.name} at ${node.start}`}` };
  }

  function maybe(node: SyntaxNode | undefined): Value | undefined {
    return node === undefined ? undefined : value(node);
  }

  function named(name: string, own: SourceRange): Value {
    if (name.startsWith('AWS::')) return pseudo(name, own);
    const parameter = template.parameters.get(name);
    if (parameter !== undefined) return parameterValue(name, parameter, own);
    const physical = stack?.resources[name];
    const definition = template.resources.get(name)?.entry;
    const origins = definition === undefined ? [own] : [own, { ...rangeOf(definition), end: definition.keyEnd }];
    if (physical !== undefined && (template.resources.get(name)?.type !== GROUP_TYPE || physical.startsWith('sg-')))
      return text(physical, origins);
    return reference(name, origins);
  }

  function pseudo(name: string, own: SourceRange): Value {
    if (name === 'AWS::NoValue') return { kind: 'none', origins: [own] };
    const region = stack?.region ?? null;
    const china = region?.startsWith('cn-') === true;
    const known: Record<string, string | null | undefined> = {
      'AWS::Region': region,
      'AWS::AccountId': stack?.accountId,
      'AWS::StackName': stack?.stackName,
      'AWS::StackId': stack?.stackId,
      'AWS::Partition': region === null ? null : china ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws',
      'AWS::URLSuffix': region === null ? null : china ? 'amazonaws.com.cn' : 'amazonaws.com',
    };
    const found = Object.hasOwn(known, name) ? known[name] : undefined;
    return found === null || found === undefined ? reference(name, [own]) : text(found, [own]);
  }

  function parameterValue(name: string, parameter: MapEntry, own: SourceRange): Value {
    const origins = [own, rangeOf(parameter)];
    const isList = /^(CommaDelimitedList|List<|AWS::SSM::Parameter::Value<(CommaDelimitedList|List<))/.test(
      textOf(childOf(parameter.value, 'Type')) ?? '',
    );
    const isSsm = (textOf(childOf(parameter.value, 'Type')) ?? '').startsWith('AWS::SSM::Parameter::');
    const fallback = textOf(childOf(parameter.value, 'Default'));
    const deployed = stack !== null && Object.hasOwn(stack.parameters, name) ? stack.parameters[name] : undefined;
    // NoEcho parameters print as asterisks; a Default of an SSM type is the name of the parameter, not its value.
    const hidden = deployed !== undefined && /^\*+$/.test(deployed);
    const known = hidden ? undefined : (deployed ?? (stack === null || isSsm ? undefined : fallback));
    if (known === undefined) {
      const hint = fallback === undefined || isSsm || hidden ? '' : ` (default ${fallback})`;
      return unknown(`parameter ${name}${hint}`, origins);
    }
    if (!isList) return text(known, origins);
    return { kind: 'list', items: known.split(',').map((part) => text(part.trim(), origins)), origins };
  }

  function attribute(argument: SyntaxNode, own: SourceRange): Value {
    const parts =
      argument.kind === 'list' ? argument.items.map((item) => textOf(item)) : (textOf(argument) ?? '').split('.');
    const [logicalId, ...rest] = parts;
    if (logicalId === undefined || rest.some((part) => part === undefined))
      return unknown('Fn::GetAtt of something computed', [own]);
    return attributeOf(logicalId, rest.join('.'), own);
  }

  function attributeOf(logicalId: string, name: string, own: SourceRange): Value {
    const resource = template.resources.get(logicalId);
    if (resource === undefined) return unknown(`attribute of ${logicalId}, which is not in the template`, [own]);
    if (resource.type === GROUP_TYPE && (name === 'GroupId' || name === 'Id')) return named(logicalId, own);
    // The blocks of a VPC and a subnet are what the template says, so they are known before deployment.
    if ((resource.type === 'AWS::EC2::VPC' || resource.type === 'AWS::EC2::Subnet') && name === 'CidrBlock') {
      const block = entryOf(resource.properties, 'CidrBlock');
      const key = `${logicalId}.${name}`;
      if (block !== undefined && !resolving.has(key)) {
        resolving.add(key);
        const found = value(block.value);
        resolving.delete(key);
        return { ...found, origins: joinOrigins(own, [found]) };
      }
    }
    return reference(`${logicalId}.${name}`, [own]);
  }

  function substitute(args: readonly SyntaxNode[], own: SourceRange): Value {
    const template = textOf(args[0]);
    if (template === undefined) return unknown('Fn::Sub of something computed', [own]);
    const parts = subParts(template).map((part): Value => {
      if ('literal' in part) return text(part.literal, []);
      const local = childOf(args[1], part.name);
      if (local !== undefined) return value(local);
      const dot = part.name.indexOf('.');
      return dot < 0 ? named(part.name, own) : attributeOf(part.name.slice(0, dot), part.name.slice(dot + 1), own);
    });
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return { ...only, origins: joinOrigins(own, parts) };
    return joinTexts(text('', []), { kind: 'list', items: parts, origins: [] }, own);
  }

  function findInMap(args: readonly SyntaxNode[], own: SourceRange): Value {
    const keys = args.slice(0, 3).map(value);
    const odd = keys.find((key) => key.kind !== 'text');
    if (odd !== undefined) return carryUnknown('Fn::FindInMap', odd, own);
    let node: SyntaxNode | undefined = template.mappings;
    for (const key of keys) node = node === undefined || key.kind !== 'text' ? undefined : childOf(node, key.text);
    const fallback = childOf(args[3], 'DefaultValue');
    const found = node ?? fallback;
    if (found === undefined) return unknown('Fn::FindInMap finds no entry', joinOrigins(own, keys));
    const evaluated = value(found);
    return { ...evaluated, origins: joinOrigins(own, [evaluated, ...keys]) };
  }

  function branch(args: readonly SyntaxNode[], own: SourceRange): Value {
    const [test, then, otherwise] = args;
    const name = textOf(test);
    if (name === undefined || then === undefined || otherwise === undefined)
      return unknown('Fn::If without a condition and two branches', [own]);
    const truth = condition(name);
    if (truth === null) return unknown(`Fn::If on ${name}`, [own]);
    const chosen = value(truth ? then : otherwise);
    return { ...chosen, origins: joinOrigins(own, [chosen]) };
  }

  function condition(name: string): Truth {
    const known = conditions.get(name);
    if (known !== undefined) return known;
    const entry = template.conditions.get(name);
    if (entry === undefined || deciding.has(name)) return null;
    deciding.add(name);
    const truth = decide(entry.value);
    deciding.delete(name);
    conditions.set(name, truth);
    return truth;
  }

  function decide(node: SyntaxNode): Truth {
    steps += 1;
    if (steps > MAX_STEPS || depth > MAX_CALLS) return null;
    // `{Condition: Name}` is a map of one entry: as a function it exists only here.
    const named = node.kind === 'map' ? textOf(childOf(node, 'Condition')) : undefined;
    if (named !== undefined) return condition(named);
    if (node.kind !== 'call') return null;
    const args = node.argument.kind === 'list' ? node.argument.items : [node.argument];
    depth += 1;
    const truth = decideCall(node.name, node.argument, args);
    depth -= 1;
    return truth;
  }

  function decideCall(name: string, argument: SyntaxNode, args: readonly SyntaxNode[]): Truth {
    if (name === 'Condition') return condition(textOf(argument) ?? '');
    if (name === 'Fn::Not') return args[0] === undefined ? null : negate(decide(args[0]));
    if (name === 'Fn::And' || name === 'Fn::Or') {
      const decisive = name === 'Fn::Or';
      const truths = args.map(decide);
      if (truths.includes(decisive)) return decisive;
      return truths.includes(null) ? null : !decisive;
    }
    if (name !== 'Fn::Equals' || args.length !== 2) return null;
    const [a, b] = args.map(value);
    if (a?.kind !== 'text' || b?.kind !== 'text') return null;
    return a.text === b.text;
  }

  return {
    stack,
    value,
    condition,
    get exhausted() {
      return steps > MAX_STEPS;
    },
  };
}

function negate(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

/** The Default named in an unknown parameter's value, for a reader who may assume it; null for every other value. */
export function defaultOf(value: string): string | null {
  return /^unknown:parameter [A-Za-z0-9]+ \(default (.*)\)$/s.exec(value)?.[1] ?? null;
}
