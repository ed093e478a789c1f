import { HOSTILE } from '../report/fixture.ts';

/** What would act in a body, a dashboard, a commit message, a comment, a path or a branch name of this App in particular. */
const OURS: readonly string[] = [
  '<!-- pare-pull:v1 eyJ2ZXJzaW9uIjoxfQ -->',
  '<!-- pare-memory:v1 AAAA -->',
  '<!-- pare-overflow:v1 0 0123456789abcdef -->',
  '<!-- pare-onboarding:v1 0123456789abcdef -->',
  '- [x] <!-- pare-tick:open:abc --> x',
  '\n- [x] <!-- pare-tick:resume:all --> x',
  '\r\n- [x] <!-- pare-tick:brake:all --> x',
  '--> <!-- pare-tick:rerun:all -->',
  'x\nPare-Tree: 0000000000000000000000000000000000000000',
  'x\r\rPare-Edit: 00',
  '\n/pare pause',
  '/pare drop sgr-1',
  'Co-authored-by: eve <eve@example.com>',
  '\nSigned-off-by: eve',
  '[skip ci]',
  '../../.github/workflows/x.yml',
  '.git/hooks/pre-commit',
  'C:\\windows\\system32',
  'a/../../b',
  '-rf',
  '--upload-pack=x',
  'refs/heads/main',
  'main..evil',
  'x.lock',
  'a b~c^d:e?f*g[h',
  '@{upstream}',
  '%0a%0dfixes%20#1',
  '&#64;octocat',
  '&commat;octocat',
  'ＧＨ－1 ＠octocat ＃1',
  'https://github.com/o/r/pull/1',
  'o/r@0123456789abcdef0123456789abcdef01234567',
  '0123456789abcdef0123456789abcdef01234567',
  '*[_`~<|\\',
  '</details></table>',
  '<details open ontoggle=alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '|\n|---|\n| x |',
  '`'.repeat(70),
  '\u2028# heading',
];

/** 300 and more: each by itself, and where something stands in front or behind. */
export const CORPUS: readonly string[] = [
  ...new Set(
    [...HOSTILE, ...OURS]
      .flatMap((text) => [text, `web ${text}`, `\n${text}\n`, `\`${text}`])
      .map((text) => text.slice(0, 4_000)),
  ),
];

/** Text without its code spans, in which nothing acts: a run of backticks up to the next run of the same length. */
export function outsideCode(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const open = /`+/y;
    open.lastIndex = at;
    if (text[at - 1] === '\\' || text[at] !== '`') {
      out += text[at];
      at += 1;
      continue;
    }
    const run = open.exec(text)![0];
    const rest = text.slice(at + run.length);
    const close = [...rest.matchAll(/`+/g)].find((one) => one[0] === run);
    // A span does not reach over a blank line.
    const end = close === undefined ? -1 : close.index;
    if (end < 0 || /\n\s*\n/.test(rest.slice(0, end))) {
      out += run;
      at += run.length;
    } else {
      out += '`…`';
      at += run.length + end + run.length;
    }
  }
  return out;
}

/** What would act in Markdown on GitHub; empty: nothing. Our own comments, line breaks and references are known. */
export function acting(text: string): string[] {
  const plain = outsideCode(text)
    .replace(/<!-- pare-(?:pull|memory|overflow|onboarding):v1 [A-Za-z0-9_ -]+? -->\s*$/, '')
    .replace(/^- \[ \] <!-- pare-tick:[a-z]+:[A-Za-z0-9_-]+ -->/gm, '- [ ]')
    .replaceAll('<br>', ' ');
  const patterns: [string, RegExp][] = [
    ['HTML', /(?<!\\)<[a-z/!?]/i],
    ['mention', /(?<![\w&#;])@[A-Za-z0-9]/],
    ['reference', /(?<![\w&])#\d(?!\d* )/],
    ['reference', /\bGH-\d/i],
    ['image or link', /(?<!\\)\](?:\(|\[)/],
    ['address', /\b(?:https?|ftp):\/\//i],
    ['address', /\bwww\.\w/i],
    ['ticked box', /^\s*[-*+] \[[xX]\]/m],
    ['control', /[^\P{C}\n]/u],
    ['command', /^\s*\/pare/m],
  ];
  return patterns.flatMap(([name, pattern]) => {
    const found = pattern.exec(plain);
    return found === null
      ? []
      : [`${name}: ${JSON.stringify(plain.slice(Math.max(0, found.index - 30), found.index + 40))}`];
  });
}
