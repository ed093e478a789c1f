import type { TextEdit } from '../../contract.ts';
import type { ParsedFile } from '../syntax/ast.ts';
import type { Container } from './locate.ts';

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Just after the line's break, or the text's end. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  return at < 0 ? text.length : at + 1;
}

const edit = (file: string, start: number, end: number, text = ''): TextEdit => ({ range: { file, start, end }, text });

/** Drops one element of a list or one entry of an object; takes the comments that belong to it, keeps all others. */
export function cutMember(parsed: ParsedFile, container: Container, index: number): TextEdit[] {
  const { text, path } = parsed.file;
  const item = container.items[index];
  if (item === undefined) return [];
  if (container.items.length === 1 && noCommentsOutside(parsed, container, item))
    return [edit(path, container.inner.start, container.inner.end)];
  const previous = container.items[index - 1];
  const next = container.items[index + 1];
  const comma = commaAfter(parsed, item.end, next?.start ?? container.inner.end);
  const before = previous === undefined ? null : commaAfter(parsed, previous.end, item.start);
  const last = next === undefined;
  const cuts: TextEdit[] = [];
  // The comma that would now dangle: JSON forbids it, and a list written without a trailing one stays so.
  const orphan = last && comma === null && before !== null;
  const own = ownLines(parsed, item, comma === null ? item.end : comma + 1, container);
  if (own !== null) {
    if (orphan) cuts.push(edit(path, before, before + 1));
    return [...cuts, edit(path, own.start, own.end)];
  }
  if (next !== undefined) {
    const sameLine = !text.slice(item.end, next.start).includes('\n');
    const end = sameLine ? next.start : comma === null ? item.end : comma + 1;
    const from = sameLine ? item.start : trimLeft(text, item.start);
    return [edit(path, from, end)];
  }
  if (previous === undefined) return [edit(path, item.start, comma === null ? item.end : comma + 1)];
  if (orphan) return [edit(path, before, item.end)];
  return [edit(path, trimLeft(text, item.start), comma === null ? item.end : comma + 1)];
}

function trimLeft(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && (text[at - 1] === ' ' || text[at - 1] === '\t')) at -= 1;
  return at;
}

function noCommentsOutside(parsed: ParsedFile, container: Container, item: { start: number; end: number }): boolean {
  return !parsed.comments.some(
    (c) =>
      c.start >= container.inner.start && c.end <= container.inner.end && (c.end <= item.start || c.start >= item.end),
  );
}

function commaAfter(parsed: ParsedFile, from: number, to: number): number | null {
  const { text } = parsed.file;
  for (let at = from; at < to; at += 1) {
    if (text[at] !== ',') continue;
    if (!parsed.comments.some((c) => c.start <= at && at < c.end)) return at;
  }
  return null;
}

/** The whole lines of an item that shares them with nothing else, with its trailing comment and the comment lines right above. */
function ownLines(
  parsed: ParsedFile,
  item: { start: number; end: number },
  end: number,
  container: Container,
): { start: number; end: number } | null {
  const { text } = parsed.file;
  const first = lineStart(text, item.start);
  if (first <= container.start || text.slice(first, item.start).trim() !== '') return null;
  const after = lineEnd(text, end);
  if (after > container.inner.end) return null;
  const rest = text.slice(end, after);
  if (rest.trim() !== '' && !isComment(parsed, end + rest.length - rest.trimStart().length, after)) return null;
  return { start: leadingComments(parsed, first, container.inner.start), end: after };
}

function isComment(parsed: ParsedFile, start: number, lineEndOffset: number): boolean {
  return parsed.comments.some((c) => c.start === start && c.end <= lineEndOffset && c.end >= lineEndOffset - 2);
}

/** Start of the run of comment lines directly above a line; banners (rules of - = # *) head a section and stay. */
export function leadingComments(parsed: ParsedFile, first: number, floor: number): number {
  const { text } = parsed.file;
  let start = first;
  while (start > floor) {
    const above = lineStart(text, start - 1);
    if (above < floor) break;
    const line = text.slice(above, start);
    const comment = parsed.comments.find((c) => c.start === above + line.length - line.trimStart().length);
    if (comment === undefined || comment.end < above + line.trimEnd().length || comment.end > start) break;
    if (/[-=#*~]{4,}/.test(line)) break;
    start = above;
  }
  return start;
}

/** Drops a block or an attribute with its lines, its comment and one blank line. */
export function cutLines(parsed: ParsedFile, range: { start: number; end: number }): TextEdit[] {
  const { text, path } = parsed.file;
  const first = lineStart(text, range.start);
  const after = lineEnd(text, range.end);
  const alone = text.slice(first, range.start).replace('\uFEFF', '').trim() === '';
  const rest = text.slice(range.end, after);
  const quiet = rest.trim() === '' || isComment(parsed, range.end + rest.length - rest.trimStart().length, after);
  if (!alone || !quiet) return [edit(path, range.start, range.end)];
  const bom = first === 0 && text.startsWith('\uFEFF') ? 1 : 0;
  const start = Math.max(bom, leadingComments(parsed, first, bom));
  const below = lineEnd(text, after);
  if (after < text.length && text.slice(after, below).trim() === '' && blankOrOpenAbove(text, start))
    return [edit(path, start, below)];
  const above = lineStart(text, start - 1);
  const closes = after >= text.length || text.slice(after, below).trim() === '}';
  if (closes && start > bom && text.slice(above, start).trim() === '' && above >= bom)
    return [edit(path, above, after)];
  return [edit(path, start, after)];
}

/** True at the start of the text, after a blank line or an opening brace: there a blank line below would be one too many. */
function blankOrOpenAbove(text: string, start: number): boolean {
  if (start <= 1) return true;
  const line = text.slice(lineStart(text, start - 1), start).trim();
  return line === '' || /[{[]$/.test(line);
}
