/** `2GB`, `512 MiB`: DuckDB's units; 2 GB for what it alone understands (`80%`). */
export function bytesOf(limit: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt])(i?)b?$/i.exec(limit.trim());
  if (match === null) return 2e9;
  return Number(match[1]) * (match[3] === '' ? 1000 : 1024) ** ('kmgt'.indexOf(match[2]!.toLowerCase()) + 1);
}
