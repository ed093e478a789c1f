import type { LogFormat } from '../generator/index.ts';
import { ingressSpace, oracleIngress } from './oracle-plan.ts';
import { rulesAfter } from './pipeline.ts';
import { type Score, score } from './truth.ts';

export interface ExactScore {
  seed: number;
  format: LogFormat;
  blocked: readonly string[];
  stale: number;
  removed: number;
  /** Reason and rule of each that was never used and stays. */
  missed: readonly string[];
  /** `oracle` is left by one who knows every connection and who opened it. */
  space: { before: bigint; after: bigint; oracle: bigint };
}

/** Everything that tempts an analysis to err, in one VPC. */
export async function exactScore(seed: number, format: LogFormat): Promise<ExactScore> {
  const result: Score = await score(seed, format, { features: { hard: true, lateLogging: true } });
  const { world, judged, blocked, stale, removed, missed } = result;
  const reasons = new Map(
    judged.document.rules.map((f) => [
      f.ruleId,
      `${f.groupName} ${f.direction} ${f.protocol}/${f.fromPort}: ${f.reason}`,
    ]),
  );
  return {
    seed,
    format,
    blocked,
    stale: stale.length,
    removed: removed.length,
    missed: missed.map((id) => reasons.get(id)!),
    space: {
      before: ingressSpace(world, world.rules),
      after: ingressSpace(world, rulesAfter(world.rules, judged.document)),
      oracle: ingressSpace(world, oracleIngress(world)),
    },
  };
}
