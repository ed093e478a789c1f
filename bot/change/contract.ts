import type { Finding } from '@pare/analyzer/model/finding.ts';
import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import type { MappingCandidate } from '../mapping/contract.ts';
import type { Declaration, SourceNote } from '../source/contract.ts';

/** One file of a batch, whole, before and after. */
export interface FileChange {
  path: string;
  before: string;
  after: string;
}

/** One finding that a batch makes true. */
export interface Proposal {
  finding: Finding;
  candidate: MappingCandidate;
  declaration: Declaration;
  /** Address of the declared rule: resource with module path and instance, or logical id. */
  address: string;
  context: string;
  /** What stands instead; empty: the rule goes. */
  replacements: readonly RuleShape[];
  /** Text taken out and put in, in source order; the same edit may make several findings true. */
  edits: readonly { file: string; removed: string; inserted: string }[];
  /** Findings that the same edit makes true, this one left out. */
  togetherWith: readonly string[];
  /** What a reviewer should know: replacement instead of update in place, a short outage, … */
  warnings: readonly SourceNote[];
}

/** A finding that no edit stands for, and why; nothing of it was applied. */
export interface Refusal {
  finding: Finding;
  reasons: readonly SourceNote[];
  /** Every candidate the mapping named. */
  candidates: readonly MappingCandidate[];
}

/** What was proved about a batch; figures for the body. */
export interface BatchProof {
  /** Declared rules of all contexts, before and after. */
  rulesBefore: number;
  rulesAfter: number;
  removed: number;
  added: number;
  /** Workspaces, variable files, stacks that were evaluated. */
  contexts: readonly string[];
  filesChecked: readonly string[];
}

/** The proposals of one Terraform root or one template: one branch, one pull request. */
export interface Batch {
  /** `terraform:<root>` or `cloudformation:<template>`. */
  key: string;
  language: 'terraform' | 'cloudformation';
  root: string;
  branch: string;
  title: string;
  proposals: readonly Proposal[];
  changes: readonly FileChange[];
  /** Findings of the same root that were not touched. */
  refused: readonly Refusal[];
  proof: BatchProof;
}

export interface ChangePlan {
  batches: readonly Batch[];
  /** All findings that wanted a change and got none, of every batch and of none. */
  refused: readonly Refusal[];
}
