/** A data file's place in the ledger, by table and day; a run's own prefix below each day, so that any engine reads them as partitions. */
export function dataPath(table: 'flow' | 'tally' | 'span', day: number, run: string, action: string | null): string {
  const date = new Date(day * 1000).toISOString().slice(0, 10);
  return `${table}/day=${date}/${action === null ? '' : `action=${action}/`}run=${run}/part.parquet`;
}
