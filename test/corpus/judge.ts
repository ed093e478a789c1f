import { formatProtocol, parseProtocol } from '../../analyzer/model/protocol.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import { EGRESS_PLACEHOLDER } from '../../bot/source/cloudformation/index.ts';
import type { DeclaredRule, SourceIndex, SourceLanguage, SourceTree, TextEdit } from '../../bot/source/contract.ts';

/** Independent of the editor's own judgement: rules as a multiset of plain texts. */
export function texts(index: SourceIndex): Map<string, number> {
  const counts = new Map<string, number>();
  for (const declaration of index.declarations)
    for (const rule of declaration.rules) counts.set(keyOf(rule), (counts.get(keyOf(rule)) ?? 0) + 1);
  return counts;
}

function keyOf(r: DeclaredRule): string {
  const protocol = parseProtocol(r.protocol) ?? r.protocol;
  return [r.root, r.context, r.direction, r.group, protocol, r.fromPort, r.toPort, r.peerKind, r.peer].join('|');
}

function compare(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  const out: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const change = (after.get(key) ?? 0) - (before.get(key) ?? 0);
    if (change !== 0) out.push(`${change > 0 ? '+' : ''}${change} ${key}`);
  }
  return out.sort();
}

/** A rule once it is narrowed as asked; what the wish keeps stays each rule's own. */
export function becomes(
  one: DeclaredRule,
  asked: RuleShape | null,
  to: RuleShape,
): Pick<DeclaredRule, 'protocol' | 'fromPort' | 'toPort' | 'peer'> {
  const { protocol, fromPort, toPort, peer } = one;
  const same = (...fields: (keyof RuleShape)[]) =>
    asked !== null && fields.every((field) => JSON.stringify(asked[field]) === JSON.stringify(to[field]));
  const ports = same('protocol', 'fromPort', 'toPort')
    ? { protocol, fromPort, toPort }
    : {
        protocol: formatProtocol(to.protocol),
        fromPort: String(to.fromPort ?? ''),
        toPort: String(to.toPort ?? ''),
      };
  return { ...ports, peer: !same('peer') && 'cidr' in to.peer ? to.peer.cidr : peer };
}

/** Why the difference of two evaluations is not the wish; null where it is. */
export function wrongRules(
  before: ReadonlyMap<string, number>,
  after: SourceIndex,
  changed: readonly DeclaredRule[],
  asked: RuleShape | null,
  replacement: RuleShape | null,
  placeholder: boolean,
): string | null {
  const expected = new Map(before);
  const count = (key: string, by: number) => expected.set(key, (expected.get(key) ?? 0) + by);
  for (const one of changed) {
    count(keyOf(one), -1);
    // Trap 14: the last egress rule of a group leaves a rule to the loopback block behind.
    if (placeholder) count(keyOf({ ...one, peerKind: 'cidrIpv4', peer: EGRESS_PLACEHOLDER }), 1);
    if (replacement === null) continue;
    count(keyOf({ ...one, ...becomes(one, asked, replacement) }), 1);
  }
  const gained = compare(before, texts(after));
  return gained.join('\n') === compare(before, expected).join('\n') ? null : `evaluates to ${gained.join(' ; ')}`;
}

/** Every byte outside the edits must be the byte of the file as it was, and files without an edit the same. */
export function wrongBytes(before: SourceTree, after: SourceTree, edits: readonly TextEdit[]): string | null {
  if (before.files.length !== after.files.length) return 'a file came or went';
  for (const file of before.files) {
    const mine = edits.filter((e) => e.range.file === file.path).sort((a, b) => a.range.start - b.range.start);
    const now = after.get(file.path);
    if (now === undefined) return `${file.path} is gone`;
    if (file.linkTo !== undefined) {
      if (now.text !== after.get(file.linkTo)?.text) return `${file.path} is no longer what it is a link to`;
      continue;
    }
    if (mine.length === 0) {
      if (now.text !== file.text) return `${file.path} changed without an edit`;
      continue;
    }
    let rest = Buffer.from(now.text);
    let at = 0;
    for (const edit of [...mine, null]) {
      const kept = Buffer.from(file.text.slice(at, edit?.range.start ?? file.text.length));
      if (!rest.subarray(0, kept.length).equals(kept)) return `${file.path}: bytes outside the edit changed`;
      rest = rest.subarray(kept.length);
      if (edit === null) break;
      const put = Buffer.from(edit.text);
      if (!rest.subarray(0, put.length).equals(put)) return `${file.path}: the edit's own bytes are not there`;
      rest = rest.subarray(put.length);
      at = edit.range.end;
    }
    if (rest.length > 0) return `${file.path}: ${rest.length} bytes too many`;
  }
  return null;
}

const opinions = new Map<string, number>();

/** What the second parser finds in changed files that it did not find before. */
export async function wrongSyntax(
  language: SourceLanguage,
  before: SourceTree,
  after: SourceTree,
  edits: readonly TextEdit[],
): Promise<string | null> {
  for (const path of new Set(edits.map((e) => e.range.file))) {
    const key = `${path}\0${before.get(path)!.text}`;
    const old = opinions.get(key) ?? (await language.check(before.get(path)!)).length;
    opinions.set(key, old);
    const notes = await language.check(after.get(path)!);
    if (notes.length > old) return `${path}:${notes[0]!.place.line} ${notes[0]!.message}`;
  }
  return null;
}
