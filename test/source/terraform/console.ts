import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCALS } from './expressions.ts';

/** An answer that Terraform itself has only after apply. */
export const LATER = '(known after apply)';

/**
 * What `terraform console` says of each expression, as JSON text, `ERROR` for an error. It prints only its last answer, so all go into one list,
 * which is known as a whole or not at all: where it is not, its halves are asked.
 */
export function askTerraform(expressions: readonly string[]): string[] {
  const answer = askAtOnce(expressions);
  if (answer !== null) return answer;
  if (expressions.length === 1) return [LATER];
  const half = expressions.length >> 1;
  return [...askTerraform(expressions.slice(0, half)), ...askTerraform(expressions.slice(half))];
}

function askAtOnce(expressions: readonly string[]): string[] | null {
  const directory = mkdtempSync(join(tmpdir(), 'pare-console-'));
  try {
    const locals = expressions.map((e, i) => `  e${i} = try(jsonencode(${e}), "ERROR")`).join('\n');
    const all = expressions.map((_, i) => `local.e${i}`).join(', ');
    writeFileSync(join(directory, 'main.tf'), `${LOCALS}locals {\n${locals}\n  all = [${all}]\n}\n`);
    writeFileSync(join(directory, 'empty.tfrc'), '');
    const env = { ...process.env, TF_CLI_CONFIG_FILE: join(directory, 'empty.tfrc'), CHECKPOINT_DISABLE: '1' };
    const options = {
      cwd: directory,
      input: 'jsonencode(local.all)\n',
      encoding: 'utf8',
      env,
      maxBuffer: 1 << 28,
    } as const;
    const printed = execFileSync('terraform', ['console'], options).trim();
    return printed === LATER ? null : (JSON.parse(JSON.parse(printed)) as string[]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A slow test that needs the binary fails without it; a skip would hide that nothing was compared. */
export function requireTerraform(): void {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' });
  } catch {
    throw new Error('the slow suite compares with the terraform binary (1.11 or later), which is not on the PATH');
  }
}
