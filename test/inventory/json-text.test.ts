import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJsonDocuments } from '../../analyzer/inventory/json-text.ts';

const space = fc.constantFrom('', ' ', '\n', '\r\n\t');

describe('JSON documents, one or many', () => {
  test('documents after each other come back one by one, however they are spaced', () => {
    const document = fc.oneof(fc.object(), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(fc.array(fc.tuple(document, space, fc.boolean()), { minLength: 1, maxLength: 4 }), (list) => {
        const text = list.map(([value, gap, pretty]) => JSON.stringify(value, null, pretty ? 2 : 0) + gap).join('');
        const expected = list.map(([value]) => JSON.parse(JSON.stringify(value)) as unknown);
        expect(parseJsonDocuments(text)).toEqual({ ok: true, documents: expected });
        expect(parseJsonDocuments(`\ufeff${text}`)).toEqual({ ok: true, documents: expected });
      }),
    );
  });

  test('text that JSON.parse refuses is refused, unless it is several documents', () => {
    const spoil = fc.tuple(
      fc.jsonValue(),
      fc.nat(),
      fc.constantFrom('', ',', '"', '}', ']', ':', '{', '[', 'x', '\\', '\u0001', '1'),
      fc.boolean(),
    );
    fc.assert(
      fc.property(spoil, ([value, at, piece, cut]) => {
        const good = JSON.stringify([value, 'tail']);
        const place = at % good.length;
        const text = good.slice(0, place) + piece + (cut ? '' : good.slice(place));
        let whole = true;
        try {
          JSON.parse(text);
        } catch {
          whole = false;
        }
        const parsed = parseJsonDocuments(text);
        const parts = parsed.ok ? parsed.documents.map((d) => JSON.stringify(d)).join('') : null;
        // Where it is taken although JSON.parse refuses, the parts are the text, so nothing was passed over.
        const same = (a: string | null): number => (a ?? '').replace(/\s|\\u[0-9a-f]{4}|[-+.eE0]/gi, '').length;
        expect(parsed.ok || !whole).toBe(true);
        expect(whole || !parsed.ok || same(parts) === same(text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, string, number]>([
    ['an open list', '[\n1,\n2', 3],
    ['a closing brace for a bracket', '[\n1\n}', 3],
    ['a missing colon', '{\n"a"\n1}', 3],
    ['a missing comma', '[1\n2]', 2],
    ['a string without an end', '{\n\n"a": "b\n}', 3],
    ['a single quote', "{\n'a': 1}", 2],
    ['NaN', '[\n1,\n\nNaN]', 4],
    ['a number with a leading zero', '[\n01]', 2],
    ['a bad second document', '{}\n{}\n{]', 3],
  ])('%s is refused with its line', (_, text, line) => {
    const parsed = parseJsonDocuments(text);
    expect(parsed).toMatchObject({ ok: false, line });
  });

  test('nothing is no document', () => {
    expect(parseJsonDocuments(' \n')).toEqual({ ok: true, documents: [] });
  });

  test('a string of many megabytes between two documents does not exhaust the stack', () => {
    const long = `{"a":"${'x\\n'.repeat(3_000_000)}"}`;
    const parsed = parseJsonDocuments(`${long}\n{}`);
    expect(parsed.ok ? parsed.documents.length : parsed.message).toBe(2);
  });
});
