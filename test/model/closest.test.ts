import { describe, expect, it } from 'vitest';
import { closest, distanceOf } from '../../analyzer/model/closest.ts';

describe('the word that was meant', () => {
  it('is the nearest known word, the first of equals, within a third of it', () => {
    expect(closest('keps', ['windows', 'keeps'])).toBe('keeps');
    expect(closest('KEEPS', ['keeps'])).toBe('keeps');
    expect(closest('never_narrow', ['neverNarrow'])).toBe('neverNarrow');
    expect(closest('abd', ['abc', 'abe'])).toBe('abc');
    expect(closest('abcdef', ['abcxyz', 'abcdeg'])).toBe('abcdeg');
    expect(closest('abcdeg', ['abcdef', 'abcdeg', 'abcdeh'])).toBe('abcdeg');
    expect(closest('zz', ['ab', 'cd'])).toBeNull();
    expect(closest('x', [])).toBeNull();
    expect(closest('windoes', ['windows'])).toBe('windows');
    expect(closest('wendoes', ['windows'])).toBe('windows');
    expect(closest('wendoez', ['windows'])).toBeNull();
    expect(closest('ac', ['ab'])).toBe('ab');
    expect(closest('brak', ['keeps', 'brake', 'bark'])).toBe('brake');
    expect(closest('opne', ['open', 'new'])).toBe('open');
    expect(closest('banana', ['open', 'new'])).toBeNull();
    expect(closest(`keeps${'x'.repeat(100)}`, ['keeps'])).toBeNull();
  });

  it.each([
    ['', '', 0],
    ['a', '', 1],
    ['', 'ab', 2],
    ['kitten', 'sitting', 3],
    ['kitten', 'sitting', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abcd', 'badc', 2],
    ['abc', 'bca', 2],
  ])('%j is from %j %d mistakes away', (a, b, mistakes) => expect(distanceOf(a, b)).toBe(mistakes));
});
