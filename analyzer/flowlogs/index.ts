export { type DuckDbStoreOptions, openDuckDbStore } from './duckdb/store.ts';
export * from './ledger.ts';
export { countsRecords } from './skips.ts';
