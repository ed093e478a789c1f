import type { SourceFile } from '../../contract.ts';
import type { HclParser, ParsedFile } from './ast.ts';
import { parseHcl } from './hcl.ts';
import { parseJson } from './json.ts';

/** Larger than any file a person writes (the largest seen in 38 repositories has 0.4 MB). In UTF-16 code units. */
const MAX_FILE = 4_000_000;

export type TerraformFileKind = 'configuration' | 'variables' | 'terragrunt';

/** Which of Terraform's, OpenTofu's and Terragrunt's files a path is, by name; null for any other. Override files are configuration too. */
export function fileKind(path: string): { kind: TerraformFileKind; json: boolean } | null {
  if (/\.(tf|tofu)$/.test(path)) return { kind: 'configuration', json: false };
  if (/\.(tf|tofu)\.json$/.test(path)) return { kind: 'configuration', json: true };
  if (path.endsWith('.tfvars')) return { kind: 'variables', json: false };
  if (path.endsWith('.tfvars.json')) return { kind: 'variables', json: true };
  if (path.endsWith('.hcl') && !/(^|\/)\.terraform\.lock\.hcl$|\.pkr\.hcl$/.test(path))
    return { kind: 'terragrunt', json: false };
  return null;
}

export interface FileParser {
  /** Null for files that are not Terraform's. The same file (by identity, else by path and text) is parsed once. */
  parse(file: SourceFile): ParsedFile | null;
}

export function fileParser(hcl: HclParser): FileParser {
  const byIdentity = new WeakMap<SourceFile, ParsedFile>();
  const byPath = new Map<string, ParsedFile>();
  return {
    parse: (file) => {
      const known = byIdentity.get(file);
      if (known !== undefined) return known;
      const kind = fileKind(file.path);
      if (kind === null) return null;
      const last = byPath.get(file.path);
      const parsed = last?.file.text === file.text ? last : parseFile(file, kind, hcl);
      byIdentity.set(file, parsed);
      byPath.set(file.path, parsed);
      return parsed;
    },
  };
}

function parseFile(file: SourceFile, kind: { kind: TerraformFileKind; json: boolean }, hcl: HclParser): ParsedFile {
  if (file.text.length > MAX_FILE) {
    const fault = { file: file.path, start: 0, end: 0, message: `this file is larger than ${MAX_FILE / 1_000_000} MB` };
    return { file, syntax: kind.json ? 'json' : 'hcl', body: { items: [] }, comments: [], faults: [fault] };
  }
  return kind.json ? parseJson(file, hcl, kind.kind === 'variables') : parseHcl(file, hcl);
}
