import type { Problem } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';
import type { DeployedStack } from '../contract.ts';

/** One file as the CLI printed it; `group` ties files together (the folder they came from), `templatePath` is the user's TEMPLATE=FILE. */
export interface StackFile {
  origin: string;
  group: string;
  text: string;
  templatePath: string | null;
}

const describedStack = z.object({
  StackName: z.string(),
  StackId: z.string().optional(),
  Parameters: z
    .array(
      z.object({
        ParameterKey: z.string(),
        ParameterValue: z.string().optional(),
        ResolvedValue: z.string().optional(),
      }),
    )
    .optional(),
});
const resource = z.object({
  StackName: z.string().optional(),
  StackId: z.string().optional(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
  ResourceStatus: z.string().optional(),
});
const printed = z.object({
  Stacks: z.array(describedStack).optional(),
  StackResources: z.array(resource).optional(),
  StackResourceSummaries: z.array(resource).optional(),
  TemplateBody: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
});
type Printed = z.infer<typeof printed>;

interface Draft {
  stackName: string;
  stackId: string | null;
  group: string;
  parameters: Record<string, string>;
  resources: Record<string, string>;
  templateBody: string | null;
  templatePath: string | null;
}

/**
 * Deployed stacks from what `aws cloudformation describe-stacks`, `describe-stack-resources`, `list-stack-resources` and `get-template`
 * print. The last two do not name their stack: they belong to the stack whose name begins their file's name, else to the only stack of
 * their folder. What fits none is a problem. Sorted by name, then id.
 */
export function parseStackFiles(files: readonly StackFile[]): { stacks: DeployedStack[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const drafts: Draft[] = [];
  const read: { file: StackFile; content: Printed }[] = [];
  for (const file of [...files].sort((a, b) => (a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : 0))) {
    const content = contentOf(file);
    if ('code' in content) problems.push(content);
    else read.push({ file, content });
  }
  for (const { file, content } of read) {
    for (const stack of content.Stacks ?? []) {
      const draft = draftFor(drafts, stack.StackName, stack.StackId ?? null, file);
      for (const { ParameterKey, ParameterValue, ResolvedValue } of stack.Parameters ?? []) {
        const value = ResolvedValue ?? ParameterValue;
        if (value !== undefined) draft.parameters[ParameterKey] = value;
      }
    }
    for (const one of content.StackResources ?? [])
      if (one.StackName !== undefined) addResource(draftFor(drafts, one.StackName, one.StackId ?? null, file), one);
  }
  for (const { file, content } of read) {
    const nameless = [
      ...(content.StackResourceSummaries ?? []),
      ...(content.StackResources ?? []).filter((one) => one.StackName === undefined),
    ];
    if (nameless.length === 0 && content.TemplateBody === undefined) continue;
    const draft = ownerOf(drafts, file);
    if (draft === null) {
      problems.push(
        problem(
          file,
          'stack-file-without-stack',
          'the file does not say which stack it is of',
          'name it <stack>-….json, or put it in one folder with that stack\u2019s describe-stacks output',
        ),
      );
      continue;
    }
    for (const one of nameless) addResource(draft, one);
    const body = content.TemplateBody;
    if (body !== undefined) draft.templateBody = typeof body === 'string' ? body : JSON.stringify(body, null, 2);
    if (file.templatePath !== null) draft.templatePath = file.templatePath;
  }
  const stacks = drafts.map(finished);
  const key = (stack: DeployedStack) => `${stack.stackName}\0${stack.stackId ?? ''}`;
  return { stacks: stacks.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)), problems };
}

function contentOf(file: StackFile): Printed | Problem {
  let json: unknown;
  try {
    json = JSON.parse(file.text.replace(/^\uFEFF/, ''));
  } catch {
    return problem(file, 'stack-file-not-json', 'not JSON', 'save the output of aws cloudformation … --output json');
  }
  const result = printed.safeParse(json);
  const known = ['Stacks', 'StackResources', 'StackResourceSummaries', 'TemplateBody'];
  const named = typeof json === 'object' && json !== null && known.some((key) => Object.hasOwn(json, key));
  if (result.success && named) return result.data;
  const issue = result.success ? undefined : result.error.issues[0];
  const at = issue === undefined ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
  return problem(
    file,
    'stack-file-foreign',
    `not what describe-stacks, describe-stack-resources, list-stack-resources or get-template prints${at}`,
    'give the unchanged output of one of these commands',
  );
}

function draftFor(drafts: Draft[], stackName: string, stackId: string | null, file: StackFile): Draft {
  const found = drafts.find(
    (draft) =>
      draft.stackName === stackName && (draft.stackId === stackId || draft.stackId === null || stackId === null),
  );
  const draft = found ?? {
    stackName,
    stackId,
    group: file.group,
    parameters: {},
    resources: {},
    templateBody: null,
    templatePath: null,
  };
  if (found === undefined) drafts.push(draft);
  draft.stackId ??= stackId;
  draft.templatePath ??= file.templatePath;
  return draft;
}

function addResource(draft: Draft, one: z.infer<typeof resource>): void {
  if (one.PhysicalResourceId === undefined || one.ResourceStatus === 'DELETE_COMPLETE') return;
  draft.resources[one.LogicalResourceId] = one.PhysicalResourceId;
}

function ownerOf(drafts: readonly Draft[], file: StackFile): Draft | null {
  const name = file.origin.slice(file.origin.lastIndexOf('/') + 1);
  const near = drafts.filter((draft) => draft.group === file.group);
  const byName = (near.length > 0 ? near : drafts)
    .filter((draft) => name.startsWith(draft.stackName) && !/^[A-Za-z0-9]/.test(name.slice(draft.stackName.length)))
    .sort((a, b) => b.stackName.length - a.stackName.length);
  const [best, second] = byName;
  if (best !== undefined && best.stackName !== second?.stackName) return best;
  if (near.length === 1) return near[0]!;
  return near.length === 0 && drafts.length === 1 ? drafts[0]! : null;
}

/** arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/GUID */
function finished(draft: Draft): DeployedStack {
  const { group: _, ...rest } = draft;
  const arn = /^arn:[^:]+:cloudformation:([^:]+):(\d{12}):stack\//.exec(draft.stackId ?? '');
  return { ...rest, region: arn?.[1] ?? null, accountId: arn?.[2] ?? null };
}

function problem(file: StackFile, code: string, message: string, next: string): Problem {
  return { code, message, next, fault: 'input', file: file.origin };
}
