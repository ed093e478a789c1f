/**
 * The joint plan as a weighted set cover: what must be let in (elements) needs one of the rules that do (choices), and what the chosen rules
 * allow shall be least. Each component is solved by greedy choice and reverse deletion (Chvátal 1979), then exactly by branch and
 * bound where it is small; the bound is the dual's (each element may be charged no more than its cheapest rule has left).
 */
export interface Cover {
  /** Chosen choices, rising. */
  kept: readonly number[];
  cost: number;
  /** No cover costs less than this. Equal to the cost where the optimum is proved. */
  bound: number;
}

/** Branch and bound is tried on components of at most this many rules, and gives up after this many steps. */
const SMALL = 28;
const STEPS = 50_000;

/** `costs[i]` ≥ 0 of choice i; each element lists the choices that satisfy it, at least one. Deterministic. */
export function leastCover(costs: readonly number[], elements: readonly (readonly number[])[]): Cover {
  const kept: number[] = [];
  let cost = 0;
  let bound = 0;
  for (const part of components(costs.length, distinct(elements))) {
    const solved = solve(costs, part);
    kept.push(...solved.kept);
    cost += solved.cost;
    bound += solved.bound;
  }
  return { kept: kept.sort((a, b) => a - b), cost, bound: Math.min(bound, cost) };
}

function distinct(elements: readonly (readonly number[])[]): (readonly number[])[] {
  const sorted = elements.map((e) => [...new Set(e)].sort((a, b) => a - b));
  const unique = [...new Map(sorted.map((e) => [e.join(','), e])).values()];
  return unique.sort((a, b) => a.length - b.length || (a.join(',') < b.join(',') ? -1 : 1));
}

function components(choices: number, elements: readonly (readonly number[])[]): (readonly number[])[][] {
  const parent = Int32Array.from({ length: choices }, (_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root]!;
    let at = i;
    while (parent[at] !== root) {
      const next = parent[at]!;
      parent[at] = root;
      at = next;
    }
    return root;
  };
  for (const element of elements) for (const choice of element) parent[find(choice)] = find(element[0]!);
  const parts = new Map<number, (readonly number[])[]>();
  for (const element of elements) {
    const root = find(element[0]!);
    const part = parts.get(root) ?? [];
    part.push(element);
    parts.set(root, part);
  }
  return [...parts.values()];
}

function solve(costs: readonly number[], elements: readonly (readonly number[])[]): Cover {
  const choices = [...new Set(elements.flat())].sort((a, b) => a - b);
  const first = greedy(costs, choices, elements);
  const cost = total(costs, first);
  const bound = dualBound(costs, elements, new Set());
  if (choices.length > SMALL || bound >= cost) return { kept: first, cost, bound };
  const best = exact(costs, elements, first);
  return { kept: best.kept, cost: total(costs, best.kept), bound: best.proved ? total(costs, best.kept) : bound };
}

function greedy(
  costs: readonly number[],
  choices: readonly number[],
  elements: readonly (readonly number[])[],
): number[] {
  const covers = new Map<number, number[]>(choices.map((choice) => [choice, []]));
  for (const [e, element] of elements.entries()) for (const choice of element) covers.get(choice)!.push(e);
  const open = new Set(elements.keys());
  const chosen: number[] = [];
  while (open.size > 0) {
    let best = -1;
    let bestRate = -1;
    for (const choice of choices) {
      const gain = covers.get(choice)!.reduce((sum, e) => sum + (open.has(e) ? 1 : 0), 0);
      const rate = gain === 0 ? -1 : costs[choice] === 0 ? Infinity : gain / costs[choice]!;
      if (rate > bestRate) {
        best = choice;
        bestRate = rate;
      }
    }
    chosen.push(best);
    for (const e of covers.get(best)!) open.delete(e);
  }
  let kept = [...chosen].sort((a, b) => costs[b]! - costs[a]! || b - a);
  for (const choice of [...kept]) {
    const rest = new Set(kept.filter((other) => other !== choice));
    if (elements.every((element) => element.some((other) => rest.has(other)))) kept = [...rest];
  }
  return kept;
}

/** A lower bound on what the elements not yet satisfied still cost. */
function dualBound(
  costs: readonly number[],
  elements: readonly (readonly number[])[],
  chosen: ReadonlySet<number>,
): number {
  const left = new Map<number, number>();
  let bound = 0;
  for (const element of elements) {
    if (element.some((choice) => chosen.has(choice))) continue;
    const price = Math.min(...element.map((choice) => left.get(choice) ?? costs[choice]!));
    bound += price;
    for (const choice of element) left.set(choice, (left.get(choice) ?? costs[choice]!) - price);
  }
  return bound;
}

function exact(costs: readonly number[], elements: readonly (readonly number[])[], start: readonly number[]) {
  let kept = [...start];
  let least = total(costs, kept);
  let steps = 0;
  const chosen = new Set<number>();
  const barred = new Set<number>();
  const visit = (spent: number): void => {
    steps += 1;
    if (steps > STEPS) return;
    let open: readonly number[] | null = null;
    for (const element of elements) {
      if (element.some((choice) => chosen.has(choice))) continue;
      const free = element.filter((choice) => !barred.has(choice));
      if (free.length === 0) return;
      if (open === null || free.length < open.length) open = free;
    }
    if (open === null) {
      if (spent < least) {
        least = spent;
        kept = [...chosen];
      }
      return;
    }
    if (spent + dualBound(costs, elements, chosen) >= least) return;
    const order = [...open].sort((a, b) => costs[a]! - costs[b]! || a - b);
    for (const choice of order) {
      chosen.add(choice);
      visit(spent + costs[choice]!);
      chosen.delete(choice);
      // What follows takes another rule for this element: covers with this one have all been seen.
      barred.add(choice);
    }
    for (const choice of order) barred.delete(choice);
  };
  visit(0);
  return { kept, proved: steps <= STEPS };
}

function total(costs: readonly number[], kept: readonly number[]): number {
  return [...kept].sort((a, b) => a - b).reduce((sum, choice) => sum + costs[choice]!, 0);
}
