import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** AWS's description of one service, as botocore ships it. */
export interface ServiceModel {
  metadata: { protocol: string; protocols?: string[]; targetPrefix?: string };
  operations: Record<string, { input?: { shape: string }; output?: { shape: string; resultWrapper?: string } }>;
  shapes: Record<string, Shape>;
}

export interface Shape {
  type: string;
  members?: Record<string, Member>;
  member?: Member;
  key?: Member;
  value?: Member;
  required?: string[];
  enum?: string[];
  min?: number;
  max?: number;
  pattern?: string;
}

export interface Member {
  shape: string;
  locationName?: string;
  queryName?: string;
}

export interface Paginator {
  input_token: string | string[];
  output_token: string | string[];
  limit_key?: string;
  result_key: string | string[];
}

/** Reads the newest model of a service and its paginators. */
export function loadModel(models: string, service: string): { model: ServiceModel; pages: Record<string, Paginator> } {
  const folder = join(models, service);
  const version = join(folder, readdirSync(folder).sort().at(-1)!);
  const model = JSON.parse(
    gunzipSync(readFileSync(join(version, 'service-2.json.gz'))).toString('utf8'),
  ) as ServiceModel;
  const { pagination } = JSON.parse(readFileSync(join(version, 'paginators-1.json'), 'utf8')) as {
    pagination: Record<string, Paginator>;
  };
  return { model, pages: pagination };
}

/** What a value says that its shape does not allow; `strict` also judges enumerations and patterns. */
export function violations(model: ServiceModel, shapeName: string, value: unknown, at: string): string[] {
  const shape = model.shapes[shapeName];
  if (shape === undefined) return [`${at}: no shape ${shapeName}`];
  const wrong = (what: string): string[] => [`${at}: ${what}, got ${JSON.stringify(value)?.slice(0, 80)}`];
  switch (shape.type) {
    case 'structure': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('expected a structure');
      const fields = value as Record<string, unknown>;
      const missing = (shape.required ?? []).filter((name) => fields[name] === undefined);
      return [
        ...missing.map((name) => `${at}: ${name} is required`),
        ...Object.entries(fields).flatMap(([name, inner]) => {
          const member = shape.members?.[name];
          return member === undefined
            ? [`${at}: ${shapeName} has no member ${name}`]
            : violations(model, member.shape, inner, `${at}.${name}`);
        }),
      ];
    }
    case 'list': {
      if (!Array.isArray(value)) return wrong('expected a list');
      const size = outside(shape, value.length) ? wrong(`a list of ${shape.min ?? 0} to ${shape.max}`) : [];
      return [...size, ...value.flatMap((inner, i) => violations(model, shape.member!.shape, inner, `${at}[${i}]`))];
    }
    case 'map':
      if (typeof value !== 'object' || value === null) return wrong('expected a map');
      return Object.entries(value).flatMap(([name, inner]) => [
        ...violations(model, shape.key!.shape, name, `${at}.${name}`),
        ...violations(model, shape.value!.shape, inner, `${at}.${name}`),
      ]);
    case 'string':
      if (typeof value !== 'string') return wrong('expected text');
      if (shape.enum !== undefined && !shape.enum.includes(value)) return wrong(`none of ${shape.enum.slice(0, 5)}`);
      if (outside(shape, value.length)) return wrong(`text of ${shape.min ?? 0} to ${shape.max} characters`);
      if (shape.pattern !== undefined && !patternOf(shape.pattern).test(value))
        return wrong(`not like ${shape.pattern}`);
      return [];
    case 'integer':
    case 'long':
      if (!Number.isInteger(value)) return wrong('expected a whole number');
      return outside(shape, value as number) ? wrong(`a number from ${shape.min} to ${shape.max}`) : [];
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('expected true or false');
    case 'timestamp':
      return typeof value === 'number' || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))
        ? []
        : wrong('expected a time');
    default:
      return ['double', 'float'].includes(shape.type) && typeof value === 'number'
        ? []
        : wrong(`cannot judge ${shape.type}`);
  }
}

function outside(shape: Shape, size: number): boolean {
  return size < (shape.min ?? Number.NEGATIVE_INFINITY) || size > (shape.max ?? Number.POSITIVE_INFINITY);
}

/** Java's expressions are JavaScript's but for few; those are taken as matching by the empty one. */
function patternOf(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return /(?:)/;
  }
}

/** Turns the parameters of EC2's or the query protocol into a value of the shape; what is left over in `params` is unknown to it. */
export function fromQuery(
  model: ServiceModel,
  shapeName: string,
  params: Map<string, string>,
  prefix: string,
  ec2: boolean,
): unknown {
  const shape = model.shapes[shapeName]!;
  if (shape.type === 'structure') {
    const out: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      const wire = ec2 ? (member.queryName ?? capital(member.locationName ?? name)) : (member.locationName ?? name);
      const value = fromQuery(model, member.shape, params, prefix === '' ? wire : `${prefix}.${wire}`, ec2);
      if (value !== undefined) out[name] = value;
    }
    return prefix !== '' && Object.keys(out).length === 0 ? undefined : out;
  }
  if (shape.type === 'list') {
    const out: unknown[] = [];
    for (let i = 1; ; i++) {
      const value = fromQuery(model, shape.member!.shape, params, `${prefix}${ec2 ? '' : '.member'}.${i}`, ec2);
      if (value === undefined) return out.length === 0 ? undefined : out;
      out.push(value);
    }
  }
  const text = params.get(prefix);
  params.delete(prefix);
  if (text === undefined) return undefined;
  if (shape.type === 'integer' || shape.type === 'long') return Number(text);
  return shape.type === 'boolean' ? text === 'true' : text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A value of the shape in EC2's XML; lists are elements with an `item` for each. */
export function toEc2Xml(model: ServiceModel, shapeName: string, value: unknown): string {
  const shape = model.shapes[shapeName]!;
  if (shape.type === 'structure') {
    return Object.entries(value as object)
      .map(([name, inner]) => {
        const member = shape.members![name]!;
        const tag = member.locationName ?? name;
        return `<${tag}>${toEc2Xml(model, member.shape, inner)}</${tag}>`;
      })
      .join('');
  }
  if (shape.type === 'list')
    return (value as unknown[]).map((inner) => `<item>${toEc2Xml(model, shape.member!.shape, inner)}</item>`).join('');
  return escapeXml(String(value));
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
