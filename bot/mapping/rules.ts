import type { SecurityGroup } from '@pare/analyzer/model/inventory.ts';
import { type SecurityGroupRule, shapeKey } from '@pare/analyzer/model/rule.ts';
import type { DeployedStack, SourceIndex, SourceNote, StateRule, TerraformState } from '../source/contract.ts';
import { compareTuple, isOpen } from './compare.ts';
import type { Mapping, MappingCandidate, MappingMethod } from './contract.ts';
import { hints } from './hints.ts';
import { stackMatches } from './stacks.ts';
import { withoutInstances } from './states.ts';
import { type Declared, type DeclaredTable, declaredTable, type Match } from './table.ts';
import { ruleLine, unmanagedHelp } from './unmanaged.ts';

export interface MappingInput {
  rules: readonly SecurityGroupRule[];
  /** For the tags of CloudFormation and yor, and for names; may be empty. */
  groups: readonly SecurityGroup[];
  indexes: readonly SourceIndex[];
  /** Bound to their roots by `bindStates`. */
  states: readonly TerraformState[];
  stacks: readonly DeployedStack[];
}

/** A mapping that may be edited: at least this sure, and no other candidate. */
export const EDITABLE_CONFIDENCE = 0.9;

/** The candidate to edit: sure enough and alone; else null, and the mapping is only to be explained. */
export function editable(mapping: Mapping): MappingCandidate | null {
  const [first] = mapping.candidates;
  if (first === undefined || mapping.candidates.length > 1) return null;
  return first.confidence >= EDITABLE_CONFIDENCE ? first : null;
}

/** One mapping for each rule, in the order given. */
export function mapRules(input: MappingInput): Mapping[] {
  const table = declaredTable(input.indexes);
  const groups = new Map(input.groups.map((group) => [group.groupId, group]));
  const states = stateTable(input.states);
  return input.rules.map((rule) => mapRule(rule, input, table, groups.get(rule.groupId) ?? null, states));
}

interface HeldRule {
  held: StateRule;
  state: TerraformState;
}

interface StateTable {
  byRuleId: ReadonlyMap<string, readonly HeldRule[]>;
  byTuple: ReadonlyMap<string, readonly HeldRule[]>;
  /** Groups that some state manages, with the origin of that state. */
  groups: ReadonlyMap<string, string>;
}

function stateTable(states: readonly TerraformState[]): StateTable {
  const byRuleId = new Map<string, HeldRule[]>();
  const byTuple = new Map<string, HeldRule[]>();
  const groups = new Map<string, string>();
  for (const state of states) {
    for (const group of state.groups) groups.set(group.groupId, state.origin);
    for (const held of state.rules) {
      if (held.ruleId !== null) add(byRuleId, held.ruleId, { held, state });
      add(byTuple, tupleKey(held.groupId, held.shape), { held, state });
    }
  }
  return { byRuleId, byTuple, groups };
}

function tupleKey(groupId: string, shape: StateRule['shape']): string {
  return `${groupId}|${shapeKey(shape)}`;
}

function add<T>(map: Map<string, T[]>, key: string, one: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [one]);
  else list.push(one);
}

function mapRule(
  rule: SecurityGroupRule,
  input: MappingInput,
  table: DeclaredTable,
  group: SecurityGroup | null,
  states: StateTable,
): Mapping {
  const notes: SourceNote[] = [];
  const strong = [
    ...stateMatches(rule, table, states, notes),
    ...stackMatches(rule, group, table, input.stacks),
    ...evaluated(rule, table),
  ];
  const matches = strong.length > 0 ? strong : hints(rule, group, table, input.indexes);
  const candidates = merge(matches);
  if (candidates.length === 0) notes.push(unmanaged(rule, states, notes.length > 0));
  return { rule, candidates, notes };
}

/** An exact sgr- id, else the tuple; then from the address in the state to the tuple in the source. */
function stateMatches(rule: SecurityGroupRule, table: DeclaredTable, states: StateTable, notes: SourceNote[]): Match[] {
  const byId = states.byRuleId.get(rule.ruleId) ?? [];
  const held = byId.length > 0 ? byId : byDescription(states.byTuple.get(tupleKey(rule.groupId, rule)) ?? [], rule);
  const method: MappingMethod = byId.length > 0 ? 'rule-id' : 'state-tuple';
  const matches = distinct(held).flatMap((one) => declaredFor(rule, one, method, table));
  if (held.length > 0 && matches.length === 0) {
    const [first] = held;
    notes.push({
      code: 'state-address-not-in-source',
      message: `the state ${first!.state.origin} holds ${ruleLine(rule)} at ${first!.held.address}, which the source does not declare with these values`,
      place: { file: first!.state.root ?? '.', line: 1 },
    });
  }
  return matches;
}

/** One address holds the id or tuple once, however often the state file was given. */
function distinct(held: readonly HeldRule[]): HeldRule[] {
  const seen = new Map<string, HeldRule>();
  for (const one of held) {
    const key = `${one.state.root ?? ''}\0${one.state.workspace}\0${one.held.address}`;
    if (!seen.has(key)) seen.set(key, one);
  }
  return [...seen.values()];
}

/** The description breaks ties only. */
function byDescription(held: readonly HeldRule[], rule: SecurityGroupRule): readonly HeldRule[] {
  if (held.length < 2) return held;
  const same = held.filter((one) => (one.held.description ?? '') === (rule.description ?? ''));
  return same.length > 0 ? same : held;
}

function declaredFor(rule: SecurityGroupRule, one: HeldRule, method: MappingMethod, table: DeclaredTable): Match[] {
  const { held, state } = one;
  const exactAddress = inRoot(table.byAddress.get(held.address) ?? [], state);
  const sameResource =
    exactAddress.length > 0 ? exactAddress : inRoot(table.byResource.get(withoutInstances(held.address)) ?? [], state);
  const fitting = inContext(fits(rule, sameResource), state);
  const what = method === 'rule-id' ? `holds ${rule.ruleId}` : 'holds this very tuple of the group';
  const full = fitting.filter((each) => each.open === 0);
  const chosen = full.length > 0 ? full : fitting;
  const instanceKnown = exactAddress.length > 0;
  return chosen.map(({ declared, open }) => {
    const alone = chosen.length === 1;
    const base = method === 'rule-id' ? 0.99 : 0.97;
    const sure = base - (open > 0 ? 0.04 : 0) - (instanceKnown ? 0 : 0.05);
    return {
      declared,
      method,
      confidence: alone ? sure : 0.6,
      reason: `the state ${state.origin} ${what} at ${held.address}${open > 0 ? ', and of that resource only this declared rule fits' : ''}`,
    };
  });
}

/** Declarations of the state's root; where an address is declared under several roots and none is this one, all of them. */
function inRoot(declared: readonly Declared[], state: TerraformState): readonly Declared[] {
  const here = declared.filter(
    ({ rule, declaration }) =>
      declaration.language === 'terraform' && (state.root === null || (rule.root ?? declaration.root) === state.root),
  );
  return here.length > 0 ? here : declared.filter(({ declaration }) => declaration.language === 'terraform');
}

interface Fitting {
  declared: Declared;
  /** How many parts of the tuple the source leaves open. */
  open: number;
}

function fits(rule: SecurityGroupRule, declared: readonly Declared[]): Fitting[] {
  const out: Fitting[] = [];
  for (const one of declared) {
    if (!isOpen(one.rule.group) && one.rule.group !== rule.groupId) continue;
    const comparison = compareTuple(rule, one.rule);
    if (comparison.same) out.push({ declared: one, open: comparison.unknown.length });
  }
  return out;
}

/** Of one tuple evaluated in several workspaces, the one of the state's workspace. */
function inContext(fitting: readonly Fitting[], state: TerraformState): readonly Fitting[] {
  const exact = fitting.filter(({ declared }) => declared.rule.context === state.workspace);
  return exact.length > 0 ? exact : fitting;
}

/** The group is known in the source (literal, or by state or stack), and the tuple is the same. */
function evaluated(rule: SecurityGroupRule, table: DeclaredTable): Match[] {
  const fitting = fits(rule, table.byGroup.get(rule.groupId) ?? []);
  const full = fitting.filter(({ open }) => open === 0);
  return (full.length > 0 ? full : fitting).map(({ declared, open }) => ({
    declared,
    method: 'evaluation',
    confidence: open === 0 ? 0.92 : 0.6,
    reason:
      open === 0
        ? `the source evaluates to this very tuple of ${rule.groupId}`
        : `the source may evaluate to this tuple of ${rule.groupId}, but part of it is not known`,
  }));
}

/** One candidate for each declared rule, by its strongest match; two equally placed copies of one tuple in several contexts stay one. */
function merge(matches: readonly Match[]): MappingCandidate[] {
  const best = new Map<string, Match>();
  for (const match of matches) {
    const known = best.get(match.declared.rule.id);
    if (known === undefined || match.confidence > known.confidence) best.set(match.declared.rule.id, match);
  }
  // What the state holds at one address outranks an evaluation of the same declaration in another workspace.
  const authoritative = [...best.values()].filter((m) => m.method !== 'evaluation' && m.method !== 'hint');
  const kept = [...best.values()].filter(
    (match) =>
      match.method !== 'evaluation' ||
      !authoritative.some((strong) => sameSource(strong.declared, match.declared) && strong.confidence >= 0.9),
  );
  const alone = kept.length === 1;
  return kept
    .map(({ declared, method, confidence, reason }) => ({
      declaredRuleId: declared.rule.id,
      declarationId: declared.declaration.id,
      method,
      confidence: alone || method === 'rule-id' ? confidence : Math.min(confidence, 0.85),
      reason,
    }))
    .sort((a, b) => b.confidence - a.confidence || (a.declaredRuleId < b.declaredRuleId ? -1 : 1));
}

function sameSource(a: Declared, b: Declared): boolean {
  return (
    a.declaration.id === b.declaration.id && a.rule.address === b.rule.address && a.rule.context !== b.rule.context
  );
}

/** `held`: a state has it though the source does not; then the next apply takes it away, and an import would manage it twice. */
function unmanaged(rule: SecurityGroupRule, states: StateTable, held: boolean): SourceNote {
  const help = unmanagedHelp(rule);
  const origin = states.groups.get(rule.groupId);
  const who = origin === undefined || held ? '' : ` (its group is in ${origin}, so it was probably added by hand)`;
  const adopt = held
    ? 'the next apply should remove it, unless you declare it, or '
    : help.importBlock === null
      ? ''
      : `take it under management with ${help.importBlock.replace(/\s+/g, ' ')}, or `;
  return {
    code: 'unmanaged',
    message: `no source found for ${ruleLine(rule)}${who}; ${adopt}revoke it by hand: ${help.revoke}`,
    place: { file: '.', line: 1 },
  };
}
