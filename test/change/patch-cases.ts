const lines = (n: number, eol = '\n') => Array.from({ length: n }, (_, i) => `line ${i}${eol}`).join('');

/** One change each; applied by the diff library in the fast suite and by git in the slow one. */
export const PATCH_CASES = [
  { name: 'a line removed', path: 'a.tf', before: lines(20), after: lines(20).replace('line 7\n', '') },
  {
    name: 'CRLF',
    path: 'live/b.tf',
    before: lines(20, '\r\n'),
    after: lines(20, '\r\n').replace('line 7\r\n', 'x\r\ny\r\n'),
  },
  { name: 'mixed line ends', path: 'b.tf', before: 'a\r\nb\nc\r\nd\n', after: 'a\r\nc\r\nd\n' },
  { name: 'no newline at the end', path: 'c.tf', before: 'a\nb\nc', after: 'a\nc' },
  { name: 'a newline at the end that goes', path: 'c.tf', before: 'a\nb\n', after: 'a' },
  { name: 'a newline at the end that comes', path: 'c.tf', before: 'a', after: 'a\nb\n' },
  { name: 'a byte order mark', path: 'd.tf', before: '\uFEFFa\nb\n', after: '\uFEFFb\n' },
  { name: 'a name with spaces', path: 'live/net work/e f.tf', before: 'a\nb\n', after: 'a\n' },
  { name: 'a name with quotes and umlauts', path: 'live/"ä" \\x.tf', before: 'a\nb\n', after: 'a\n' },
  {
    name: 'lines that look like a patch',
    path: 'g.tf',
    before: '--- a/x\n+++ b/x\n@@ -1 +1 @@\nz\n',
    after: '--- a/x\n@@ -1 +1 @@\nz\n',
  },
  {
    name: 'two places far apart',
    path: 'h.tf',
    before: lines(60),
    after: lines(60).replace('line 3\n', '').replace('line 50\n', 'x\n'),
  },
  { name: 'all lines gone', path: 'i.tf', before: 'a\nb\n', after: '' },
  { name: 'characters outside the first plane', path: 'j.tf', before: '# 😀\na\n', after: '# 😀\n' },
];
