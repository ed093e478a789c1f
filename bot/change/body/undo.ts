import type { Batch } from '../contract.ts';
import { code } from '../markdown.ts';

export function undoSection(batch: Batch): string {
  const apply = batch.language === 'terraform' ? 'apply the root again' : 'update the stack again';
  return [
    '## How to undo',
    '',
    `Revert the commit (${code('git revert <commit>')}) and ${apply}; the rules come back as they were, with new rule ids. A closed pull request means no: the same findings are not proposed again until their evidence changes.`,
    '',
    'Pare owns this branch until somebody else commits to it; from then on it is left alone.',
  ].join('\n');
}
