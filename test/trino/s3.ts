import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { basename, dirname, join } from 'node:path';

/** As much of S3 as the AWS SDKs for JavaScript and Java ask of it here, over a folder: a bucket is a folder, a key a file. */
export async function startS3(root: string): Promise<{ endpoint: string; server: Server; log: string[] }> {
  const uploads = new Map<string, Map<number, Buffer>>();
  const log: string[] = [];
  let nextUpload = 0;
  const server = createServer((request, response) => {
    const answer = (status: number, body: string | Buffer, headers: Record<string, string | number> = {}) => {
      const length = headers['Content-Length'] ?? Buffer.byteLength(body);
      response.writeHead(status, { 'Content-Type': 'application/xml', ...headers, 'Content-Length': length });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    handle(request, answer).catch((error: Error) =>
      answer(500, xml('Error', `<Code>InternalError</Code><Message>${error.message}</Message>`)),
    );
  });

  async function handle(
    request: IncomingMessage,
    answer: (status: number, body: string | Buffer, headers?: Record<string, string | number>) => void,
  ): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://s3');
    const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const query = url.searchParams;
    const body = await bodyOf(request);
    log.push(`${request.method} ${bucket}/${key}?${query}`);
    const file = join(root, bucket, key);
    if (request.method === 'GET' && key === '')
      return answer(200, await list(join(root, bucket), query, pageFor(request)));
    if (request.method === 'POST' && query.has('delete')) {
      for (const [, name = ''] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g))
        await rm(join(root, bucket, plain(name)), { force: true });
      return answer(200, xml('DeleteResult', ''));
    }
    if (request.method === 'POST' && query.has('uploads')) {
      const id = `u${nextUpload++}`;
      uploads.set(id, new Map());
      return answer(
        200,
        xml('InitiateMultipartUploadResult', `<Bucket>${bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId>`),
      );
    }
    const upload = uploads.get(query.get('uploadId') ?? '');
    if (request.method === 'PUT' && upload !== undefined) {
      upload.set(Number(query.get('partNumber')), body);
      return answer(200, '', { ETag: etag(body) });
    }
    if (request.method === 'POST' && upload !== undefined) {
      const whole = Buffer.concat([...upload].sort(([a], [b]) => a - b).map(([, part]) => part));
      await put(file, whole);
      return answer(
        200,
        xml('CompleteMultipartUploadResult', `<Bucket>${bucket}</Bucket><Key>${key}</Key><ETag>${etag(whole)}</ETag>`),
      );
    }
    if (request.method === 'PUT') {
      await put(file, body);
      return answer(200, '', { ETag: etag(body) });
    }
    if (request.method === 'DELETE') {
      await rm(file, { force: true });
      return answer(204, '');
    }
    if (!existsSync(file) || !(await stat(file)).isFile())
      return answer(404, xml('Error', '<Code>NoSuchKey</Code><Message>none</Message>'));
    const whole = await readFile(file);
    const headers = {
      ETag: etag(whole),
      'Last-Modified': (await stat(file)).mtime.toUTCString(),
      'Accept-Ranges': 'bytes',
      'Content-Type': 'binary/octet-stream',
    };
    if (request.method === 'HEAD') return answer(200, '', { ...headers, 'Content-Length': whole.length });
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
    if (range === null) return answer(200, whole, headers);
    const from = range[1] === '' ? Math.max(0, whole.length - Number(range[2])) : Number(range[1]);
    const to = range[1] === '' || range[2] === '' ? whole.length - 1 : Math.min(whole.length - 1, Number(range[2]));
    answer(206, whole.subarray(from, to + 1), { ...headers, 'Content-Range': `bytes ${from}-${to}/${whole.length}` });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { endpoint: `http://127.0.0.1:${address.port}`, server, log };
}

async function put(file: string, body: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, body);
}

/** Three keys a page for the SDK for JavaScript, which is Pare: every listing must page. */
function pageFor(request: IncomingMessage): number {
  return String(request.headers['user-agent']).includes('aws-sdk-js') ? 3 : 1000;
}

async function list(folder: string, query: URLSearchParams, page: number): Promise<string> {
  const bucket = basename(folder);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  // Only where such keys can be: a bucket may hold thousands of files.
  const from = join(folder, prefix.slice(0, prefix.lastIndexOf('/') + 1));
  const all = existsSync(from) ? await readdir(from, { recursive: true, withFileTypes: true }) : [];
  const keys = all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((key) => key.startsWith(prefix))
    .sort();
  const entries = [
    ...new Set(
      keys.map((key) => {
        const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
        return at < 0 ? key : key.slice(0, at + 1);
      }),
    ),
  ];
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const most = Math.min(Number(query.get('max-keys') ?? 1000), page);
  const rest = entries.filter((entry) => entry > after);
  const parts = await Promise.all(
    rest
      .slice(0, most)
      .map(async (entry) =>
        delimiter !== '' && entry.endsWith(delimiter)
          ? `<CommonPrefixes><Prefix>${entities(entry)}</Prefix></CommonPrefixes>`
          : contents(entry, await stat(join(folder, entry))),
      ),
  );
  const more = rest.length > most;
  const next = more ? `<NextContinuationToken>${entities(rest[most - 1] ?? '')}</NextContinuationToken>` : '';
  return xml(
    'ListBucketResult',
    `<Name>${bucket}</Name><Prefix>${entities(prefix)}</Prefix><KeyCount>${parts.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>${more}</IsTruncated>${next}${parts.join('')}`,
  );
}

function contents(key: string, { size, mtime }: { size: number; mtime: Date }): string {
  return `<Contents><Key>${entities(key)}</Key><LastModified>${mtime.toISOString()}</LastModified><ETag>"0"</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
}

/** The SDKs send bodies in signed chunks with trailers over plain HTTP. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  if (!String(request.headers['x-amz-content-sha256']).startsWith('STREAMING-')) return raw;
  const out: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf('\r\n', at);
    const size = Number.parseInt(raw.subarray(at, end).toString().split(';')[0] ?? '0', 16);
    if (!(size > 0)) break;
    out.push(raw.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(out);
}

function etag(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

function xml(name: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${name}>`;
}

function entities(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
