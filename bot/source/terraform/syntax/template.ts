import type { TemplatePart } from './ast.ts';

/** One step of a template as the source has it, before strip markers and heredoc indentation are applied. */
export type TemplateToken =
  | { kind: 'text'; text: string; file: string; start: number; end: number }
  | { kind: 'part'; part: TemplatePart; stripBefore: boolean; stripAfter: boolean };

/** `~` next to a marker removes white space on that side up to and including one line's break. HCL spec, "Templates". */
export function applyStripMarkers(tokens: readonly TemplateToken[]): TemplateToken[] {
  return tokens.map((token, i) => {
    if (token.kind !== 'text') return token;
    const before = tokens[i - 1];
    const after = tokens[i + 1];
    let text = token.text;
    if (before?.kind === 'part' && before.stripAfter) text = text.trimStart();
    if (after?.kind === 'part' && after.stripBefore) text = text.trimEnd();
    return { ...token, text };
  });
}

/** One step of a heredoc, before it has a tree. */
export type FlatToken = { kind: 'text'; text: string; start: number } | { kind: 'marker' };

export function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

/**
 * `<<-` takes from every line as many leading spaces as the least indented line has. Lines of white space only do not count and stay; a line
 * that begins with a marker has no indentation, and so has one whose text a strip marker took away. In place. Source: flushHeredocTemplateParts
 * in HCL's hclsyntax/parser_template.go.
 */
export function flush(tokens: readonly FlatToken[]): void {
  let least = Number.POSITIVE_INFINITY;
  let begins = true;
  const indented: Extract<FlatToken, { kind: 'text' }>[] = [];
  for (const token of tokens) {
    if (begins && token.kind === 'marker') least = 0;
    if (begins && token.kind === 'text' && !(token.text.trim() === '' && token.text.endsWith('\n'))) {
      least = Math.min(least, token.text.length - token.text.trimStart().length);
      indented.push(token);
    }
    begins = token.kind === 'text' && token.text.endsWith('\n');
  }
  for (const token of indented) token.text = token.text.slice(least);
}

export function partsOf(tokens: readonly TemplateToken[]): TemplatePart[] {
  const parts: TemplatePart[] = [];
  for (const token of tokens) {
    if (token.kind === 'part') parts.push(token.part);
    else if (token.text !== '') parts.push(token);
  }
  return parts;
}
