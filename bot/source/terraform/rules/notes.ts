import type { SourceNote } from '../../contract.ts';
import { placeOfRange } from '../../text.ts';
import { directoryOf } from '../eval/definition.ts';
import { isOverride } from '../eval/override.ts';
import { type Project, VENDORED } from '../eval/project.ts';
import { attributeOf, blocksOf, type Expression } from '../syntax/ast.ts';
import type { FileParser } from '../syntax/parse.ts';
import type { Site } from './extract.ts';

/** Codes of notes that forbid any edit of a declaration. */
export const FORBIDDING: ReadonlySet<string> = new Set([
  'vendored',
  'ignore-changes',
  'prevent-destroy',
  'invalid-source',
  'override',
  'replaces-group',
]);

/** Trap 12 in cloudposse/security-group: its README, "Avoiding Service Interruptions". */
const KEYED = 'aws_security_group_rule.keyed';
const FORCES = 'random_id.rule_change_forces_new_security_group';

/** What a person must know about one declaration before it is edited. */
export function declarationNotes(project: Project, site: Site, parser: FileParser): SourceNote[] {
  const file = project.tree.get(site.range.file);
  const notes: SourceNote[] = [];
  const definition = project.definition(directoryOf(site.range.file));
  if (VENDORED.test(site.range.file) && site.resourceName === KEYED && definition?.resources.has(FORCES) === true)
    notes.push({
      code: 'replaces-group',
      message:
        'with create_before_destroy and without preserve_security_group_id, this module makes a new group whenever a rule changes',
      place: { file: site.range.file, line: 1 },
    });
  if (file === undefined) return notes;
  const place = placeOfRange(file, site.range);
  if (VENDORED.test(site.range.file))
    notes.push({
      code: 'vendored',
      message: 'this is a copy of a module that terraform init made; change its inputs instead',
      place,
    });
  if (isOverride(site.range.file))
    notes.push({
      code: 'override',
      message: 'this is an override file, which is merged into another declaration',
      place,
    });
  const [override] = site.resource.overrides ?? [];
  if (override !== undefined && !isOverride(site.range.file))
    notes.push({
      code: 'override',
      message: `${override.file} is merged into this block; change both by hand`,
      place,
    });
  const faulty = parser.parse(file)?.faults.find((f) => f.start < site.resource.end && f.end > site.resource.start);
  if (faulty !== undefined)
    notes.push({ code: 'invalid-source', message: faulty.message, place: placeOfRange(file, faulty) });
  for (const lifecycle of blocksOf(site.resource.body, 'lifecycle')) {
    const ignored = attributeOf(lifecycle.body, 'ignore_changes');
    if (ignored !== undefined && ignores(ignored.value, site))
      notes.push({
        code: 'ignore-changes',
        message: 'lifecycle ignore_changes covers this, so an edit would change nothing',
        place: placeOfRange(file, ignored),
      });
    const kept = attributeOf(lifecycle.body, 'prevent_destroy')?.value;
    if (kept !== undefined && !(kept.kind === 'literal' && kept.value === false) && site.form.endsWith('-rule'))
      notes.push({
        code: 'prevent-destroy',
        message:
          'lifecycle prevent_destroy says that this is to stay, and fails the plan of a replacement or of one instance less',
        place: placeOfRange(file, lifecycle),
      });
  }
  return notes;
}

function ignores(e: Expression, site: Site): boolean {
  if (e.kind === 'variable') return e.name === 'all';
  if (e.kind === 'literal') return e.value === 'all';
  if (e.kind !== 'tuple') return false;
  const standalone = site.form.endsWith('-rule');
  return e.items.some((item) => {
    const name = item.kind === 'variable' ? item.name : item.kind === 'literal' ? String(item.value) : null;
    if (name === null) return item.kind === 'index' || item.kind === 'attribute';
    return name === 'all' || (standalone ? name !== 'description' && name !== 'tags' : name === site.direction);
  });
}
