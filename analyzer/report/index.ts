export { toCsv } from './csv.ts';
export { type ExplainOptions, type SourceStory, toExplanation } from './explain.ts';
export { toHtml } from './html.ts';
export { toJson } from './json.ts';
export { toJUnit } from './junit.ts';
export { toMarkdown } from './markdown.ts';
export { toSarif } from './sarif.ts';
export { toTable } from './table.ts';
export type { SourcePlace } from './words.ts';
