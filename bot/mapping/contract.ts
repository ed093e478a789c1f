import type { SecurityGroupRule } from '@pare/analyzer/model/rule.ts';
import type { SourceNote } from '../source/contract.ts';

/** How a live rule was found in the source; strongest first. */
export type MappingMethod = 'rule-id' | 'state-tuple' | 'stack-resource' | 'evaluation' | 'hint';

export interface MappingCandidate {
  declaredRuleId: string;
  declarationId: string;
  method: MappingMethod;
  /** 0 to 1. */
  confidence: number;
  /** One sentence for a reviewer. */
  reason: string;
}

/** Where one live rule comes from: candidates by falling confidence. None: unmanaged, or refused with notes. */
export interface Mapping {
  rule: SecurityGroupRule;
  candidates: readonly MappingCandidate[];
  notes: readonly SourceNote[];
}
