import type { FlowLogSummary } from '../model/finding.ts';

/** What was not used, by reason, with one example. Reasons that begin with `file-` count files, those with `record-` records. */
export class Skips {
  private readonly byReason = new Map<string, { count: number; example: string | null }>();

  add(reason: string, example: string | null, count = 1): void {
    if (count === 0) return;
    const known = this.byReason.get(reason);
    if (known === undefined) {
      this.byReason.set(reason, { count, example });
      return;
    }
    known.count += count;
    if (example !== null && (known.example === null || example < known.example)) known.example = example;
  }

  list(): FlowLogSummary['skipped'] {
    return [...this.byReason]
      .map(([reason, { count, example }]) => ({ reason, count, example }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}

/** True for reasons that count records; files are counted otherwise. */
export function countsRecords(reason: string): boolean {
  return reason.startsWith('record-');
}
