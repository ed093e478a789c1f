import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextEdit } from '../../bot/source/contract.ts';
import { applyEdits, lineBreakOf, placeOf, placeOfRange, splice } from '../../bot/source/text.ts';
import { sourceTree } from '../../bot/source/tree.ts';

const edit = (start: number, end: number, text: string, file = 'a'): TextEdit => ({
  range: { file, start, end },
  text,
});

describe('a source tree', () => {
  it('is sorted by path, and a changed copy leaves the first as it was', () => {
    const tree = sourceTree([
      { path: 'b', text: '1' },
      { path: 'a', text: '2' },
    ]);
    const changed = tree.with([{ path: 'a', text: '3' }]);
    expect(tree.files.map((f) => f.path)).toEqual(['a', 'b']);
    expect(tree.get('a')?.text).toBe('2');
    expect(changed.get('a')?.text).toBe('3');
    expect(changed.get('b')).toBe(tree.get('b'));
  });
});

describe('splicing', () => {
  it('applies edits of several files in any order', () => {
    const tree = sourceTree([
      { path: 'a', text: '0123456789' },
      { path: 'b', text: 'xyz' },
    ]);
    const after = applyEdits(tree, [edit(8, 9, ''), edit(0, 2, 'AB'), edit(1, 1, '-', 'b')]);
    expect(after.get('a')?.text).toBe('AB2345679');
    expect(after.get('b')?.text).toBe('x-yz');
  });
  it.each([
    ['overlap', [edit(0, 3, ''), edit(2, 4, '')]],
    ['two inserts at one place', [edit(2, 2, 'a'), edit(2, 2, 'b')]],
    ['outside the file', [edit(0, 11, '')]],
    ['an unknown file', [edit(0, 1, '', 'nowhere')]],
  ])('refuses %s', (_, edits) => {
    expect(() => applyEdits(sourceTree([{ path: 'a', text: '0123456789' }]), edits)).toThrow(RangeError);
  });
  it('law 5: leaves every character outside the edits as it was', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), fc.string(), (text, a, b, replacement) => {
        const start = a % (text.length + 1);
        const end = start + (b % (text.length - start + 1));
        expect(splice(text, [edit(start, end, replacement)])).toBe(
          text.slice(0, start) + replacement + text.slice(end),
        );
      }),
    );
  });
});

describe('places', () => {
  it('agree with counting line breaks', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n', '\r\n', 'é'), { maxLength: 40 }), fc.nat(60), (parts, at) => {
        const text = parts.join('');
        const offset = Math.min(at, text.length);
        const before = text.slice(0, offset).split('\n');
        expect(placeOf({ path: 'f', text }, offset)).toEqual({
          line: before.length,
          column: before.at(-1)!.length + 1,
        });
      }),
    );
  });
  it('do not count a BOM, and a range that ends in a line break ends on its line', () => {
    const file = { path: 'f', text: '\uFEFFab\ncd\n' };
    expect(placeOf(file, 1)).toEqual({ line: 1, column: 1 });
    expect(placeOfRange(file, { start: 1, end: 4 })).toEqual({ file: 'f', line: 1 });
    expect(placeOfRange(file, { start: 1, end: 7 })).toEqual({ file: 'f', line: 1, endLine: 2 });
    expect(lineBreakOf('a\r\nb\n')).toBe('\r\n');
    expect(lineBreakOf('a\nb\r\n')).toBe('\n');
  });
});
