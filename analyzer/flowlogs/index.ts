// Athena's store is in athena/: it loads the AWS SDK, which most runs do without.
export { type DuckDbStoreOptions, openDuckDbStore } from './duckdb/store.ts';
export * from './ledger.ts';
export { countsRecords } from './skips.ts';
export { type Ingested, type IngestOptions, ingestFlowLogs } from './stored/ingest.ts';
export { type LedgerStoreOptions, openLedgerStore } from './stored/store.ts';
