import type { Problem } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';

/** One instance of a resource, whatever the file's format. */
export interface RawResource {
  address: string;
  mode: 'managed' | 'data';
  type: string;
  attributes: Readonly<Record<string, unknown>>;
}

const attributes = z.record(z.string(), z.unknown());
const key = z.union([z.string(), z.number()]);

/** State format 4 (Terraform 0.12 and later, OpenTofu). Source: hashicorp/terraform internal/states/statefile/version4.go. */
const version4 = z.object({
  resources: z.array(
    z.object({
      module: z.string().optional(),
      mode: z.enum(['managed', 'data']),
      type: z.string(),
      name: z.string(),
      instances: z.array(
        z.object({
          index_key: key.nullish(),
          attributes: attributes.nullish(),
          deposed: z.string().optional(),
        }),
      ),
    }),
  ),
});

const shownResource = z.object({
  address: z.string(),
  mode: z.enum(['managed', 'data']),
  type: z.string(),
  values: attributes.nullish(),
  deposed_key: z.string().optional(),
});
/** One module of `terraform show -json`; its child modules are read one by one, so that depth costs no stack. */
const shownModule = z.object({
  resources: z.array(shownResource).optional(),
  child_modules: z.array(z.unknown()).optional(),
});

/** The resources of a state, or one line about why this is not one and what to do. */
export function rawResources(text: string, origin: string): RawResource[] | Problem {
  const problem = (code: string, message: string, next: string, at?: string): Problem => ({
    code,
    message,
    next,
    fault: 'input',
    file: origin,
    ...(at === undefined ? {} : { at }),
  });
  const body = text.replace(/^\uFEFF/, '');
  if (body.trim() === '')
    return problem('state-empty-file', 'the file is empty', 'write it with terraform state pull > FILE');
  if (body.startsWith('PK'))
    return problem('state-binary-plan', 'this is a saved plan, not a state', 'give terraform show -json PLAN instead');
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    const lines = /^\s*\{"@level"/.test(body);
    return lines
      ? problem(
          'state-log',
          'this is the log of terraform plan -json',
          'give terraform show -json of the plan or state',
        )
      : problem('state-not-json', 'not JSON', 'write it with terraform state pull > FILE, or terraform show -json');
  }
  if (!isRecord(json))
    return problem('state-foreign', 'not a state: no JSON object', 'write it with terraform state pull');
  if ('encrypted_data' in json)
    return problem('state-encrypted', 'the state is encrypted', 'give tofu show -json, which decrypts it');
  if ('format_version' in json) return shown(json, problem);
  const version = json.version;
  if (version === 4) return fromVersion4(json, problem);
  if (isRecord(json.backend))
    return problem(
      'state-backend-pointer',
      'this file only names the remote backend',
      'run terraform state pull > FILE in that directory and give FILE',
    );
  if (typeof version === 'number' && version < 4)
    return problem(
      'state-too-old',
      `state format ${version} is that of Terraform 0.11 or older`,
      'give terraform show -json of Terraform 0.12 or later, or upgrade the state',
    );
  if (typeof version === 'number')
    return problem('state-too-new', `state format ${version} is not known`, 'give terraform show -json instead');
  return problem(
    'state-foreign',
    'not a Terraform state: neither version nor format_version',
    'write it with terraform state pull > FILE, or terraform show -json',
  );
}

type Tell = (code: string, message: string, next: string, at?: string) => Problem;

function fromVersion4(json: Record<string, unknown>, problem: Tell): RawResource[] | Problem {
  const parsed = version4.safeParse(json);
  if (!parsed.success) return malformed(parsed.error, problem);
  if (parsed.data.resources.length === 0) return empty(problem);
  return parsed.data.resources.flatMap(({ module, mode, type, name, instances }) =>
    instances
      .filter((instance) => instance.deposed === undefined && instance.attributes !== null)
      .map((instance) => ({
        address: `${module === undefined ? '' : `${module}.`}${mode === 'data' ? 'data.' : ''}${type}.${name}${instanceKey(instance.index_key)}`,
        mode,
        type,
        attributes: instance.attributes ?? {},
      })),
  );
}

function shown(json: Record<string, unknown>, problem: Tell): RawResource[] | Problem {
  const isPlan = 'planned_values' in json || 'resource_changes' in json;
  const state = isPlan ? json.prior_state : json;
  if (!isRecord(state) || !isRecord(state.values))
    return isPlan
      ? problem('state-plan-without-state', 'the plan holds no prior state', 'give terraform show -json of the state')
      : empty(problem);
  const out: RawResource[] = [];
  const open: { module: unknown; path: string }[] = [{ module: state.values.root_module, path: 'values.root_module' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const parsed = shownModule.safeParse(next.module ?? {});
    if (!parsed.success) return malformed(parsed.error, problem, next.path);
    for (const { address, mode, type, values, deposed_key } of parsed.data.resources ?? [])
      if (deposed_key === undefined) out.push({ address, mode, type, attributes: values ?? {} });
    for (const [i, module] of (parsed.data.child_modules ?? []).entries())
      open.push({ module, path: `${next.path}.child_modules[${i}]` });
  }
  return out.length === 0 ? empty(problem) : out;
}

function empty(problem: Tell): Problem {
  return problem(
    'state-empty',
    'the state holds no resources',
    'check the workspace (terraform workspace list) and the backend key it was pulled from',
  );
}

function malformed(error: z.ZodError, problem: Tell, under = ''): Problem {
  const issue = error.issues[0];
  const path = [under, ...(issue?.path ?? []).map(String)].filter((part) => part !== '').join('.');
  return problem(
    'state-malformed',
    `not as Terraform writes it: ${issue?.message ?? 'unreadable'}`,
    'write it again with terraform state pull > FILE',
    path,
  );
}

function instanceKey(index: string | number | null | undefined): string {
  if (index === null || index === undefined) return '';
  return typeof index === 'number' ? `[${index}]` : `[${quoted(index)}]`;
}

/** As Terraform prints a string key: hashicorp/terraform internal/addrs/instance_key.go, toHCLQuotedString. */
function quoted(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(/([$%])\{/g, '$1$1{');
  return `"${escaped}"`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
