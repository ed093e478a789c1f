import { defuseMarkdown, markdownCode } from '@pare/analyzer/model/text.ts';

/** GitHub cuts a body at 65,536 characters; below this there is room for what a host adds. */
export const BODY_LIMIT = 58_000;

const CELL_LIMIT = 160;

/** Outside text as a code span for a table cell; long text is cut, since one description must not fill the body. */
export function codeCell(text: string): string {
  return markdownCode(clip(text), 'cell');
}

/** Outside text as a code span in running text. */
export function code(text: string): string {
  return markdownCode(clip(text));
}

/** Outside text in words, inert. */
export function words(text: string, limit = 600): string {
  return defuseMarkdown(clip(text, limit));
}

/** A table; cells must be inert already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function clip(text: string, limit = CELL_LIMIT): string {
  const characters = [...text];
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`;
}
