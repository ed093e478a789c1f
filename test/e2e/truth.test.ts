import { truthSuite } from './truth-suite.ts';

// Twenty seeds run in truth.slow.test.ts; these two keep the fast suite honest.
truthSuite([1, 2]);
