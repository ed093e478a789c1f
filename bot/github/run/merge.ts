import type { Batch } from '../../change/contract.ts';
import { titleOf } from '../../change/names.ts';
import type { PareConfig } from '../config/schema.ts';

/**
 * Batches of one account, group or team become one pull request where they can: the same language, and no file that two of them change
 * (each was proved without the other). The rest stays apart.
 */
export function mergeBatches(batches: readonly Batch[], grouping: PareConfig['grouping']): Batch[] {
  if (grouping === 'directory' || grouping === 'stack') return [...batches];
  const out: Batch[] = [];
  for (const batch of batches) {
    const at = out.findIndex((one) => one.language === batch.language && disjoint(one, batch));
    if (at < 0) out.push(batch);
    else out[at] = joined(out[at]!, batch);
  }
  return out;
}

function disjoint(a: Batch, b: Batch): boolean {
  const files = new Set(a.proof.filesChecked.concat(a.changes.map((change) => change.path)));
  return !b.changes.some((change) => files.has(change.path));
}

function joined(a: Batch, b: Batch): Batch {
  const proposals = [...a.proposals, ...b.proposals].sort((x, y) =>
    x.finding.findingId < y.finding.findingId ? -1 : 1,
  );
  const refused = new Map([...a.refused, ...b.refused].map((one) => [one.finding.findingId, one]));
  return {
    ...a,
    key: `${a.key}+${b.key}`,
    root: `${a.root}, ${b.root}`,
    title: titleOf(proposals, ''),
    proposals,
    changes: [...a.changes, ...b.changes].sort((x, y) => (x.path < y.path ? -1 : 1)),
    refused: [...refused.values()],
    proof: {
      rulesBefore: a.proof.rulesBefore,
      rulesAfter: a.proof.rulesAfter - (b.proof.rulesBefore - b.proof.rulesAfter),
      removed: a.proof.removed + b.proof.removed,
      added: a.proof.added + b.proof.added,
      contexts: [...new Set([...a.proof.contexts, ...b.proof.contexts])].sort(),
      filesChecked: [...a.proof.filesChecked, ...b.proof.filesChecked].sort(),
    },
  };
}
