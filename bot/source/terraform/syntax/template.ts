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

/** Heredoc text is one token a line, so that a strip marker takes at most one line break. */
export function byLine(tokens: readonly TemplateToken[]): TemplateToken[] {
  return tokens.flatMap((token): TemplateToken[] => {
    if (token.kind === 'part') return [token];
    return token.text.split(/(?<=\n)/).map((text) => ({ ...token, text }));
  });
}

/**
 * `<<-` takes from every line as many leading spaces as the least indented line has; lines of white space only do not count.
 * Source: flushHeredocTemplateParts in HCL's hclsyntax/parser_template.go.
 */
export function leastIndent(heredoc: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (const line of heredoc.split(/(?<=\n)/)) {
    if (line.trim() === '') continue;
    least = Math.min(least, line.length - line.trimStart().length);
  }
  return least === Number.POSITIVE_INFINITY ? 0 : least;
}

export function partsOf(tokens: readonly TemplateToken[]): TemplatePart[] {
  const parts: TemplatePart[] = [];
  for (const token of tokens) {
    if (token.kind === 'part') parts.push(token.part);
    else if (token.text !== '') parts.push(token);
  }
  return parts;
}
