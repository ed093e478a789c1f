/** Quoted template text as it stands in source to the characters it means. HCL native syntax spec, "Template literals". */
export function unquote(source: string): string {
  if (!source.includes('\\') && !source.includes('$${') && !source.includes('%%{')) return source;
  return source.replace(
    /\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([$%])\4\{/g,
    (
      all,
      simple: string | undefined,
      short: string | undefined,
      long: string | undefined,
      sign: string | undefined,
    ) => {
      if (sign !== undefined) return `${sign}{`;
      if (simple !== undefined) return { n: '\n', r: '\r', t: '\t' }[simple] ?? simple;
      const code = Number.parseInt(short ?? long ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

/** Heredoc and JSON templates know only the doubled markers. */
export function unescapeMarkers(source: string): string {
  return source.replace(/([$%])\1\{/g, '$1{');
}

/** A string as an HCL literal with its quotes. */
export function quote(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/([$%])\{/g, '$1$1{');
  return `"${escaped}"`;
}
