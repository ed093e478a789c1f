import { blockedBy, generateWorld, type LogFormat, type World, type WorldOptions } from '../generator/index.ts';
import { type Judged, judgeWorld, rulesAfter } from './pipeline.ts';

/** What the analyzer made of one generated VPC, held against what truly happened there. */
export interface Score {
  world: World;
  judged: Judged;
  /** True connection ends that all proposals together would refuse; must be empty. */
  blocked: string[];
  /** Rules never used on covered interfaces, without the ICMP types that logs cannot tell apart. */
  stale: readonly string[];
  /** Of these, the ones the plan removes. */
  removed: readonly string[];
  missed: readonly string[];
}

export async function score(seed: number, format: LogFormat, options: WorldOptions = {}): Promise<Score> {
  const world = generateWorld(seed, { ...options, formats: [format] });
  const judged = await judgeWorld(world, [format]);
  const after = rulesAfter(world.rules, judged.document);
  const inWindow = world.connections.filter((c) => c.start >= world.window.from && c.start < world.window.to);
  const blocked = blockedBy({ ...world, connections: inWindow }, after).map(
    ({ connection, end }) =>
      `${connection.purpose}: ${end.interfaceId} ${end.direction} ${connection.protocol}/${connection.port} ${end.peer}`,
  );
  const stale = world.truth.neverUsedCoveredRuleIds.filter((id) => !world.truth.icmpIndistinguishable.includes(id));
  const gone = new Set(judged.document.rules.filter((f) => f.action === 'remove').map((f) => f.ruleId));
  return {
    world,
    judged,
    blocked,
    stale,
    removed: stale.filter((id) => gone.has(id)),
    missed: stale.filter((id) => !gone.has(id)),
  };
}
