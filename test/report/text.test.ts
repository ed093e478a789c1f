import fc from 'fast-check';
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

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'`|<>&@#*_[]()!\\~$-+=:/ \n\r\t\u202e\u001bGH1w.'), maxLength: 60 }),
);

/** What a browser makes of entities and backslashes: the text as a reader sees it. */
function shown(markdown: string): string {
  return markdown
    .replace(/\\([\\`*_{}[\]()|~!+\-=])/g, '$1')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('\u200b', '');
}

describe('outside text', () => {
  it('keeps nothing invisible for any reader', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const safe of [
          stripControls(text),
          terminalSafe(text),
          escapeHtml(text),
          defuseMarkdown(text),
          markdownCode(text),
          csvCell(text),
        ]) {
          expect(safe).not.toMatch(INVISIBLE);
        }
      }),
    );
  });

  it('reads in Markdown as it was, and holds no character that marks up', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const safe = defuseMarkdown(text);
        expect(shown(safe)).toBe(stripControls(text));
        expect(safe.replace(/\\./g, '')).not.toMatch(/[`*_[\]|~!<>$]/);
        expect(safe).not.toMatch(/@\w|(?<!&)#\d|gh-\d|:\/\/|www\./i);
      }),
    );
  });

  it('stands in a code span that ends where it should', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const span = markdownCode(text);
        if (stripControls(text).trim() === '') return span === '';
        const [, fence, body] = /^(`+)([\s\S]*)\1$/.exec(span)!;
        expect(body!.match(/`+/g) ?? []).not.toContain(fence);
        expect(body!.trim()).toBe(stripControls(text).trim());
        return true;
      }),
    );
  });

  it('starts no formula in a spreadsheet', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(csvCell(text).replace(/^"/, '').trimStart()).not.toMatch(/^[=+\-@]/);
      }),
    );
    expect(csvCell(-1)).toBe('-1');
    expect(csvCell(null)).toBe('');
  });

  it('loses nothing in a terminal: what is invisible is written out', () => {
    expect(terminalSafe('a\u001b[2Jb\u202ec')).toBe('a\\u{1b}[2Jb\\u{202e}c');
  });

  it('is cut to the width it may have, wide characters counted twice', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(columns(clip(stripControls(text), width))).toBeLessThanOrEqual(width);
      }),
    );
    expect(clip('漢字漢字', 5)).toBe('漢字…');
  });
});
