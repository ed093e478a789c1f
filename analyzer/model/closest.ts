/** The known word that was probably meant; null when none is near. Optimal string alignment: a swap of neighbours is one mistake. */
export function closest(word: string, known: readonly string[]): string | null {
  const wanted = plain(word);
  let best: { name: string; distance: number } | null = null;
  for (const name of known) {
    const distance = distanceOf(wanted, plain(name));
    if (distance > Math.max(1, Math.floor(name.length / 3))) continue;
    if (best === null || distance < best.distance) best = { name, distance };
  }
  return best?.name ?? null;
}

function plain(word: string): string {
  return word
    .slice(0, 60)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** Mistakes between two words: letters left out, added, changed or swapped with their neighbour. */
export function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        value = Math.min(value, rows[i - 2]![j - 2]! + 1);
      row.push(value);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
