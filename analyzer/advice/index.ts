export { type Advice, type AdviceInput, advise, type Verdict } from './advise.ts';
export { type DocumentInput, findingsDocument, replacement } from './document.ts';
export { DEFAULT_POLICY, type Policy } from './policy.ts';
export { type PolicyProblem, type PolicyResult, parsePolicy, policyJsonSchema, policySchema } from './policy-file.ts';
export { type PortPlan, planPorts } from './ports.ts';
export { type Replay, type RuleAfter, replay } from './replay.ts';
export { tidy } from './tidy.ts';
