import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { escapeXml, fromQuery, loadModel, type Paginator, type ServiceModel, toEc2Xml, violations } from './models.ts';
import { splitList } from './xml.ts';

/** One request as the tests see it. */
export interface Seen {
  service: string;
  operation: string;
  /** Of the credentials: the account that moto takes them for. */
  account: string;
  region: string;
  input: Record<string, unknown>;
}

/** An error in the service's own form, a connection that breaks, or an answer that comes late. */
export type Fault = { status: number; code: string; message: string } | 'reset' | { delayMs: number };

/** Answers in moto's place with an output of the operation; checked against the service's model before it is sent. */
export type StandIn = (seen: Seen) => Record<string, unknown>;

export interface Bystander {
  url: string;
  seen: Seen[];
  /** What requests and our own answers said against AWS's models; a test ends with none. */
  violations: string[];
  faults: (seen: Seen) => Fault | null;
  standIns: Map<string, StandIn>;
  /** Forgets what was seen, and lets all through. */
  reset(): void;
  close(): Promise<void>;
}

/** Access keys that moto takes for its default account. */
const DEFAULT_ACCOUNT = '123456789012';
const FOLDERS: Readonly<Record<string, string>> = { config: 'config', cloudtrail: 'cloudtrail' };

/** In front of moto: checks each request against botocore's models, makes pages where moto has none, and injects faults. */
export async function startProxy(moto: { url: string; models: string }): Promise<Bystander> {
  const models = new Map<string, { model: ServiceModel; pages: Record<string, Paginator> }>();
  const accounts = new Map<string, string>();
  const modelOf = (service: string) => {
    const known = models.get(service) ?? loadModel(moto.models, FOLDERS[service] ?? service);
    models.set(service, known);
    return known;
  };
  const server: Server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      proxy.violations.push(`the proxy itself: ${String(error)}`);
      response.writeHead(500).end();
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const [, key = '', region = '', service = ''] =
      /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    const account = accounts.get(key) ?? DEFAULT_ACCOUNT;
    const { model, pages } = modelOf(service);
    const target = String(request.headers['x-amz-target'] ?? '');
    const params = new Map<string, string>(target === '' ? [...new URLSearchParams(body)] : []);
    const operation = target === '' ? (params.get('Action') ?? '') : target.split('.').at(-1)!;
    const described = model.operations[operation];
    if (described === undefined) {
      proxy.violations.push(`${service} has no operation ${JSON.stringify(operation)}`);
      response.writeHead(400).end();
      return;
    }
    const at = `${service}:${operation}`;
    const ec2 = model.metadata.protocol === 'ec2';
    let input: Record<string, unknown>;
    if (target === '') {
      params.delete('Action');
      params.delete('Version');
      input = (described.input ? fromQuery(model, described.input.shape, params, '', ec2) : {}) as typeof input;
      for (const name of params.keys()) proxy.violations.push(`${at}: unknown parameter ${name}`);
    } else {
      input = JSON.parse(body === '' ? '{}' : body) as typeof input;
    }
    if (described.input) proxy.violations.push(...violations(model, described.input.shape, input, at));
    const seen: Seen = { service, operation, account, region, input };
    proxy.seen.push(seen);

    const fault = proxy.faults(seen);
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    if (fault !== null && 'delayMs' in fault) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    else if (fault !== null) return sendFault(response, fault, model);

    const page = pages[operation];
    const standIn = proxy.standIns.get(operation);
    if (standIn !== undefined) {
      const output = page === undefined ? standIn(seen) : cutOutput(standIn(seen), input, page);
      proxy.violations.push(...violations(model, described.output!.shape, output, `${at} answer`));
      return sendOutput(response, model, operation, output);
    }
    const answer = await forward(request, page === undefined || !ec2 ? body : withoutPage(body));
    if (operation === 'AssumeRole') noteAccount(answer.text, String(input.RoleArn), accounts);
    const text = ec2 && page !== undefined ? cutXml(answer.text, model, operation, input, page) : answer.text;
    response.writeHead(answer.status, { 'content-type': answer.type }).end(text);
  }

  async function forward(
    request: IncomingMessage,
    body: string,
  ): Promise<{ status: number; type: string; text: string }> {
    const headers = new Headers();
    for (const name of [
      'authorization',
      'content-type',
      'x-amz-target',
      'x-amz-date',
      'x-amz-security-token',
      'host',
    ]) {
      const value = request.headers[name];
      if (typeof value === 'string' && name !== 'host') headers.set(name, value);
    }
    const answer = await fetch(`${moto.url}${request.url ?? '/'}`, { method: 'POST', headers, body });
    return { status: answer.status, type: answer.headers.get('content-type') ?? 'text/xml', text: await answer.text() };
  }

  const proxy: Bystander = {
    url: '',
    seen: [],
    violations: [],
    faults: () => null,
    standIns: new Map(),
    reset() {
      proxy.seen.length = 0;
      proxy.faults = () => null;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  proxy.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return proxy;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function noteAccount(xml: string, roleArn: string, accounts: Map<string, string>): void {
  const key = /<AccessKeyId>([^<]+)</.exec(xml)?.[1];
  if (key !== undefined) accounts.set(key, roleArn.split(':')[4]!);
}

function withoutPage(body: string): string {
  const params = new URLSearchParams(body);
  params.delete('MaxResults');
  params.delete('NextToken');
  return params.toString();
}

/** The place of a page in the whole, as the token tells it; AWS's tokens are opaque, too. */
function bounds(input: Record<string, unknown>, page: Paginator): { from: number; size: number } {
  const token = input[first(page.input_token)];
  const from = typeof token === 'string' ? Number(Buffer.from(token, 'base64url').toString().split(':')[1]) : 0;
  const limit = page.limit_key === undefined ? undefined : input[page.limit_key];
  return { from, size: typeof limit === 'number' && limit > 0 ? limit : 1000 };
}

function tokenFor(from: number): string {
  return Buffer.from(`page:${from}`).toString('base64url');
}

function first(names: string | string[]): string {
  return Array.isArray(names) ? names[0]! : names;
}

function cutOutput(
  output: Record<string, unknown>,
  input: Record<string, unknown>,
  page: Paginator,
): Record<string, unknown> {
  const { from, size } = bounds(input, page);
  const key = first(page.result_key);
  const all = output[key] as unknown[];
  const more = from + size < all.length ? { [first(page.output_token)]: tokenFor(from + size) } : {};
  return { ...output, [key]: all.slice(from, from + size), ...more };
}

/** What moto answered whole, cut to the page that was asked for. */
function cutXml(
  xml: string,
  model: ServiceModel,
  operation: string,
  input: Record<string, unknown>,
  page: Paginator,
): string {
  const shape = model.shapes[model.operations[operation]!.output!.shape]!;
  const tag = shape.members![first(page.result_key)]!.locationName!;
  const token = shape.members![first(page.output_token)]!.locationName!;
  const split = splitList(xml, tag);
  if (split === null) return xml;
  const { from, size } = bounds(input, page);
  const whole = `${split.head}${split.items.slice(from, from + size).join('')}${split.tail}`.replace(
    new RegExp(`<${token}>[^<]*</${token}>|<${token}/>`),
    '',
  );
  if (from + size >= split.items.length) return whole;
  return whole.replace(`</${tag}>`, `</${tag}><${token}>${tokenFor(from + size)}</${token}>`);
}

function sendOutput(response: ServerResponse, model: ServiceModel, operation: string, output: object): void {
  if (model.metadata.protocol !== 'ec2') {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(output));
    return;
  }
  const inner = toEc2Xml(model, model.operations[operation]!.output!.shape, output);
  const name = `${operation}Response`;
  response
    .writeHead(200, { 'content-type': 'text/xml;charset=UTF-8' })
    .end(`<${name} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>${inner}</${name}>`);
}

function sendFault(
  response: ServerResponse,
  fault: { status: number; code: string; message: string },
  model: ServiceModel,
): void {
  const { protocol } = model.metadata;
  if (protocol === 'json') {
    response
      .writeHead(fault.status, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify({ __type: fault.code, message: fault.message }));
    return;
  }
  const error = `<Error><Code>${fault.code}</Code><Message>${escapeXml(fault.message)}</Message></Error>`;
  const body =
    protocol === 'ec2'
      ? `<Response><Errors>${error}</Errors><RequestID>r-1</RequestID></Response>`
      : `<ErrorResponse>${error}<RequestId>r-1</RequestId></ErrorResponse>`;
  response.writeHead(fault.status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}
