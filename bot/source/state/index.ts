export { readStates } from './adapters/read.ts';
export { isProblem, parseTerraformState } from './parse.ts';
