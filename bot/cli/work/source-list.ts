import { terminalSafe } from '@pare/analyzer/model/text.ts';
import type { Declaration, DeclaredRule, SourceTree } from '../../source/contract.ts';
import { placeOf } from '../../source/text.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { openSource, type SourceTreeOptions, tell } from './source-tree.ts';

export interface SourceListOptions extends SourceTreeOptions {
  json?: boolean;
}

/** `pare source list`: every declaration with the rules it makes. Notes go to stderr, in JSON they are part of the document. */
export async function list(options: SourceListOptions, runtime: Runtime): Promise<ExitCode> {
  const { languages, notes } = await openSource(options, runtime);
  const entries = languages.flatMap(({ index }) => index.declarations.map((one) => entryOf(one, index.tree)));
  if (options.json === true) {
    await runtime.write(`${JSON.stringify({ schemaVersion: 1, declarations: entries, notes }, null, 2)}\n`);
    return EXIT.clean;
  }
  await runtime.write(entries.map(entryText).join('\n'));
  tell(notes, runtime);
  const rules = entries.reduce((sum, entry) => sum + entry.rules.length, 0);
  runtime.note('info', `${entries.length} declarations, ${rules} rules`);
  return EXIT.clean;
}

interface Entry {
  id: string;
  language: Declaration['language'];
  file: string;
  /** Counted from 1, both inclusive. */
  lines: readonly [number, number];
  form: Declaration['form'];
  repetition: Declaration['repetition'];
  root: string;
  rules: readonly EntryRule[];
  notes: Declaration['notes'];
}

interface EntryRule {
  /** For --at of pare source edit. */
  at: number;
  address: string;
  root: string;
  context: string;
  group: string;
  direction: DeclaredRule['direction'];
  protocol: string;
  fromPort: string;
  toPort: string;
  peerKind: DeclaredRule['peerKind'];
  peer: string;
  description: string | null;
  /** Names of the parts that the source alone does not tell. */
  unknown: readonly string[];
}

function entryOf(declaration: Declaration, tree: SourceTree): Entry {
  const file = tree.get(declaration.range.file);
  const last = Math.max(declaration.range.start, declaration.range.end - 1);
  const { line } = declaration.place;
  return {
    id: declaration.id,
    language: declaration.language,
    file: declaration.range.file,
    lines: [line, file === undefined ? line : placeOf(file, last).line],
    form: declaration.form,
    repetition: declaration.repetition,
    root: declaration.root,
    rules: declaration.rules.map((rule, at) => ruleOf(rule, at, declaration.root)),
    notes: declaration.notes,
  };
}

function ruleOf(rule: DeclaredRule, at: number, root: string): EntryRule {
  const { address, context, group, direction, protocol, fromPort, toPort, peerKind, peer, description } = rule;
  const values = { group, protocol, fromPort, toPort, peer };
  const unknown = Object.entries(values)
    .filter(([, value]) => /^(ref|unknown):/.test(value))
    .map(([name]) => name);
  const where = { at, address, root: rule.root ?? root, context };
  return { ...where, group, direction, protocol, fromPort, toPort, peerKind, peer, description, unknown };
}

function entryText(entry: Entry): string {
  const [first, last] = entry.lines;
  const lines = first === last ? `${first}` : `${first}-${last}`;
  const head = `${entry.id}\n  ${entry.file}:${lines}  ${entry.form}, ${entry.repetition}`;
  const rules = entry.rules.map((rule) => {
    const place = [
      rule.root === '.' || rule.root === '' ? '' : rule.root,
      rule.context === 'default' ? '' : rule.context,
    ];
    const where = place.filter((part) => part !== '').join(', ');
    return `  --at ${rule.at}  ${shown(rule)}  ${rule.address}${where === '' ? '' : ` (${where})`}`;
  });
  if (rules.length === 0) rules.push('  makes no rule');
  const notes = entry.notes.map((note) => `  ! ${note.message} (${note.place.file}:${note.place.line})`);
  return `${[head, ...rules, ...notes].map(terminalSafeLines).join('\n')}\n`;
}

function terminalSafeLines(text: string): string {
  return text.split('\n').map(terminalSafe).join('\n');
}

/** `ingress tcp 22 from 10.0.0.0/8`; what is unknown by the name that the evaluator gave it. */
function shown(rule: Omit<EntryRule, 'at'>): string {
  const { direction, protocol, fromPort, toPort, peer, peerKind } = rule;
  const ports = fromPort === '' && toPort === '' ? '' : fromPort === toPort ? ` ${fromPort}` : ` ${fromPort}-${toPort}`;
  const who = peerKind === 'self' ? 'self' : peer;
  return `${direction} ${protocol === '-1' ? 'all' : protocol}${ports} ${direction === 'ingress' ? 'from' : 'to'} ${who}`;
}

/** One rule for messages. */
export function ruleText(rule: DeclaredRule): string {
  return `${shown(ruleOf(rule, 0, ''))}  ${rule.address}`;
}
