import { createHash } from 'node:crypto';

/** The id git gives a blob: what a file is compared by without reading it. */
export function blobId(data: Uint8Array): string {
  return createHash('sha1').update(`blob ${data.byteLength}\0`).update(data).digest('hex');
}

export function textBlobId(text: string): string {
  return blobId(Buffer.from(text, 'utf8'));
}

/**
 * The text to commit over the blob that the base has: `after` itself, or with the line ends of the blob where a checkout had turned them
 * into CRLF. Null when the blob is not `before`: then the edit was made for another file.
 */
export function carriedOver(before: string, after: string, id: string): string | null {
  if (textBlobId(before) === id) return after;
  const lf = (text: string) => text.replaceAll('\r\n', '\n');
  return textBlobId(lf(before)) === id ? lf(after) : null;
}
