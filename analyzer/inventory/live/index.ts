/** The public face of the live pull: AWS in, files that `readInventory` reads out. */
export { createAwsApi } from '../adapters/aws-api.ts';
export { writeFailures, writeScope } from '../adapters/write-scope.ts';
export { ERRORS_FILE, failurePlace } from '../failures.ts';
export { type Option, sessionPolicy } from './permissions.ts';
export { type PullRequest, type PullResult, pullInventory, type ScopeSummary } from './pull.ts';
export { parseRoleArn, type Target } from './targets.ts';
