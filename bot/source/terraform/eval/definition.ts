import type { SourceFile } from '../../contract.ts';
import type { Attribute, Block, ParsedFile } from '../syntax/ast.ts';
import { type FileParser, fileKind } from '../syntax/parse.ts';
import { isOverride, mergeBlock } from './override.ts';

/** One directory of configuration: what its files declare, before any evaluation. */
export interface ModuleDefinition {
  directory: string;
  files: readonly ParsedFile[];
  variables: ReadonlyMap<string, Block>;
  locals: ReadonlyMap<string, Attribute>;
  outputs: ReadonlyMap<string, Block>;
  /** `type.name`, and `data.type.name`. */
  resources: ReadonlyMap<string, Block>;
  calls: ReadonlyMap<string, Block>;
}

/** The directories of a tree with their Terraform files, variables files apart. */
export interface Layout {
  configuration: ReadonlyMap<string, readonly SourceFile[]>;
  variables: ReadonlyMap<string, readonly SourceFile[]>;
  /** Directories with a terragrunt.hcl; another object whenever any file of Terragrunt changed. */
  units: ReadonlySet<string>;
}

export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

/** `a/b` and `../c` to `a/c`; null where it leaves the tree. */
export function joinPath(directory: string, relative: string): string | null {
  const parts = directory === '.' ? [] : directory.split('/');
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length === 0 ? '.' : parts.join('/');
}

export function layoutOf(files: readonly SourceFile[]): Layout {
  const configuration = new Map<string, SourceFile[]>();
  const variables = new Map<string, SourceFile[]>();
  const units = new Set<string>();
  for (const file of files) {
    const kind = fileKind(file.path);
    if (kind === null) continue;
    if (kind.kind === 'terragrunt') {
      if (/(^|\/)terragrunt\.hcl$/.test(file.path)) units.add(directoryOf(file.path));
      continue;
    }
    const of = kind.kind === 'configuration' ? configuration : variables;
    const directory = directoryOf(file.path);
    const known = of.get(directory);
    if (known === undefined) of.set(directory, [file]);
    else known.push(file);
  }
  return { configuration: withoutShadowed(configuration), variables, units };
}

/** OpenTofu reads `x.tofu` instead of `x.tf` beside it; both are kept apart here by dropping the shadowed one. */
function withoutShadowed(byDirectory: ReadonlyMap<string, SourceFile[]>): Map<string, readonly SourceFile[]> {
  const out = new Map<string, readonly SourceFile[]>();
  for (const [directory, files] of byDirectory) {
    const tofu = new Set(
      files.filter((f) => /\.tofu(\.json)?$/.test(f.path)).map((f) => f.path.replace('.tofu', '.tf')),
    );
    out.set(
      directory,
      files.filter((f) => !tofu.has(f.path)),
    );
  }
  return out;
}

export function defineModule(directory: string, files: readonly SourceFile[], parser: FileParser): ModuleDefinition {
  const parsed = files.map((file) => parser.parse(file)).filter((file): file is ParsedFile => file !== null);
  const variables = new Map<string, Block>();
  const locals = new Map<string, Attribute>();
  const outputs = new Map<string, Block>();
  const resources = new Map<string, Block>();
  const calls = new Map<string, Block>();
  const later = parsed.filter((file) => isOverride(file.file.path));
  const earlier = later.length === 0 ? parsed : parsed.filter((file) => !later.includes(file));
  for (const file of [...earlier, ...later]) {
    const overrides = later.includes(file);
    const add = (map: Map<string, Block>, key: string | undefined, block: Block) => {
      const known = key === undefined ? undefined : map.get(key);
      if (key === undefined || (known !== undefined && !overrides)) return;
      map.set(key, known === undefined ? block : mergeBlock(known, block));
    };
    for (const item of file.body.items) {
      if (item.kind !== 'block') continue;
      const [first, second] = item.labels.map((label) => label.text);
      if (item.type === 'variable') add(variables, first, item);
      else if (item.type === 'output') add(outputs, first, item);
      else if (item.type === 'module') add(calls, first, item);
      else if (item.type === 'resource' && second !== undefined) add(resources, `${first}.${second}`, item);
      else if (item.type === 'data' && second !== undefined) add(resources, `data.${first}.${second}`, item);
      else if (item.type === 'locals')
        for (const local of item.body.items)
          if (local.kind === 'attribute' && (overrides || !locals.has(local.name))) locals.set(local.name, local);
    }
  }
  return { directory, files: parsed, variables, locals, outputs, resources, calls };
}
