/**
 * Text from outside (names, descriptions, tags, paths, flow-log fields) on its way to a reader. Each function makes a string inert in one
 * place; none is a substitute for another. All are pure and total: any string is allowed, lone surrogates included.
 */

/** Cc: ESC and other controls. Cf: bidi controls, zero-width and tag characters. Zl, Zp: line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;

/** One line without anything invisible: breaks and tabs become a space, other control and format characters go. */
export function stripControls(text: string): string {
  return text.toWellFormed().replace(BREAKS, ' ').replace(INVISIBLE, '');
}

/** One line for a terminal, where nothing vanishes: what could move the cursor or reorder text is shown as `\u{1b}`. */
export function terminalSafe(text: string): string {
  return text.toWellFormed().replace(INVISIBLE, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

/**
 * Text as it reads, inside one line of GitHub-flavoured Markdown: no markup, HTML, image, table cell, mention, issue reference, closing
 * keyword, autolink or formula comes of it. GitHub looks for mentions and references after rendering, where a backslash is gone, so
 * these are broken by a zero-width space written as an entity.
 */
export function defuseMarkdown(text: string): string {
  return stripControls(text)
    .replace(/[&<>$]/g, (c) => `&#${c.codePointAt(0)!};`)
    .replace(/[\\`*_{}[\]()|~!]/g, (c) => `\\${c}`)
    .replace(/^(\s*)([-+=]|\d+(?=[.)]))/, (_, space: string, mark: string) =>
      /\d/.test(mark) ? `${space}&#8203;${mark}` : `${space}\\${mark}`,
    )
    .replace(/[@\uff20]/g, (c) => `${c}&#8203;`)
    .replace(/(?<!&)[#\uff03]/g, (c) => `${c}&#8203;`)
    .replace(/\b(GH)-(?=\d)/gi, '$1-&#8203;')
    .replace(/:\/\//g, ':&#8203;//')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}&#8203;.`)
    .replace(/^(\s*)\//, '$1&#8203;/');
}

/**
 * A code span of GitHub-flavoured Markdown that holds exactly the text (without controls). `cell` also escapes `|`, which ends a cell of a
 * table even inside a span and which only there is unescaped again. Empty text gives an empty string: an empty span is no span.
 */
export function markdownCode(text: string, place: 'inline' | 'cell' = 'inline'): string {
  const plain = stripControls(text);
  if (plain.trim() === '') return '';
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(plain) ? ' ' : '';
  const body = place === 'cell' ? plain.replaceAll('|', '\\|') : plain;
  return `${fence}${pad}${body}${pad}${fence}`;
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** For HTML text and quoted attribute values; also valid in XML. Controls and bidi controls go. */
export function escapeHtml(text: string): string {
  return stripControls(text).replace(/[&<>"'`]/g, (c) => HTML[c]!);
}

/**
 * One CSV cell (RFC 4180), quoted where needed. Text that a spreadsheet would take for a formula gets an apostrophe in front
 * (OWASP, CSV injection); numbers stay numbers.
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const guarded = /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  const text = guarded.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => (/[\t\r\n]/.test(c) ? ' ' : ''));
  // A control in front may have hidden the sign; look again at what is left.
  const safe = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",;\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const PRINTABLE_ASCII = /^[ -~]*$/;

/** Columns that a terminal gives a character: 2 for East Asian wide and emoji, 0 for combining marks. Good enough for padding. */
export function columns(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const c of text) {
    if (/\p{M}/u.test(c)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        c,
      )
        ? 2
        : 1;
  }
  return width;
}

/** At most `width` columns; a cut is shown by `…`. */
export function clip(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const c of text) {
    const next = columns(c);
    if (used + next > width - 1) break;
    out += c;
    used += next;
  }
  return `${out}…`;
}
