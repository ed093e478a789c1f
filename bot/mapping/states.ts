import type { Problem } from '@pare/analyzer/model/problem.ts';
import type { SourceIndex, TerraformState } from '../source/contract.ts';

export interface BoundStates {
  states: readonly TerraformState[];
  problems: readonly Problem[];
}

/** `module.web["eu"].aws_x.y[0]` → `module.web.aws_x.y`: the declaration without instance keys. */
export function withoutInstances(address: string): string {
  return address.replace(/\[(?:"(?:[^"\\]|\\.)*"|\d+)\]/g, '');
}

/**
 * Gives every state its root directory: the one given, else the one whose declared addresses it shares most. A tie or no shared address is
 * a problem that asks for ROOT=FILE; such a state is left out, so that no rule is joined by a guess.
 */
export function bindStates(states: readonly TerraformState[], indexes: readonly SourceIndex[]): BoundStates {
  const addresses = addressesByRoot(indexes);
  const bound: TerraformState[] = [];
  const problems: Problem[] = [];
  for (const state of states) {
    if (state.root !== null) {
      bound.push(state);
      continue;
    }
    const held = new Set([...state.groups, ...state.rules].map((one) => withoutInstances(one.address)));
    const scores = [...addresses]
      .map(([root, declared]) => ({ root, score: [...held].filter((address) => declared.has(address)).length }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || (a.root < b.root ? -1 : 1));
    const [best, second] = scores;
    if (best === undefined) {
      if (held.size === 0) continue;
      problems.push({
        code: 'state-without-root',
        message: 'no Terraform root below --source declares any resource of this state',
        next: 'give the root it belongs to as --state ROOT=FILE, or leave this state out',
        fault: 'input',
        file: state.origin,
      });
    } else if (second !== undefined && second.score === best.score) {
      const tied = scores.filter(({ score }) => score === best.score).map(({ root }) => root || '.');
      problems.push({
        code: 'state-root-ambiguous',
        message: `this state fits ${tied.length} roots equally: ${tied.join(', ')}`,
        next: `say which, e.g. --state ${tied[0]}=${state.origin}`,
        fault: 'input',
        file: state.origin,
      });
    } else {
      bound.push({ ...state, root: best.root });
    }
  }
  return { states: bound, problems };
}

function addressesByRoot(indexes: readonly SourceIndex[]): Map<string, Set<string>> {
  const out = new Map<string, Set<string>>();
  for (const index of indexes) {
    for (const declaration of index.declarations) {
      if (declaration.language !== 'terraform') continue;
      for (const rule of declaration.rules) {
        const root = rule.root ?? declaration.root;
        const known = out.get(root) ?? new Set<string>();
        out.set(root, known);
        known.add(withoutInstances(rule.address));
        const group = /^ref:(.+)\.(?:id|security_group_id)$/.exec(rule.group);
        if (group !== null) known.add(withoutInstances(group[1]!));
      }
    }
  }
  return out;
}

/**
 * A state none of whose groups is live belongs to another workspace or account: joining by it would point at the wrong source.
 * `liveGroups` are the group ids of the inventory or, without one, of the findings.
 */
export function checkStates(states: readonly TerraformState[], liveGroups: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  for (const state of states) {
    const ids = [...new Set([...state.groups, ...state.rules].map((one) => one.groupId))].sort();
    if (ids.length === 0 || ids.some((id) => liveGroups.has(id))) continue;
    problems.push({
      code: 'state-of-another-workspace',
      message: `none of the ${ids.length} security groups of this state (${ids[0]}${ids.length > 1 ? ', …' : ''}) is in the inventory`,
      next: 'give the state of the workspace and account that the inventory was taken from',
      fault: 'input',
      file: state.origin,
    });
  }
  return problems;
}
