import { describe, expect, it } from 'vitest';
import {
  toCsv,
  toExplanation,
  toHtml,
  toJson,
  toJUnit,
  toMarkdown,
  toSarif,
  toTable,
} from '../../analyzer/report/index.ts';
import { acting, CORPUS } from '../github/hostile.ts';
import { hostileDocument } from './fixture.ts';

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** The long ones are cut by the renderers in ways that renderers.test.ts looks at. */
const TEXTS = CORPUS.filter((_, n) => n % 3 === 0);
const DOCUMENTS = TEXTS.map((text) => ({ text, document: hostileDocument(text) }));
const PLAIN = hostileDocument('plain');

/** Tags with the names of their attributes: what a parser would build. */
function tags(markup: string): string[] {
  const bare = markup.replace(/(id="data">)[^<]*/, '$1');
  return [...bare.matchAll(/<([!/?]?[A-Za-z][^\s/>]*)([^<>]*)>/g)].map(
    ([, tag, attributes]) => `${tag} ${[...attributes!.replace(/"[^"]*"/g, '""').matchAll(/[\w-]+(?==)/g)].join(' ')}`,
  );
}

describe(`${TEXTS.length} hostile strings through every report`, () => {
  it('Markdown: nothing acts', () => {
    for (const { text, document } of DOCUMENTS) {
      const markdown = toMarkdown(document).replace(/<\/?(?:details|summary|br)>/g, ' ');
      expect([text, acting(markdown)]).toEqual([text, []]);
    }
  });

  it('CSV: no formula, no record and no field of their own', () => {
    const shape = (csv: string) =>
      csv
        .replace(/"(?:[^"]|"")*"/g, '"')
        .split('\n')
        .map((line) => line.split(',').length);
    const plain = shape(toCsv(PLAIN));
    for (const { text, document } of DOCUMENTS) {
      const csv = toCsv(document);
      expect([text, shape(csv)]).toEqual([text, plain]);
      expect([text, /(?:^|,|\n)"?\s*[=+\-@\uff1d\uff0b\uff0d\uff20](?!\d+(?:,|\n|$))/.exec(csv)?.[0]]).toEqual([
        text,
        undefined,
      ]);
      expect(csv.replaceAll('\r\n', '')).not.toMatch(INVISIBLE);
    }
  });

  it('SARIF: text stays text', () => {
    for (const { text, document } of DOCUMENTS) {
      const [run] = JSON.parse(toSarif(document)).runs as { results: { message: { text: string } }[] }[];
      expect([text, run!.results.length]).toEqual([text, 3]);
      for (const { message } of run!.results) {
        expect([text, INVISIBLE.test(message.text)]).toEqual([text, false]);
        expect([text, /(?<!\\)\]\(/.test(message.text)]).toEqual([text, false]);
        expect([text, /[{}]/.test(message.text.replaceAll('{{', '').replaceAll('}}', ''))]).toEqual([text, false]);
      }
    }
  });

  it('HTML and JUnit: not one tag or attribute more or fewer', () => {
    const [page, xml] = [tags(toHtml(PLAIN)), tags(toJUnit(PLAIN))];
    for (const { text, document } of DOCUMENTS) {
      expect([text, tags(toJUnit(document))]).toEqual([text, xml]);
      expect([text, tags(toHtml(document))]).toEqual([text, page]);
    }
  });

  it('terminal: no control character, in the table and in the explanation', () => {
    for (const { text, document } of DOCUMENTS) {
      const said = [
        toTable(document, { width: 100, color: false, all: true }),
        ...document.rules.map((one) => toExplanation(document, one, { width: 100, color: false })),
      ].join('');
      expect([text, INVISIBLE.exec(said.replaceAll('\n', ''))?.[0]]).toEqual([text, undefined]);
    }
  });

  it('JSON: comes back as it was', () => {
    for (const { document } of DOCUMENTS)
      expect(JSON.parse(toJson(document)).rules).toHaveLength(document.rules.length);
  });
});
