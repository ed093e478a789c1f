import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSource } from '../../bot/cli/read-source.ts';
import { cloudformation } from '../../bot/source/cloudformation/index.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';

const HONEST =
  'resource "aws_security_group_rule" "honest" {\n  type              = "ingress"\n  security_group_id = "sg-1"\n  protocol          = "tcp"\n  from_port         = 1\n  to_port           = 1\n  cidr_blocks       = ["10.0.0.0/8"]\n}\n';

let outside: string;
let folder: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'pare-hostile-'));
  folder = join(outside, 'tree');
  mkdirSync(folder);
  writeFileSync(join(outside, 'secret.tf'), HONEST.replace('honest', 'secret'));
  writeFileSync(join(folder, 'good.tf'), HONEST);
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

/** What a hostile tree must leave as it is: the honest rule is read, nothing from outside is, and each note is one line. */
async function told(): Promise<string[]> {
  const { tree, notes } = await readSource(folder);
  const language = await createTerraformLanguage();
  const facts = { states: [], stacks: [] };
  const [terraform, templates] = [language.index(tree, facts), cloudformation.index(tree, facts)];
  expect(terraform.declarations.map((one) => one.id)).toEqual(['good.tf:aws_security_group_rule.honest']);
  const all = [...notes, ...terraform.notes, ...templates.notes];
  for (const one of all) expect(`${one.place.file}:${one.place.line} ${one.message}`).toMatch(/^[^\n\r]{1,300}$/);
  return all.map((one) => `${one.code} ${one.place.file}`).sort();
}

const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);

describe('a folder that is meant to break its reader', () => {
  it('links that lead out of the folder, to themselves, in circles and to nothing are told and not followed', async () => {
    symlinkSync(join(outside, 'secret.tf'), join(folder, 'a.tf'));
    symlinkSync('b.tf', join(folder, 'b.tf'));
    symlinkSync('d.tf', join(folder, 'c.tf'));
    symlinkSync('c.tf', join(folder, 'd.tf'));
    symlinkSync('/dev/zero', join(folder, 'e.tf'));
    symlinkSync('nowhere.tf', join(folder, 'f.tf'));
    mkdirSync(join(folder, 'sub'));
    symlinkSync('..', join(folder, 'sub', 'up'));
    symlinkSync(outside, join(folder, 'sub', 'out'));
    expect(await told()).toEqual([
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `source-symlink ${name}.tf`),
      'source-symlink sub/out',
      'source-symlink sub/up',
    ]);
  });

  it('a pipe that nobody writes to is told and not waited for', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.tf')]);
    expect(await told()).toEqual(['source-not-a-file pipe.tf']);
  });

  it('a file of 50 MB is told by its size and not read', async () => {
    write('big.yaml', 'AWS::EC2::SecurityGroup');
    truncateSync(join(folder, 'big.yaml'), 50 * 1024 * 1024);
    expect(await told()).toEqual(['source-too-large big.yaml']);
  });

  it.each([
    ['UTF-16 with its mark', Buffer.from(`\uFEFF${HONEST}`, 'utf16le'), 'source-not-utf8 x.tf'],
    ['UTF-16 without one', Buffer.from(HONEST, 'utf16le'), 'invalid-source x.tf'],
    ['Latin-1', Buffer.from(`# caf\u00e9\n${HONEST}`, 'latin1'), 'source-not-utf8 x.tf'],
    ['half a character', Buffer.from([0x23, 0xe2, 0x82]), 'source-not-utf8 x.tf'],
    ['a lone surrogate', Buffer.from([0x23, 0xed, 0xa0, 0x80]), 'source-not-utf8 x.tf'],
    ['zero bytes', Buffer.alloc(100_000), 'invalid-source x.tf'],
  ])('%s is told', async (_, bytes, note) => {
    write('x.tf', bytes);
    expect(new Set(await told())).toEqual(new Set([note]));
  });

  it('UTF-16 and zero bytes in a template are told', async () => {
    const template = 'Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n';
    write('a.yaml', Buffer.from(`\uFEFF${template}`, 'utf16le'));
    write('b.yaml', `${template}X: "\0"\n`);
    expect(await told()).toContain('source-not-utf8 a.yaml');
  });

  it('folders nested deeper than anyone nests them are told', async () => {
    mkdirSync(join(folder, 'd/'.repeat(60)), { recursive: true });
    const notes = await told();
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^source-too-deep d\/d\//);
  });

  it('names with line breaks and folders named as files stay one line each', async () => {
    write('a\nerror: b.tf', Buffer.from([0xff]));
    mkdirSync(join(folder, 'folder.tf'));
    expect(await told()).toEqual(['source-not-utf8 a\\x0aerror: b.tf']);
  });

  it('a count of a thousand million is one rule whose number is not known', async () => {
    write('good.tf', HONEST.replace('{\n', '{\n  count = 1000000000\n'));
    const { tree } = await readSource(folder);
    const index = (await createTerraformLanguage()).index(tree, { states: [], stacks: [] });
    expect(index.declarations.flatMap((one) => one.rules.map((rule) => rule.address))).toEqual([
      'aws_security_group_rule.honest[*]',
    ]);
  });
});
