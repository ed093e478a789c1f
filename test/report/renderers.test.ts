import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type FindingsDocument, findingsDocumentSchema } from '../../analyzer/model/finding.ts';
import { SCRIPTS } from '../../analyzer/report/html-bundle.ts';
import { toCsv, toExplanation, toHtml, toJson, toJUnit, toMarkdown, toSarif } from '../../analyzer/report/index.ts';
import { HOSTILE, hostileDocument, largeDocument, sampleDocument } from './fixture.ts';

const PLAIN = 'plain';
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Tags with the names of their attributes, in order: what a browser or XML parser would build. */
function skeleton(markup: string): string[] {
  return [
    ...markup.matchAll(/<([!/?]?[A-Za-z][^\s/>]*)((?:\s+[^\s=>/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*\/?>/g),
  ].map(
    ([, tag, attributes]) =>
      `${tag} ${[...attributes!.matchAll(/([^\s=]+)(?:="[^"]*"|='[^']*')?/g)].map(([, name]) => name).join(' ')}`,
  );
}

/** As spreadsheets read it (RFC 4180). */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') {
      row.push(cell);
      cell = '';
    } else if (c === '\n') {
      rows.push([...row, cell]);
      row = [];
      cell = '';
    } else if (c !== '\r') cell += c;
  }
  return rows;
}

/** Markdown of one line with its code spans taken out, as CommonMark finds them. */
function withoutCode(line: string): string {
  return line.replace(/(?<![`\\])(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, 'CODE');
}

describe('JSON', () => {
  it('is the document itself, in the order of the schema, and the same bytes for any order of rules', () => {
    const document = sampleDocument();
    const text = toJson(document);
    expect(findingsDocumentSchema.parse(JSON.parse(text))).toEqual({ ...document, rules: expect.any(Array) });
    expect(JSON.parse(text).rules).toHaveLength(document.rules.length);
    expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(findingsDocumentSchema.shape));
    const shuffled = { ...document, rules: [...document.rules].reverse(), warnings: document.warnings };
    expect(toJson(shuffled)).toBe(text);
    expect(toJson(JSON.parse(text))).toBe(text);
  });
});

describe('CSV', () => {
  it('has one line for each rule and figures as numbers', () => {
    const [head, ...rows] = parseCsv(toCsv(sampleDocument()));
    expect(rows).toHaveLength(sampleDocument().rules.length);
    const flows = rows.map((row) => Number(row[head!.indexOf('flows')]));
    expect(flows.reduce((a, b) => a + b)).toBe(sampleDocument().rules.reduce((sum, f) => sum + f.usage.flows, 0));
  });

  it.each(HOSTILE)('starts no formula and no new record: %j', (text) => {
    const rows = parseCsv(toCsv(hostileDocument(text)));
    expect(rows).toHaveLength(5);
    for (const row of rows) {
      expect(row).toHaveLength(rows[0]!.length);
      for (const cell of row) {
        expect(cell.trimStart()).not.toMatch(/^[=+\-@\uff1d\uff0b\uff0d\uff20]/);
        expect(cell).not.toMatch(INVISIBLE);
      }
    }
  });
});

describe('Markdown', () => {
  it('reads as the golden file', async () => {
    await expect(toMarkdown(sampleDocument())).toMatchFileSnapshot('golden/findings.md');
  });

  it.each(HOSTILE)('mentions, closes, links and marks up nothing: %j', (text) => {
    const lines = toMarkdown(hostileDocument(text)).split('\n');
    const plain = toMarkdown(hostileDocument(PLAIN)).split('\n');
    expect(lines).toHaveLength(plain.length);
    for (const [i, line] of lines.entries()) {
      expect(line).not.toMatch(INVISIBLE);
      const rest = withoutCode(line);
      expect(rest.match(/(?<!\\)\|/g)?.length).toBe(withoutCode(plain[i]!).match(/(?<!\\)\|/g)?.length);
      expect(rest.replace(/<\/?(?:br|details|summary)>/g, '')).not.toMatch(/<|(?<!-)-->/);
      expect(rest).not.toMatch(/@\w|(?<!&)#\d|GH-\d|:\/\/\w|www\.\w/);
      expect(rest).not.toMatch(/(?<!\\)(?:`|!\[|\]\(|~~)|\$/);
      expect(/^\s*#/.test(line)).toBe(plain[i]!.startsWith('#'));
    }
  });
});

describe('SARIF', () => {
  it('has one result for each rule that does not stay, with fingerprint, rule and logical location', () => {
    const log = JSON.parse(toSarif(sampleDocument()));
    const [run] = log.runs;
    expect(log.version).toBe('2.1.0');
    expect(run.results).toHaveLength(sampleDocument().rules.filter((f) => f.action !== 'keep').length);
    for (const result of run.results) {
      expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(result.partialFingerprints['pareFindingId/v1']).toMatch(/^f-/);
      expect(result.locations[0].logicalLocations[0].fullyQualifiedName).toContain(result.properties.ruleId);
      expect(result.locations[0].physicalLocation).toBeUndefined();
      // SARIF 2.1.0, 3.27.10: a kind other than fail goes with level none.
      expect(result.level === 'none').toBe(result.kind !== 'fail');
      expect(result.rank).toBeGreaterThanOrEqual(0);
      expect(result.rank).toBeLessThanOrEqual(100);
    }
  });

  it('points at the line of source where it is known', () => {
    const { findingId } = sampleDocument().rules.find((f) => f.action === 'remove')!;
    const log = JSON.parse(toSarif(sampleDocument(), [{ findingId, file: 'infra/my file#1.tf', line: 12 }]));
    const places = log.runs[0].results.flatMap(
      (r: { locations: { physicalLocation?: object }[] }) => r.locations[0]!.physicalLocation ?? [],
    );
    expect(places).toEqual([
      { artifactLocation: { uri: 'infra/my%20file%231.tf', uriBaseId: '%SRCROOT%' }, region: { startLine: 12 } },
    ]);
  });

  it.each(HOSTILE)('takes no outside text for a placeholder or a link: %j', (text) => {
    const log = JSON.parse(toSarif(hostileDocument(text)));
    for (const { message } of log.runs[0].results) {
      expect(message.text.replaceAll('{{', '').replaceAll('}}', '')).not.toMatch(/[{}]/);
      expect(message.text).not.toMatch(/(?<!\\)\]\(/);
      expect(message.text).not.toMatch(INVISIBLE);
    }
  });
});

describe('JUnit', () => {
  it('counts what it holds', () => {
    const xml = toJUnit(sampleDocument());
    expect(xml).toContain('<testsuites name="pare" tests="13" failures="5" errors="0" skipped="2" time="0">');
    expect(xml.match(/<testcase /g)).toHaveLength(13);
    expect(xml.match(/<failure /g)).toHaveLength(5);
    expect(xml.match(/<skipped /g)).toHaveLength(2);
  });

  it.each(HOSTILE)('keeps its shape: %j', (text) => {
    const xml = toJUnit(hostileDocument(text));
    expect(skeleton(xml)).toEqual(skeleton(toJUnit(hostileDocument(PLAIN))));
    expect(xml.replaceAll('\n', '')).not.toMatch(INVISIBLE);
    expect(xml).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#\d+;)/);
  });
});

/** The data of the page, as its script unpacks it. */
function islandOf(page: string) {
  const packed = /id="data">([A-Za-z0-9+/=]*)<\/script>/.exec(page)![1]!;
  return JSON.parse(inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8'));
}

describe('HTML', () => {
  const page = toHtml(sampleDocument());

  it('allows by its policy exactly the style and the script that it holds, and nothing from anywhere', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${hash(/<style>([\s\S]*?)<\/style>/.exec(page)![1]!)};`);
    expect(policy).toContain(`script-src ${hash(/<script>([\s\S]*?)<\/script>/.exec(page)![1]!)};`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page.match(/<script[ >]/g)).toHaveLength(2);
    const markup = page.replace(/<script>[\s\S]*?<\/script>/, '');
    expect(markup).not.toMatch(/\s(?:src|style|on\w+)=/);
    expect([...markup.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      'data:,',
      '#main',
      '#/',
      '#/rules',
      '#/heat',
      '#/flows',
    ]);
  });

  it('shows the rules without script, each with its whole argument, and says how many more there are', () => {
    for (const finding of sampleDocument().rules) {
      expect(page).toContain(`<th scope="row" class="mono">${finding.ruleId}</th>`);
      expect(page).toContain(`>${finding.detail}</td>`);
    }
    expect(page).toContain('0 connections blocked');
    const one = sampleDocument();
    const many = { ...one, rules: Array.from({ length: 20 }, () => one.rules).flat() };
    const long = toHtml(many);
    expect(long.match(/<th scope="row" class="mono">/g)).toHaveLength(200);
    expect(long).toContain(`and ${many.rules.length - 200} more rules`);
  });

  it('gives the script every rule, with the records of each day', () => {
    const data = islandOf(page);
    const { rules } = sampleDocument();
    expect(data.rules).toHaveLength(rules.length);
    for (const rule of rules) {
      const own = data.rules.find((r: { id: string }) => r.id === rule.findingId);
      expect(own.use.perDay.filter((_: number, i: number) => i % 2 === 1)).toEqual(
        rule.usage.perDay.map((d) => d.flows),
      );
      expect(data.groups[own.group].id).toBe(rule.groupId);
    }
  });

  it('packs 10,000 rules into less than 4 MB', () => {
    const document = largeDocument(10_000);
    expect(toHtml(document).length).toBeLessThan(4_000_000);
  });

  it('shows where a finding is written with its edit, why there is none, and links a pull request by https only', () => {
    const [a, b, c] = sampleDocument().rules;
    const data = islandOf(
      toHtml(sampleDocument(), [
        {
          findingId: a!.findingId,
          file: 'a.tf',
          line: 3,
          address: 'aws_security_group.a',
          edits: [{ file: 'a.tf', removed: 'x\ny\n', inserted: '' }],
          pullRequest: 'https://github.com/o/r/pull/7',
        },
        { findingId: b!.findingId, file: 'b.tf', line: 1, refused: ['shared'] },
        { findingId: c!.findingId, file: 'c.tf', line: 1, pullRequest: 'javascript:alert(1)' },
      ]),
    );
    const source = (id: string) => data.rules.find((r: { id: string }) => r.id === id).source;
    expect(source(a!.findingId)).toMatchObject({ line: 3, pullRequest: 'https://github.com/o/r/pull/7' });
    expect(source(a!.findingId).edits[0].removed).toBe('x\ny\n');
    expect(source(b!.findingId).refused).toEqual(['shared']);
    expect(source(c!.findingId).pullRequest).toBeUndefined();
  });

  it('names its landmarks and columns', () => {
    for (const part of [
      '<html lang="en">',
      '<main id="main"',
      '<header ',
      '<footer ',
      '<nav id="nav" aria-label="Views"',
      'class="skip"',
      '<dialog id="panel" aria-labelledby=',
    ]) {
      expect(page).toContain(part);
    }
    expect(page.match(/<th scope="col"/g)).toHaveLength(7);
  });

  it('is the same page for the same findings in any order', () => {
    const document = sampleDocument();
    expect(toHtml({ ...document, rules: [...document.rules].reverse() })).toBe(page);
  });

  it.each(HOSTILE)('stays the same page: %j', (text) => {
    const markup = (document: FindingsDocument) => toHtml(document).replace(/<script>[\s\S]*?<\/script>/, '');
    const hostile = markup(hostileDocument(text));
    expect(skeleton(hostile)).toEqual(skeleton(markup(hostileDocument(PLAIN))));
    expect(hostile.match(/<!--/g)).toBeNull();
    expect(hostile.replace(/[\n]/g, '')).not.toMatch(INVISIBLE);
    expect(islandOf(hostile).rules).toHaveLength(4);
  });
});

describe('the figures of the heat map', () => {
  it('are the same whether rows that a filter leaves whole are summed again or not', async () => {
    const { heatRows } = await import(new URL('../../analyzer/report/html/figures.js', import.meta.url).href);
    const { rules, groups, days } = islandOf(toHtml(largeDocument(200)));
    for (const span of [1, 7]) {
      const whole = new Map(heatRows(rules, groups, days, span).map((row: { key: number }) => [row.key, row]));
      for (const step of [1, 2, 3, 7]) {
        const some = rules.filter((_: unknown, i: number) => i % step === 0);
        const rows = heatRows(some, groups, days, span, whole);
        expect(rows).toEqual(heatRows(some, groups, days, span));
        const total = some.flatMap((r: { use: { perDay: number[] } }) => r.use.perDay.filter((_, i) => i % 2 === 1));
        expect(rows.reduce((sum: number, row: { total: number }) => sum + row.total, 0)).toBe(
          total.reduce((sum: number, n: number) => sum + n, 0),
        );
      }
    }
  });
});

describe('the modules of the page', () => {
  it('declare each name once, for they become one script', () => {
    const folder = new URL('../../analyzer/report/html/', import.meta.url);
    const names = SCRIPTS.flatMap((name) =>
      [
        ...readFileSync(new URL(`${name}.js`, folder), 'utf8').matchAll(
          /^(?:export )?(?:async )?(?:function|const|let) (\w+)/gm,
        ),
      ].map(([, found]) => found),
    );
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual([...SCRIPTS.map((name) => `${name}.js`), 'page.css'].sort());
  });
});

describe('the explanation', () => {
  const document = sampleDocument();
  const narrow = document.rules.find((f) => f.ruleId === 'sgr-00005000500050005')!;

  it('reads as the golden file', async () => {
    const source = {
      kind: 'edit' as const,
      file: 'network/terraform.tfvars',
      line: 14,
      address: 'module.web.aws_security_group_rule.app["internal"]',
      why: 'the state names the rule',
      confidence: 1,
      removed: ['from_port = 8000\n  to_port = 8100\n'],
      inserted: ['from_port = 8090\n  to_port = 8090\n'],
    };
    await expect(toExplanation(document, narrow, { width: 80, color: false, source })).toMatchFileSnapshot(
      'golden/explain.txt',
    );
  });

  it.each(document.rules.map((f) => [f.action, f.ruleId, f] as const))(
    'has every part of the argument for %s %s',
    (_, ruleId, finding) => {
      const text = toExplanation(document, finding, { width: 80, color: false });
      expect(text).toContain(ruleId);
      for (const title of [
        'Verdict',
        'What it let in',
        'What the flow logs cover',
        'What would change',
        'Where it is written',
      ]) {
        expect(text).toContain(`\n${title}`);
      }
      expect(text.replace(/\s+/g, ' ')).toContain(finding.detail);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it.each(HOSTILE)('lets nothing act on the terminal: %j', (text) => {
    const hostile = hostileDocument(text);
    const source = {
      kind: 'edit' as const,
      file: text,
      line: 1,
      address: text,
      why: text,
      confidence: 1,
      removed: [text],
      inserted: [text],
    };
    const out = toExplanation(hostile, hostile.rules[0]!, { width: 80, color: false, source });
    expect(out.replaceAll('\n', '')).not.toMatch(INVISIBLE);
  });
});
