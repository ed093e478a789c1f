import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';

/** A state that was fetched; `workspace` where the place it came from names it. */
export interface RemoteState {
  text: string;
  workspace: string | null;
}

export interface RemoteEffects {
  /** The bytes of an object, at most `limit`. Throws the SDK's errors. */
  getObject(bucket: string, key: string, limit: number): Promise<Uint8Array | 'too-large'>;
  fetch: typeof fetch;
  /** The API token for a host, or null. */
  token(host: string): Promise<string | null>;
}

const WAIT_MS = 60_000;

export function isRemote(path: string): boolean {
  return /^(s3|https?|hcp|tfe):\/\//i.test(path);
}

/**
 * A state from where Terraform keeps it: `s3://BUCKET/KEY`; `hcp://ORG/WORKSPACE`; `tfe://HOST/ORG/WORKSPACE`; or the page of a workspace
 * as the browser shows it, `https://HOST/app/ORG/workspaces/WORKSPACE`. Kept in memory only. A problem has the address as given, never a token.
 */
export async function readRemote(
  address: string,
  limit: number,
  effects: RemoteEffects,
): Promise<RemoteState | Problem> {
  const told: Tell = (code, message, next) => ({ code, message, next, fault: 'input', file: address });
  const s3 = /^s3:\/\/([^/?#]+)\/([^?#]+)$/.exec(address);
  if (s3 !== null) return fromBucket(s3[1]!, s3[2]!, limit, effects, told);
  const workspace = workspaceOf(address);
  if (workspace !== null) return fromApi(workspace, limit, effects, told);
  return told(
    'state-address',
    'no address of a state',
    'give s3://BUCKET/KEY, hcp://ORG/WORKSPACE, tfe://HOST/ORG/WORKSPACE or https://HOST/app/ORG/workspaces/WORKSPACE',
  );
}

type Tell = (code: string, message: string, next: string) => Problem;

interface Workspace {
  host: string;
  organization: string;
  name: string;
}

const NAME = '[A-Za-z0-9_-]+';
const HOST = '[A-Za-z0-9.-]+(?::\\d+)?';

function workspaceOf(address: string): Workspace | null {
  const hcp = new RegExp(`^hcp://(${NAME})/(${NAME})/?$`).exec(address);
  if (hcp !== null) return { host: 'app.terraform.io', organization: hcp[1]!, name: hcp[2]! };
  const tfe = new RegExp(`^tfe://(${HOST})/(${NAME})/(${NAME})/?$`).exec(address);
  const page = new RegExp(`^https://(${HOST})/app/(${NAME})/workspaces/(${NAME})(?:/.*)?$`).exec(address);
  const found = tfe ?? page;
  return found === null ? null : { host: found[1]!.toLowerCase(), organization: found[2]!, name: found[3]! };
}

async function fromBucket(
  bucket: string,
  key: string,
  limit: number,
  effects: RemoteEffects,
  told: Tell,
): Promise<RemoteState | Problem> {
  try {
    const bytes = await effects.getObject(bucket, key, limit);
    if (bytes === 'too-large') return tooLarge(limit, told);
    const text = decode(bytes);
    return text === null ? notUtf8(told) : { text, workspace: null };
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'NoSuchKey' || name === 'NotFound')
      return told('state-missing', 'the bucket has no such key', "check bucket and key of the backend's configuration");
    if (name === 'NoSuchBucket') return told('state-missing', 'there is no such bucket', 'check the bucket');
    if (name === 'AccessDenied' || name === 'Forbidden')
      return told('state-forbidden', 'access is denied', 'allow s3:GetObject on it (and kms:Decrypt on its key)');
    if (name === 'CredentialsProviderError')
      return told('state-credentials', 'no AWS credentials were found', 'set AWS_PROFILE or run aws sso login');
    return told('state-unreadable', `cannot be read (${firstLine(error)})`, 'check the address given to --state');
  }
}

const workspaceAnswer = z.object({ data: z.object({ id: z.string().regex(/^[A-Za-z0-9_-]+$/) }) });
const versionAnswer = z.object({
  data: z.object({ attributes: z.object({ 'hosted-state-download-url': z.string().nullish() }) }),
});

/** Two questions and a download, as go-tfe does. Source: HCP Terraform API, "Workspaces" and "State Versions". */
async function fromApi(
  { host, organization, name }: Workspace,
  limit: number,
  effects: RemoteEffects,
  told: Tell,
): Promise<RemoteState | Problem> {
  const token = await effects.token(host);
  const variable = tokenVariable(host);
  if (token === null)
    return told('state-token', `no API token for ${host}`, `run terraform login ${host}, or set ${variable}`);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/vnd.api+json' };
  const ask = async (url: string, withToken: boolean): Promise<string | Problem> => {
    const answer = await effects.fetch(url, {
      ...(withToken ? { headers } : {}),
      signal: AbortSignal.timeout(WAIT_MS),
    });
    if (answer.status === 401)
      return told(
        'state-token',
        `${host} does not accept the token`,
        `run terraform login ${host}, or set ${variable}`,
      );
    if (answer.status === 404)
      return told(
        'state-missing',
        `${host} has no such workspace or state, or the token may not read it`,
        'check the names, and that the token may read state versions',
      );
    if (!answer.ok) return told('state-unreadable', `${host} answers ${answer.status}`, 'try again later');
    return readBody(answer, limit, told);
  };
  try {
    const workspace = await ask(`https://${host}/api/v2/organizations/${organization}/workspaces/${name}`, true);
    if (typeof workspace !== 'string') return workspace;
    const id = workspaceAnswer.parse(JSON.parse(workspace)).data.id;
    const version = await ask(`https://${host}/api/v2/workspaces/${id}/current-state-version`, true);
    if (typeof version !== 'string') return version;
    const url = versionAnswer.parse(JSON.parse(version)).data.attributes['hosted-state-download-url'] ?? '';
    if (!URL.canParse(url) || new URL(url).protocol !== 'https:')
      return told('state-unreadable', `${host} gives no place to download the state from`, 'try again later');
    const text = await ask(url, trusts(host, new URL(url).host));
    return typeof text === 'string' ? { text, workspace: name } : text;
  } catch (error) {
    const why = error instanceof z.ZodError || error instanceof SyntaxError ? 'an unknown answer' : firstLine(error);
    return told('state-unreadable', `cannot be read from ${host} (${why})`, 'check the address given to --state');
  }
}

/** The token goes to the host it is for; HCP's own archive wants it too, and nobody else gets it. */
function trusts(host: string, other: string): boolean {
  return other === host || (host === 'app.terraform.io' && other === 'archivist.terraform.io');
}

async function readBody(answer: Response, limit: number, told: Tell): Promise<string | Problem> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > limit) return tooLarge(limit, told);
    parts.push(part);
  }
  return decode(Buffer.concat(parts)) ?? notUtf8(told);
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function tooLarge(limit: number, told: Tell): Problem {
  return told('state-too-large', `larger than ${Math.round(limit / 1e6)} MB`, 'split the state, or give show -json');
}

function notUtf8(told: Tell): Problem {
  return told('state-not-utf8', 'not UTF-8 text', 'give terraform show -json of it');
}

function firstLine(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : 'unknown reason';
}

/** As Terraform names it: dots become underscores, hyphens two. Source: Terraform CLI configuration, "Environment Variable Credentials". */
export function tokenVariable(host: string): string {
  return `TF_TOKEN_${host.replaceAll('-', '__').replaceAll('.', '_').replaceAll(':', '_')}`;
}

const credentialsFile = z.object({ credentials: z.record(z.string(), z.object({ token: z.string().optional() })) });

/** The environment first, then what `terraform login` wrote. */
export async function tokenFor(
  host: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): Promise<string | null> {
  // TFE_TOKEN names no host: it is for the one that TFE_HOSTNAME names, else for HCP Terraform.
  const shared = host === (environment.TFE_HOSTNAME ?? 'app.terraform.io') ? environment.TFE_TOKEN : undefined;
  const given = environment[tokenVariable(host)] ?? shared;
  if (given !== undefined && given !== '') return given;
  try {
    const text = await readFile(join(home, '.terraform.d', 'credentials.tfrc.json'), 'utf8');
    return credentialsFile.parse(JSON.parse(text)).credentials[host]?.token ?? null;
  } catch {
    return null;
  }
}

/** The real ones: the SDK with its own search for credentials, and Node's fetch. */
export function remoteEffects(): RemoteEffects {
  return {
    fetch,
    token: (host) => tokenFor(host),
    getObject: async (bucket, key, limit) => {
      // Loaded when an address asks for it: the SDK takes longer to load than most commands to run.
      const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
      const client = new S3Client({ followRegionRedirects: true });
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        if ((answer.ContentLength ?? 0) > limit) return 'too-large';
        const bytes = await answer.Body?.transformToByteArray();
        return bytes ?? new Uint8Array();
      } finally {
        client.destroy();
      }
    },
  };
}
