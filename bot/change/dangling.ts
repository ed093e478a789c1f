import type { Declaration, SourceFile, SourceIndex, SourceNote } from '../source/contract.ts';
import { placeOf } from '../source/text.ts';

/**
 * Trap 9 and 16: references to a declaration that the edit took away (depends_on, outputs, import blocks; Ref, GetAtt, DependsOn). A `moved`
 * block may lead to it: Terraform's plan then says "… was moved to …, which is not in configuration" and destroys it. By the text of the files that may refer to it: a Terraform module directory, one CloudFormation template. Comment lines do not count.
 */
export function danglingReferences(before: SourceIndex, after: SourceIndex): SourceNote[] {
  const same = new Set(after.declarations);
  const changed = before.declarations.filter((one) => !same.has(one));
  if (changed.length === 0) return [];
  const alive = new Set(after.declarations.map(nameKey));
  const gone = new Map(changed.filter((one) => !alive.has(nameKey(one))).map((one) => [nameKey(one), one] as const));
  const notes: SourceNote[] = [];
  for (const declaration of gone.values()) {
    const name = nameOf(declaration);
    if (name === null) continue;
    const folder = folderOf(declaration.place.file);
    const near = filesNear(after, declaration, folder);
    if (stillWritten(near, declaration, name)) continue;
    for (const file of near) {
      if (declaration.language === 'terraform' && !/\.(tf|tofu|tf\.json|tofu\.json)$/.test(file.path)) continue;
      const at = findName(
        file.text.replace(MOVED, (block) => block.replaceAll(/[^\n]/g, ' ')),
        name,
      );
      if (at < 0) continue;
      const { line } = placeOf(file, at);
      notes.push({
        code: 'dangling-reference',
        message: `${name} would go, but ${file.path}:${line} still refers to it`,
        place: { file: file.path, line },
      });
    }
  }
  return notes;
}

const MOVED = /^[ \t]*moved[ \t]*\{[^{}]*\}/gm;

/** The template, or the files of the module's folder. */
function filesNear(after: SourceIndex, { language, place }: Declaration, folder: string): readonly SourceFile[] {
  if (language === 'terraform') return after.tree.files.filter(({ path }) => isIn(folder, path));
  const template = after.tree.get(place.file);
  return template === undefined ? [] : [template];
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(folder) && folderOf(path) === folder;
}

/** A block whose for_each or count became empty makes no rules any more, but references to it stay valid. */
function stillWritten(near: readonly SourceFile[], declaration: Declaration, name: string): boolean {
  if (declaration.language === 'cloudformation') {
    const text = near[0]?.text ?? '';
    return new RegExp(`(^|[{,])\\s*["']?${name}["']?\\s*:`, 'm').test(text);
  }
  const [type, label] = name.split('.');
  const block = new RegExp(`(^|\\n)\\s*resource\\s+"?${type}"?\\s+"?${label}"?\\s*\\{`);
  return near.some((file) => block.test(file.text));
}

const names = new WeakMap<Declaration, string>();

function nameKey(declaration: Declaration): string {
  const known = names.get(declaration);
  if (known !== undefined) return known;
  const key = makeNameKey(declaration);
  names.set(declaration, key);
  return key;
}

function makeNameKey(declaration: Declaration): string {
  return `${declaration.language}\0${folderOf(declaration.place.file)}\0${declaration.language === 'cloudformation' ? declaration.place.file : ''}\0${nameOf(declaration) ?? declaration.id}`;
}

/** `aws_x.y` or a logical id; null for rules inside something that stays (inline blocks, module inputs). */
function nameOf(declaration: Declaration): string | null {
  if (!['legacy-rule', 'vpc-rule', 'cfn-standalone'].includes(declaration.form)) return null;
  const address = declaration.id.slice(declaration.id.lastIndexOf(':') + 1);
  const match =
    declaration.language === 'terraform' ? /^(aws_\w+\.[\w-]+)/.exec(address) : /^([A-Za-z0-9]+)/.exec(address);
  return match?.[1] ?? null;
}

function findName(text: string, name: string): number {
  const pattern = new RegExp(`(?<![\\w.-])${name.replaceAll('.', '\\.')}(?![\\w-])`, 'g');
  for (const match of text.matchAll(pattern)) {
    const start = text.lastIndexOf('\n', match.index) + 1;
    if (!/^\s*(#|\/\/|\*)/.test(text.slice(start, match.index))) return match.index;
  }
  return -1;
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
