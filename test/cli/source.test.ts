import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSource } from '../../bot/cli/read-source.ts';
import { EXIT, type Runtime } from '../../bot/cli/runtime.ts';
import { edit, type SourceEditOptions } from '../../bot/cli/work/source-edit.ts';
import { list } from '../../bot/cli/work/source-list.ts';

const MAIN = `resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  security_group_id = aws_security_group.web.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 90
  cidr_blocks       = ["10.1.0.0/16", "10.2.0.0/16"]
}
`;
const ID = 'main.tf:aws_security_group_rule.ssh';
let dir = '';
let out: string[] = [];
let notes: string[] = [];
const runtime: Runtime = {
  write: async (text) => void out.push(text),
  note: (_, text) => void notes.push(text),
  progress: { report: () => {}, clear: () => {} },
  signal: new AbortController().signal,
  color: false,
  width: 80,
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-source-'));
  writeFileSync(join(dir, 'main.tf'), MAIN);
  out = [];
  notes = [];
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});
const main = () => readFileSync(join(dir, 'main.tf'), 'utf8');
const asked = (options: Omit<SourceEditOptions, 'source' | 'id'> & { id?: string }) =>
  edit({ source: dir, id: ID, ...options }, runtime);

describe('pare source list', () => {
  it('prints id, file, lines, shape and what each rule evaluates to', async () => {
    expect(await list({ source: dir }, runtime)).toBe(EXIT.clean);
    expect(out.join('')).toBe(
      `${ID}\n  main.tf:1-8  legacy-rule, single\n  --at 0  ingress tcp 22-90 from 10.1.0.0/16  aws_security_group_rule.ssh\n  --at 1  ingress tcp 22-90 from 10.2.0.0/16  aws_security_group_rule.ssh\n`,
    );
  });

  it('names in JSON what is unknown', async () => {
    await list({ source: dir, json: true }, runtime);
    expect(JSON.parse(out.join('')).declarations[0]).toMatchObject({
      id: ID,
      lines: [1, 8],
      form: 'legacy-rule',
      repetition: 'single',
      rules: [
        { at: 0, peer: '10.1.0.0/16', unknown: ['group'] },
        { at: 1, peer: '10.2.0.0/16' },
      ],
    });
  });

  it('tells with file and line what could not be read, and does not follow links out of the tree', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'pare-outside-'));
    writeFileSync(join(outside, 'secret.tf'), MAIN);
    symlinkSync(join(outside, 'secret.tf'), join(dir, 'link.tf'));
    symlinkSync(outside, join(dir, 'linked'));
    symlinkSync(join(dir, 'gone.tf'), join(dir, 'nowhere.tf'));
    mkdirSync(join(dir, 'loop'));
    symlinkSync(dir, join(dir, 'loop', 'self'));
    writeFileSync(join(dir, 'latin.tf'), Buffer.from([0x6c, 0xe9]));
    writeFileSync(join(dir, 'huge.tf'), '#'.repeat(50_000_000));
    writeFileSync(join(dir, 'broken.tf'), 'locals {\n  a = = 1\n}\n');
    await list({ source: dir }, runtime);
    rmSync(outside, { recursive: true });
    expect(out.join('')).not.toMatch(/link|secret|loop/);
    for (const part of [
      'link.tf is a symbolic link',
      'linked is a symbolic link',
      'nowhere.tf is a symbolic link',
      'loop/self is a symbolic link',
      'latin.tf is not valid UTF-8',
      'huge.tf has 48 MiB',
      'broken.tf:2: ',
    ])
      expect(notes.join('\n')).toContain(part);
  });
});

/** Root and address of what makes rules. */
function placesOf(json: string): string[] {
  const { declarations } = JSON.parse(json) as { declarations: { rules: { root: string; address: string }[] }[] };
  return [...new Set(declarations.flatMap(({ rules }) => rules.map((one) => `${one.root}: ${one.address}`)))].sort();
}

/** A folder `shared`, `envs/linked` as a link to it, and what `envs/main.tf` says. */
function linkShared(envs: string): void {
  mkdirSync(join(dir, 'shared'));
  mkdirSync(join(dir, 'envs'));
  writeFileSync(join(dir, 'shared', 'rules.tf'), MAIN);
  symlinkSync('../shared', join(dir, 'envs', 'linked'));
  if (envs !== '') writeFileSync(join(dir, 'envs', 'main.tf'), envs);
}

describe('a symbolic link within the tree', () => {
  it('to a folder is that folder, and no second root', async () => {
    mkdirSync(join(dir, 'shared'));
    mkdirSync(join(dir, 'envs'));
    writeFileSync(join(dir, 'shared', 'rules.tf'), MAIN);
    symlinkSync('../shared', join(dir, 'envs', 'v1.2'));
    await list({ source: dir, json: true }, runtime);
    expect(placesOf(out.join(''))).toEqual(['.: aws_security_group_rule.ssh', 'shared: aws_security_group_rule.ssh']);
    expect(notes).toEqual([]);
  });

  it('to a folder leads calls to it, which is then no root either', async () => {
    mkdirSync(join(dir, 'shared'));
    mkdirSync(join(dir, 'envs'));
    writeFileSync(join(dir, 'shared', 'rules.tf'), MAIN);
    symlinkSync('../shared', join(dir, 'envs', 'linked'));
    writeFileSync(join(dir, 'envs', 'main.tf'), 'module "m" {\n  source = "./linked"\n}\n');
    await list({ source: dir, json: true }, runtime);
    expect(placesOf(out.join(''))).toEqual([
      '.: aws_security_group_rule.ssh',
      'envs: module.m.aws_security_group_rule.ssh',
    ]);
    expect(notes).toEqual([]);
  });

  it.each([
    ['called through the link', 'module "m" {\n  source = "./linked"\n}\n', 'envs/linked/rules.tf'],
    ['called by its own name', 'module "m" {\n  source = "../shared"\n}\n', 'shared/rules.tf'],
    ['called by nobody', '', 'shared/rules.tf'],
  ])('to a folder does not list its declarations twice: %s', async (_, call, file) => {
    linkShared(call);
    await list({ source: dir, json: true }, runtime);
    const { declarations } = JSON.parse(out.join('')) as { declarations: { file: string; rules: unknown[] }[] };
    expect(declarations.map((one) => [one.file, one.rules.length])).toEqual(
      [
        [file, 2],
        ['main.tf', 2],
      ].sort(),
    );
  });

  it('to a folder that is called both ways lists each with its rules', async () => {
    linkShared('module "m" {\n  source = "./linked"\n}\nmodule "n" {\n  source = "../shared"\n}\n');
    await list({ source: dir, json: true }, runtime);
    const { declarations } = JSON.parse(out.join('')) as { declarations: { file: string; rules: unknown[] }[] };
    expect(declarations.map((one) => [one.file, one.rules.length])).toEqual([
      ['envs/linked/rules.tf', 2],
      ['main.tf', 2],
      ['shared/rules.tf', 2],
    ]);
  });

  it('to a folder leads an edit to the file that is there', async () => {
    linkShared('module "m" {\n  source = "./linked"\n}\n');
    const id = 'envs/linked/rules.tf:aws_security_group_rule.ssh';
    expect(await asked({ id, remove: true, at: ['0'], write: true })).toBe(EXIT.clean);
    const text = MAIN.replace('"10.1.0.0/16", ', '');
    expect(readFileSync(join(dir, 'shared/rules.tf'), 'utf8')).toBe(text);
    expect(lstatSync(join(dir, 'envs/linked')).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(dir, 'shared'))).toEqual(['rules.tf']);
    expect(main()).toBe(MAIN);
    // git applies no patch beyond a symbolic link.
    expect(out.join('')).toContain('+++ b/shared/rules.tf');
    expect(out.join('')).not.toContain('envs/linked');
  });

  it('to a folder outside the tree is told, whatever the name of the link', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'pare-outside-'));
    writeFileSync(join(outside, 'secret.tf'), MAIN);
    symlinkSync(outside, join(dir, 'v1.2'));
    symlinkSync(join(outside, 'secret.tf'), join(dir, 'notes.md'));
    const { notes: told, tree } = await readSource(dir);
    rmSync(outside, { recursive: true });
    expect(told.map((note) => note.message)).toEqual(['v1.2 is a symbolic link and was not followed']);
    expect(tree.files.map((file) => file.path)).toEqual(['main.tf']);
  });

  it('to a folder is told where all links together hold too many files', async () => {
    mkdirSync(join(dir, 'shared'));
    for (let i = 0; i < 500; i += 1) writeFileSync(join(dir, 'shared', `${i}.tf`), '');
    for (let i = 0; i < 101; i += 1) symlinkSync('shared', join(dir, `v1.${100 + i}`));
    const { notes: told } = await readSource(dir);
    expect(told.map((note) => note.message)).toEqual(['v1.200 is a symbolic link and was not followed']);
  });

  it('is read as the file that it leads to, which is the one that is edited', async () => {
    mkdirSync(join(dir, 'live'));
    symlinkSync('../main.tf', join(dir, 'live', 'main.tf'));
    await list({ source: dir, json: true }, runtime);
    expect(out.join('')).toContain('live/main.tf:aws_security_group_rule.ssh');
    expect(notes).toEqual([]);
    out = [];
    await expect(asked({ remove: true, at: ['0'] })).rejects.toThrow('live/main.tf:1');
    expect(main()).toBe(MAIN);
  });
});

describe('pare source edit', () => {
  it('prints the diff and leaves the file; --write changes it', async () => {
    expect(await asked({ remove: true, at: ['0'] })).toBe(EXIT.clean);
    expect(out.join('')).toContain(
      '-  cidr_blocks       = ["10.1.0.0/16", "10.2.0.0/16"]\n+  cidr_blocks       = ["10.2.0.0/16"]\n',
    );
    expect(main()).toBe(MAIN);
    await asked({ remove: true, at: ['0'], write: true });
    expect(main()).toBe(MAIN.replace('"10.1.0.0/16", ', ''));
  });

  it('tightens ports of all rules that share the text, and splits one block in two', async () => {
    await asked({ at: ['1'], cidr: '10.2.4.0/24,10.2.6.0/24', write: true });
    expect(main()).toContain('["10.1.0.0/16", "10.2.4.0/24", "10.2.6.0/24"]');
    await asked({ at: ['1'], cidr: '10.2.4.0/25', write: true });
    expect(main()).toContain('["10.1.0.0/16", "10.2.4.0/25", "10.2.6.0/24"]');
  });

  it('removes all rules of a declaration with --at all', async () => {
    await asked({ remove: true, at: ['all'], write: true });
    expect(main()).toBe('');
  });

  it.each<[string, Omit<SourceEditOptions, 'source' | 'id'>, string]>([
    ['nothing to do', { at: ['0'] }, 'give --remove, --ports A-B or --cidr X'],
    ['several rules and no --at', { remove: true }, 'makes 2 rules: --at 0 ingress tcp 22-90 from 10.1.0.0/16'],
    ['a number that there is not', { remove: true, at: ['2'] }, 'give 0 to 1, or all'],
    ['ports beyond the rule (law 4)', { at: ['0'], ports: '22-99' }, 'not within what the rule allows now'],
    ['a block beyond the rule (law 4)', { at: ['0'], cidr: '10.0.0.0/8' }, 'not within what the rule allows now'],
    ['no port range', { at: ['0'], ports: '99-1' }, '"99-1" is no port range'],
    ['no block', { at: ['0'], cidr: '10.1.0.0/33' }, 'is no address block'],
  ])('refuses %s and changes nothing', async (_, options, message) => {
    await expect(asked({ ...options, write: true })).rejects.toThrow(message);
    expect(main()).toBe(MAIN);
  });

  it('refuses an unknown id with the next step', async () => {
    await expect(edit({ source: dir, id: 'x', remove: true }, runtime)).rejects.toThrow(
      'list them with pare source list',
    );
  });
});
