import { createHash } from 'node:crypto';
import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { Batch } from '../../change/contract.ts';
import type { RepositoryFacts } from '../contract.ts';

export type Redact = (text: string) => string;

/** Whether bodies must not draw a map of the network: anybody reads a public repository. Where the host does not say, it is public. */
export function mustRedact(setting: 'auto' | 'always' | 'never', { visibility }: RepositoryFacts): boolean {
  if (setting !== 'auto') return setting === 'always';
  return visibility === null || visibility === 'public';
}

const AWS_ID = /\b(sg|sgr|sgr-derived|eni|vpc|subnet|pl|pcx|rtb|igw|nat|vpce|i|ami|fl)-[0-9a-f]{8,17}\b/g;
/** Twelve digits, but not those of a finding id, which is what commands name a rule by: one id in 280 has no letter. */
const ACCOUNT = /(?<![0-9A-Za-z])(?<!(?<![\w.-])f-)\d{12}(?![0-9A-Za-z])/g;
const IPV4 = /(?<![0-9.])(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?(?![0-9.]*\d)/g;
const IPV6 = /(?<![0-9A-Za-z:])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4})?(?:\/\d{1,3})?(?![0-9A-Za-z:])/gi;

/** Ids become a kind and four digits, so that rows can still be told apart; addresses and accounts, which could be guessed, become words. */
export function redactText(text: string): string {
  return text
    .replace(AWS_ID, (id, kind: string) => `${kind}-…${createHash('sha256').update(id).digest('hex').slice(0, 4)}`)
    .replace(IPV6, '[address]')
    .replace(IPV4, '[address]')
    .replace(ACCOUNT, '[account]');
}

/** The batch as a stranger may see it. What the source says itself is public already and stays. */
export function redactBatch(batch: Batch): Batch {
  return {
    ...batch,
    proposals: batch.proposals.map((one) => ({
      ...one,
      finding: redactFinding(one.finding),
      candidate: { ...one.candidate, reason: redactText(one.candidate.reason) },
      warnings: one.warnings.map((note) => ({ ...note, message: redactText(note.message) })),
    })),
    refused: batch.refused.map((one) => ({
      ...one,
      finding: redactFinding(one.finding),
      reasons: one.reasons.map((note) => ({ ...note, message: redactText(note.message) })),
    })),
  };
}

function redactFinding(finding: Finding): Finding {
  return {
    ...finding,
    ruleId: redactText(finding.ruleId),
    groupId: redactText(finding.groupId),
    groupName: '',
    accountId: '[account]',
    description: null,
    detail:
      finding.usage.flows === 0
        ? 'no connection was seen'
        : 'connections were seen, on fewer ports or from fewer peers',
    usage: { ...finding.usage, topPeers: [], topPorts: [], perDay: [] },
    coverage: { ...finding.coverage, interfaces: [] },
  };
}

/** Figures that say how large the network and its traffic are. */
export function redactDocument(document: FindingsDocument): FindingsDocument {
  return { ...document, unexplained: [], warnings: [] };
}
