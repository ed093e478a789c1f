import type { SourceNote, TextEdit } from '../../contract.ts';
import { placeOfRange } from '../../text.ts';
import type { ModuleDefinition } from '../eval/definition.ts';
import type { Block, Body, Expression } from '../syntax/ast.ts';
import { cutLines, cutMember } from './cut.ts';
import { expressionsOf, membersAt } from './locate.ts';

/**
 * What else speaks of a resource that is about to go: `depends_on` entries are edited, everything else forbids the removal (trap 9). A
 * `moved` block may lead to what is gone: the plan then destroys it, "because … was moved to …, which is not in configuration".
 */
export function danglingReferences(
  definition: ModuleDefinition,
  block: Block,
  name: string,
): { edits: TextEdit[]; refusals: SourceNote[] } {
  const edits: TextEdit[] = [];
  const refusals: SourceNote[] = [];
  const [type, label] = name.split('.') as [string, string];
  for (const parsed of definition.files) {
    for (const e of expressionsOf(parsed)) {
      if (e.kind !== 'attribute' || e.name !== label || e.of.kind !== 'variable' || e.of.name !== type) continue;
      if (e.file === block.file && e.start >= block.start && e.end <= block.end) continue;
      if (
        parsed.body.items.some((i) => i.kind === 'block' && i.type === 'moved' && i.start <= e.start && e.end <= i.end)
      )
        continue;
      const dependency = parsed.syntax === 'hcl' ? dependsOn(parsed.body, e) : null;
      const member = membersAt(parsed, e)[0];
      if (dependency !== null && member !== undefined && edits.length < 20) {
        const whole = member.container.items.length === 1;
        edits.push(...(whole ? cutLines(parsed, dependency) : cutMember(parsed, member.container, member.index)));
        continue;
      }
      refusals.push({
        code: 'referenced',
        message: `${name} is referred to here; remove the reference first`,
        place: placeOfRange(parsed.file, e),
      });
    }
  }
  return { edits, refusals };
}

/** The depends_on attribute that an expression is an element of. */
function dependsOn(body: Body, e: Expression): { start: number; end: number } | null {
  for (const item of body.items) {
    if (e.start < item.start || e.end > item.end) continue;
    if (item.kind === 'block') return dependsOn(item.body, e);
    return item.name === 'depends_on' ? item : null;
  }
  return null;
}
