import { applyPatch, parsePatch } from 'diff';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patchOf } from '../../bot/change/patch.ts';
import { PATCH_CASES } from './patch-cases.ts';

describe('patchOf', () => {
  it.each(PATCH_CASES)('makes a patch of $name that applies', ({ path, before, after }) => {
    const patch = patchOf([{ path, before, after }]);
    expect(patch).toMatch(/^diff --git /);
    expect(applyPatch(before, patch, { autoConvertLineEndings: false })).toBe(after);
  });

  it('applies for any two texts', () => {
    const line = fc.constantFrom('a', 'b', '', 'rule x', '-- y', '\ttab', 'a\r');
    const text = fc
      .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
      .map(([all, end]) => all.join('\n') + (end ? '\n' : ''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        if (before === after) return;
        const patch = patchOf([{ path: 'x.tf', before, after }]);
        expect(applyPatch(before, patch, { autoConvertLineEndings: false })).toBe(after);
      }),
    );
  });

  it('puts the folder of the source in front, joins files, and leaves out what did not change', () => {
    const patch = patchOf(
      [
        { path: 'a.tf', before: 'a\n', after: 'b\n' },
        { path: 'b.tf', before: 'a\n', after: 'a\n' },
        { path: 'c.tf', before: 'a\n', after: 'b\n' },
      ],
      'infra/live/',
    );
    expect(parsePatch(patch).map((one) => one.newFileName)).toEqual(['b/infra/live/a.tf', 'b/infra/live/c.tf']);
  });
});
