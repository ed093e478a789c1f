/** The public face of the live pull: AWS in, files that `readInventory` reads out. */
export { createAwsApi } from '../adapters/aws-api.ts';
export { writeFailures, writeScope } from '../adapters/write-scope.ts';
export { failurePlace } from '../failures.ts';
export { OPERATIONS } from './operations.ts';
export { memberPolicy, type Option, sessionPolicy } from './permissions.ts';
export { missingPolicy, type Probe, probePermissions } from './probe.ts';
export { type PullResult, pullInventory } from './pull.ts';
export { parseRoleArn, type Target } from './targets.ts';
