import { TrinoSQL } from 'dt-sql-parser';
import { describe, expect, it } from 'vitest';
import type { FieldName } from '../../analyzer/flowlogs/fields.ts';
import { NEEDED, USED } from '../../analyzer/flowlogs/fields.ts';
import { coverageSql, spansSql, storedCoverageSql } from '../../analyzer/flowlogs/sql/coverage.ts';
import { endsSql, inWindow, learnedAddressesSql } from '../../analyzer/flowlogs/sql/ends.ts';
import { flowSql, storedRecordsSql, tallySql } from '../../analyzer/flowlogs/sql/flow.ts';
import { ledgerSql } from '../../analyzer/flowlogs/sql/ledger.ts';
import { canonicalAddressesSql, normaliseSql, type RawField } from '../../analyzer/flowlogs/sql/normalise.ts';
import {
  decidedSql,
  edgesSql,
  foldedSql,
  listenersSql,
  openedSql,
  storedEdgesSql,
  tuplesSql,
} from '../../analyzer/flowlogs/sql/opener.ts';

const WINDOW = { from: 1_780_000_000, to: 1_787_776_000 };

function raw(field: (name: string) => RawField): string {
  const fields = Object.fromEntries([...NEEDED, ...USED].map((name) => [name, field(name)])) as Record<
    FieldName,
    RawField
  >;
  return normaliseSql({ from: 'vpc_flow_logs', fields, file: '"$path"', misshapen: null });
}

describe('law 9: the SQL that decides is text that Trino takes', () => {
  const statements: Record<string, string> = {
    'normalise text': raw((name) => ({ as: 'text', column: `"${name.replaceAll('-', '_')}"` })),
    'normalise Parquet': raw((name) => ({ as: 'number', column: `"${name.replaceAll('-', '_')}"` })),
    'normalise little': raw(() => ({ as: 'absent' })),
    addresses: canonicalAddressesSql('record', 'address_fix'),
    learned: learnedAddressesSql('usable', 'known', WINDOW),
    ends: endsSql('usable', 'known', 'learned', WINDOW),
    tuples: tuplesSql('ends'),
    listeners: listenersSql('ends'),
    edges: edgesSql('usable', inWindow(WINDOW)),
    decided: decidedSql('tuple', 'listener', 'edge', 'folded'),
    opened: openedSql('ends', 'decided'),
    ledger: ledgerSql('opened', 'change', null),
    'ledger without old refused rows': ledgerSql('opened', 'change', 1_700_006_400),
    coverage: coverageSql('usable', 'hole', WINDOW),
    folded: foldedSql('ends'),
    'stored flow': flowSql('usable', 'known', 'change', WINDOW.from),
    'stored tally': tallySql('usable', WINDOW.from),
    'stored spans': spansSql('usable', WINDOW.from),
    'stored records': storedRecordsSql('flow'),
    'stored edges': storedEdgesSql('tally'),
    'stored coverage': storedCoverageSql('span', 'tally', 'hole', WINDOW),
  };
  const parser = new TrinoSQL();

  it('knows bad syntax and what only DuckDB takes', () => {
    for (const sql of [
      'SELECT a::BIGINT FROM t',
      'SELECT a & 2 FROM t',
      'SELECT a FROM t GROUP BY ALL',
      'SELECT FROM',
    ]) {
      expect({ sql, errors: parser.validate(sql).length > 0 }).toEqual({ sql, errors: true });
    }
  });

  for (const [name, sql] of Object.entries(statements)) {
    it(`${name} parses, joins on equalities alone, and stays far below Athena's limit`, () => {
      expect(parser.validate(sql)).toEqual([]);
      expect(sql.length).toBeLessThan(20_000);
      if (name.endsWith('coverage')) return; // a handful of holes against pieces: the one range join
      for (const [, on = ''] of sql.matchAll(/LEFT JOIN [^\n]* ON ([^\n]*)/g)) {
        expect(on).toMatch(/ = /);
        expect(on).not.toMatch(/[<>]|BETWEEN|LIKE| IN /);
      }
    });
  }
});
