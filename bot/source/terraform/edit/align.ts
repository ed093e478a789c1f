/**
 * The part of `terraform fmt` that an edit can upset: `=` signs of consecutive lines stand in one column, and so do trailing
 * comments. Source: formatCells in HCL's hclwrite/format.go.
 */
export function align(text: string): string {
  const lines = text.split(/(?<=\n)/);
  const out = lines.map(readLine);
  markHeredocs(out);
  alignRuns(
    out,
    (line) => line.assign !== null,
    (line) => line.lead.length,
    (line, width) => {
      line.lead = line.lead.padEnd(width);
    },
  );
  alignRuns(
    out,
    (line) => line.comment !== null && line.code() !== '',
    (line) => line.code().length,
    (line, width) => {
      line.gap = ' '.repeat(width - line.code().length + 1);
    },
  );
  return out.map((line) => line.print()).join('');
}

interface Line {
  lead: string;
  assign: string | null;
  comment: string | null;
  gap: string;
  end: string;
  raw: string;
  frozen: boolean;
  code(): string;
  print(): string;
}

const ASSIGNMENT = /^(\s*(?:"(?:[^"\\]|\\.)*"|[\p{L}_][\p{L}\p{N}_.-]*|\([^()]*\)))[ \t]*=(?![=>])[ \t]*(.*)$/u;

function readLine(raw: string): Line {
  const end = /\r?\n$/.exec(raw)?.[0] ?? '';
  const body = raw.slice(0, raw.length - end.length);
  const at = commentStart(body);
  const comment = at === null ? null : body.slice(at);
  const code = (at === null ? body : body.slice(0, at)).trimEnd();
  const match = ASSIGNMENT.exec(code);
  // A line that opens a bracket it does not close is set by itself.
  const opens = match !== null && netBrackets(match[2] ?? '') > 0;
  const apart = opens ? `${match[1]} = ${match[2]}` : code;
  return {
    lead: match === null || opens ? apart : match[1]!,
    assign: match === null || opens ? null : (match[2] ?? ''),
    comment,
    gap: code === '' ? body.slice(0, at ?? 0) : ' ',
    end,
    raw,
    frozen: false,
    code() {
      return this.assign === null ? this.lead : `${this.lead} = ${this.assign}`.trimEnd();
    },
    print() {
      if (this.frozen) return this.raw;
      return `${this.code()}${this.comment === null ? '' : this.gap + this.comment}${this.end}`;
    },
  };
}

function netBrackets(code: string): number {
  let net = 0;
  let quoted = false;
  for (let i = 0; i < code.length; i += 1) {
    const c = code[i]!;
    if (quoted && c === '\\') i += 1;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && '([{'.includes(c)) net += 1;
    else if (!quoted && ')]}'.includes(c)) net -= 1;
  }
  return net;
}

function markHeredocs(lines: readonly Line[]): void {
  let close: string | null = null;
  for (const line of lines) {
    if (close !== null) {
      line.frozen = true;
      line.assign = null;
      line.comment = null;
      if (line.raw.trim() === close) close = null;
      continue;
    }
    close = /<<-?([A-Za-z_]\w*)\s*$/.exec(line.raw.trimEnd())?.[1] ?? null;
  }
}

function alignRuns(
  lines: readonly Line[],
  in_: (l: Line) => boolean,
  width: (l: Line) => number,
  set: (l: Line, width: number) => void,
): void {
  for (let i = 0; i < lines.length; i += 1) {
    if (!in_(lines[i]!)) continue;
    let j = i;
    while (j + 1 < lines.length && in_(lines[j + 1]!)) j += 1;
    const run = lines.slice(i, j + 1);
    const most = Math.max(...run.map(width));
    for (const line of run) set(line, most);
    i = j;
  }
}

/** Where a trailing `#` or `//` comment begins, outside strings. */
function commentStart(line: string): number | null {
  let quoted = false;
  for (let i = 0; i < line.length; i += 1) {
    const c = line[i];
    if (quoted) {
      if (c === '\\') i += 1;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '#' || (c === '/' && line[i + 1] === '/')) return i;
  }
  return null;
}
