/** The children of the first element called `tag` below the root, each as its text, and what stands before and after them. */
export function splitList(xml: string, tag: string): { head: string; items: string[]; tail: string } | null {
  const open = new RegExp(`<${tag}>`).exec(xml);
  if (open === null) return null;
  const from = open.index + open[0].length;
  const items: string[] = [];
  const token = /<(\/?)([\w:.-]+)[^>]*?(\/?)>/g;
  token.lastIndex = from;
  let depth = 0;
  let begin = from;
  for (let match = token.exec(xml); match !== null; match = token.exec(xml)) {
    const [all, closing, , selfClosing] = match;
    if (closing === '' && depth === 0) begin = match.index;
    if (closing === '' && selfClosing === '') depth++;
    if (closing === '/') depth--;
    if (depth < 0) return { head: xml.slice(0, from), items, tail: xml.slice(match.index) };
    if (depth === 0) items.push(xml.slice(begin, match.index + all.length));
  }
  return null;
}
