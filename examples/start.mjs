// `npm start`: installs what is missing, then runs the main job on the bundled example. Plain JavaScript, because the Node that
// starts it may be too old to run TypeScript; everything after runs on the Node 24 that the install brings.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const top = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const installed = path.join(top, 'node_modules', '.package-lock.json');
const wanted = path.join(top, 'package-lock.json');

function run(command, args, options) {
  const result = spawnSync(command, args, { cwd: top, stdio: 'inherit', ...options });
  if (result.error)
    console.error(
      `pare: ${command} could not be started (${result.error.message}); install Node.js with npm and try again`,
    );
  if (result.status !== 0) process.exit(result.status ?? 1);
}

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  console.error('Installing dependencies (npm ci); this happens once.');
  // npm's own output goes to stderr, so that stdout holds results only.
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
}
const node = path.join(top, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
run(existsSync(node) ? node : process.execPath, [path.join(top, 'examples', 'demo.ts'), ...process.argv.slice(2)]);
