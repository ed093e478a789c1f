import type { Declaration, DeclaredRule, SourceIndex, SourceNote } from '../contract.ts';
import type { Change } from './rewrite.ts';
import type { Site } from './sites.ts';
import type { Template } from './template.ts';

/** What an edit step gives back: changes of the file, or why there are none. */
export type Step =
  | { ok: true; changes: readonly Change[]; warnings: readonly SourceNote[] }
  | { ok: false; refusals: readonly SourceNote[] };

/** All that the steps need to know about the rule to change. */
export interface Subject {
  index: SourceIndex;
  template: Template;
  site: Site;
  sites: readonly Site[];
  declaration: Declaration;
  rule: DeclaredRule;
}
