export { type AthenaStoreOptions, type FlowLogTable, openAthenaStore } from './athena/store.ts';
export { type DuckDbStoreOptions, openDuckDbStore } from './duckdb/store.ts';
export * from './ledger.ts';
export { countsRecords } from './skips.ts';
export { type Ingested, type IngestOptions, ingestFlowLogs } from './stored/ingest.ts';
export { type LedgerStoreOptions, openLedgerStore } from './stored/store.ts';
