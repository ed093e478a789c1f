import { describe, expect, it } from 'vitest';
import {
  clip,
  columns,
  csvCell,
  defuseMarkdown,
  escapeHtml,
  markdownCode,
  stripControls,
  terminalSafe,
} from '../../analyzer/model/text.ts';

const ESC = '\u001b';
const RLO = '\u202e';
const ZWSP = '\u200b';
const BREAK = '&#8203;';

describe('one line without anything invisible', () => {
  it.each([
    ['a\r\n\t b', 'a  b'],
    ['a\n\n\nb', 'a b'],
    ['a\u2028b\u2029c\u0085d\ve\ff', 'a b c d e f'],
    [`a${ESC}[31mb`, 'a[31mb'],
    [`a${RLO}b${ZWSP}c\u{e0041}d`, 'abcd'],
    ['a\ud800b', 'a\ufffdb'],
    ['V v', 'V v'],
    ['', ''],
  ])('%j becomes %j', (text, expected) => expect(stripControls(text)).toBe(expected));
});

describe('one line for a terminal', () => {
  it.each([
    [`${ESC}[2J`, '\\u{1b}[2J'],
    ['a\nb\tc', 'a\\u{a}b\\u{9}c'],
    [`a${RLO}b`, 'a\\u{202e}b'],
    ['a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\udfff', '\ufffd'],
    ['plain ä 漢', 'plain ä 漢'],
  ])('%j is shown as %j', (text, expected) => expect(terminalSafe(text)).toBe(expected));
});

describe('text inside Markdown', () => {
  it.each([
    ['a & b < c > d $ e', 'a &#38; b &#60; c &#62; d &#36; e'],
    ['\\`*_{}[]()|~!', '\\\\\\`\\*\\_\\{\\}\\[\\]\\(\\)\\|\\~\\!'],
    ['- a - b', '\\- a - b'],
    ['  + a', '  \\+ a'],
    ['= a', '\\= a'],
    ['1. a', `${BREAK}1. a`],
    ['12) a', '12\\) a'],
    ['12. a', `${BREAK}12. a`],
    ['  3. a', `  ${BREAK}3. a`],
    ['12 a', '12 a'],
    ['a 1. b', 'a 1. b'],
    ['a 12) b', 'a 12\\) b'],
    ['a -', 'a -'],
    ['a@b', `a@${BREAK}b`],
    ['a\uff20b', `a\uff20${BREAK}b`],
    ['#1 ', `#${BREAK}1 `],
    ['a \uff031', `a \uff03${BREAK}1`],
    ['GH-1 gh-2', `GH-${BREAK}1 gh-${BREAK}2`],
    ['GH-x aGH-1', 'GH-x aGH-1'],
    ['https://a', `https:${BREAK}//a`],
    ['www.a.b WWW.c', `www${BREAK}.a.b WWW${BREAK}.c`],
    ['awww.a', 'awww.a'],
    ['/pare x', `${BREAK}/pare x`],
    ['  /pare x', `  ${BREAK}/pare x`],
    ['a /pare', 'a /pare'],
    ['a/b', 'a/b'],
    ['a\nb', 'a b'],
  ])('%j becomes %j', (text, expected) => expect(defuseMarkdown(text)).toBe(expected));
});

describe('a code span of Markdown', () => {
  it.each<[string, 'inline' | 'cell' | undefined, string]>([
    ['a', undefined, '`a`'],
    ['a`b', undefined, '``a`b``'],
    ['a``b`c', undefined, '```a``b`c```'],
    ['`a', undefined, '`` `a ``'],
    ['a`', undefined, '`` a` ``'],
    [' a', undefined, '`  a `'],
    ['a ', undefined, '` a  `'],
    ['a b', undefined, '`a b`'],
    ['a|b|c', undefined, '`a|b|c`'],
    ['a|b|c', 'inline', '`a|b|c`'],
    ['a|b|c', 'cell', '`a\\|b\\|c`'],
    ['', undefined, ''],
    [' \n', undefined, ''],
    ['a\nb', undefined, '`a b`'],
  ])('of %j (%s) is %j', (text, place, expected) => {
    expect(place === undefined ? markdownCode(text) : markdownCode(text, place)).toBe(expected);
  });
});

describe('text in HTML', () => {
  it('has no character left that markup could be made of, and nothing invisible', () => {
    expect(escapeHtml(`a&b<c>d"e'f\`g`)).toBe('a&amp;b&lt;c&gt;d&quot;e&#39;f&#96;g');
    expect(escapeHtml(`<<${ESC}${RLO}\n`)).toBe('&lt;&lt; ');
    expect(escapeHtml('plain / text = ä')).toBe('plain / text = ä');
  });
});

describe('a cell of CSV', () => {
  it.each<[string | number | null, string]>([
    [null, ''],
    [-5, '-5'],
    [1.5, '1.5'],
    ['a', 'a'],
    ['a b', 'a b'],
    ['=1', "'=1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@a', "'@a"],
    ['  =1', "'  =1"],
    ['\uff1d1', "'\uff1d1"],
    ['\uff0b\uff0d', "'\uff0b\uff0d"],
    ['\uff201', "'\uff201"],
    ['a=1', 'a=1'],
    ['a\tb', 'a b'],
    ['\ta', "' a"],
    ['\na', "' a"],
    ['a\r\nb', 'a  b'],
    [`${ESC}=1`, "'=1"],
    [`${ZWSP} -1`, "' -1"],
    [`a${ESC}b${RLO}c`, 'abc'],
    ['a\u2028b\u2029c', 'abc'],
    ['a,b', '"a,b"'],
    ['a;b', '"a;b"'],
    ['say "no" "yes"', '"say ""no"" ""yes"""'],
    ['=1,2', '"\'=1,2"'],
    ['\ud800', '\ufffd'],
  ])('%j is written %j', (value, expected) => expect(csvCell(value)).toBe(expected));
});

describe('columns of a terminal', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['漢字', 4],
    ['한', 2],
    ['ｆ', 2],
    ['a\u0301', 1],
    ['🙂', 2],
    ['ä', 1],
  ])('of %j are %d', (text, width) => expect(columns(text)).toBe(width));

  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['漢字', 4, '漢字'],
    ['漢字', 3, '漢…'],
    ['漢字', 2, '…'],
    ['a漢字', 4, 'a漢…'],
    ['a\u0301b', 2, 'a\u0301b'],
    ['abc', 1, '…'],
  ])('%j fits %d as %j', (text, width, expected) => expect(clip(text, width)).toBe(expected));
});
