import { truthSuite } from './truth-suite.ts';

truthSuite(Array.from({ length: 20 }, (_, n) => n + 1));
