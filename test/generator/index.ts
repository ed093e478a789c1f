export { type Call, type Endpoint, WorldBuilder } from './builder.ts';
export { configHistory, type FlowLogDescription, inventoryDocuments, iso } from './inventory.ts';
export { blockedBy, groupsAt, questionOf, type Rulebook, ruleAllows, rulesAllowing, rulesLettingIn } from './oracle.ts';
export { hash, type Random, random } from './random.ts';
export { flowRecords, loggedSpans, phaseOf } from './records.ts';
export { finishWorld, generateState, generateWorld, type WorldOptions } from './scenario.ts';
export { type Features, type Stage, stage } from './stage.ts';
export type * from './types.ts';
export {
  describeFlowLogs,
  type FlowLogSpec,
  fieldsOf,
  flowLogsFor,
  type LogFormat,
  lineOf,
  type WriteOptions,
  type WrittenWorld,
  writeWorld,
} from './write.ts';
