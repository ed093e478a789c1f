import type { Finding } from '@pare/analyzer/model/finding.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Proposal } from '../../change/contract.ts';
import type { PareConfig } from '../config/schema.ts';
import { sparedBy } from '../config/select.ts';
import type { Memory } from '../contract.ts';
import { materiallyChanged } from '../pulls/evidence.ts';

/** Why a finding with an edit is not proposed; rows of the dashboard. */
export interface SparedFinding {
  finding: Finding;
  kind: 'keep' | 'ignore' | 'closed' | 'dropped' | 'unsure' | 'together';
  by: string;
  /** Epoch seconds, or a day of the configuration. */
  until: EpochSeconds | string | null;
  reason: string;
  /** Pull request that was closed. */
  pull: number | null;
}

/** Law 8: a person's word about this finding that stands now; null when there is none. Configuration first, since it is the one in the repository. */
export function spare(
  proposal: Pick<Proposal, 'finding' | 'candidate' | 'declaration'>,
  prefix: string,
  config: PareConfig,
  memory: Memory,
  now: EpochSeconds,
): SparedFinding | null {
  const { finding, candidate, declaration } = proposal;
  const written = sparedBy(config, finding, [`${prefix}${declaration.place.file}`], now);
  if (written !== null) {
    const { author, reason, until } = written.entry;
    return { finding, kind: written.kind, by: author, until: until ?? null, reason, pull: null };
  }
  const kept = memory.keeps.find((one) => one.finding === finding.findingId && (one.until === null || now < one.until));
  if (kept !== undefined)
    return { finding, kind: 'keep', by: kept.by, until: kept.until, reason: kept.reason, pull: null };
  const standing = (one: Memory['closed'][number]) =>
    one.finding === finding.findingId &&
    !memory.reopened.includes(one.pull) &&
    !materiallyChanged(one.evidence, finding);
  const closed = memory.closed.find(standing);
  if (closed !== undefined) {
    const reason = `#${closed.pull} was closed without merging; it comes back when its evidence changes`;
    return { finding, kind: 'closed', by: closed.by, until: null, reason, pull: closed.pull };
  }
  const dropped = memory.dropped.find(standing);
  if (dropped !== undefined) {
    const reason = `taken out of #${dropped.pull}; it comes back when its evidence changes`;
    return { finding, kind: 'dropped', by: dropped.by, until: null, reason, pull: dropped.pull };
  }
  const sure = Math.min(finding.confidence, candidate.confidence);
  if (sure >= config.confidence.least) return null;
  const reason = `${Math.floor(sure * 100)} % sure, and confidence.least is ${Math.round(config.confidence.least * 100)} %`;
  return { finding, kind: 'unsure', by: 'configuration', until: null, reason, pull: null };
}
