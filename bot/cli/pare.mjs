#!/usr/bin/env node
// The way in. Written so that old Node versions parse it: main.ts needs type stripping, which Node does by itself from 22.18 on.
// The `node` package in node_modules brings Node 24; with it `npx pare` works wherever npm does.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED = [22, 20];
const [major, minor] = process.versions.node.split('.').map(Number);

const help = readyHelp();
if (help !== null) {
  process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.stdout.write(help);
} else if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  // Keeps stripped and compiled code between runs: a third of the start-up time.
  module.enableCompileCache?.();
  await import('./main.ts');
} else {
  const bundled = findBundledNode();
  if (bundled === null) {
    console.error(
      `pare: Node ${process.versions.node} is too old, ${NEEDED.join('.')} or newer is needed; run npm ci in the checkout (it brings its own Node), or install Node 24`,
    );
    process.exit(3);
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // On a terminal the child gets Ctrl-C itself; passing it on too would count as a second one, which means "at once".
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGINT', () => onTerminal || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`pare: ${bundled}: cannot start Node (${error.message}); run npm ci in the checkout`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}

/**
 * The text of `pare --help` alone, as commander has made it (test/cli/help.test.ts keeps help.json so): nothing else is loaded, no second Node started.
 * Null where it has to be made: other arguments, or a width at which its lines break otherwise.
 */
function readyHelp() {
  if (process.argv.length !== 3 || !['--help', '-h'].includes(process.argv[2])) return null;
  try {
    const { narrow, wide, wideFrom } = JSON.parse(readFileSync(new URL('./help.json', import.meta.url), 'utf8'));
    const columns = process.stdout.isTTY ? process.stdout.columns : 80;
    return columns === 80 ? narrow : columns >= wideFrom ? wide : null;
  } catch {
    return null;
  }
}

function findBundledNode() {
  try {
    const manifest = module.createRequire(import.meta.url).resolve('node/package.json');
    const binary = manifest.replace(/package\.json$/, process.platform === 'win32' ? 'bin/node.exe' : 'bin/node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}
