import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const HERE = import.meta.dirname;
/** The last version that Java 17 runs. */
const VERSION = '435';

/** Puts the server together where it is not there yet (about 300 MB, outside the repository), by Maven. Returns its folder. */
export async function installTrino(): Promise<string> {
  const modules = spawnSync('java', ['--list-modules'], { encoding: 'utf8' });
  const version = Number(/^java\.base@(\d+)/m.exec(modules.stdout ?? '')?.[1] ?? 0);
  // Main.java is compiled as it starts, which a JRE cannot.
  if (version < 17 || !modules.stdout.includes('jdk.compiler@'))
    throw new Error('`npm run test:trino` needs a JDK of version 17 or later: apt-get install default-jdk-headless');
  const cache = process.env.PARE_TRINO_CACHE ?? join(homedir(), '.cache', 'pare-trino');
  const home = join(cache, VERSION);
  if (existsSync(join(home, 'complete'))) return home;
  await rm(home, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  const options = [`-Dtrino.home=${home}`, `-Dtrino.version=${VERSION}`, `-Dmaven.repo.local=${join(cache, 'm2')}`];
  const maven = spawn('mvn', ['-q', '-B', '-f', join(HERE, 'pom.xml'), 'package', ...options], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const status = await new Promise((resolve, reject) => {
    const absent = '`npm run test:trino` needs Maven for its first run: apt-get install maven';
    maven.once('error', (cause) => reject(new Error(absent, { cause })));
    maven.once('exit', resolve);
  });
  if (status !== 0) throw new Error('Maven could not put the Trino server together; its own words are above');
  // What Maven fetched is in the server's folders now.
  await rm(join(cache, 'm2'), { recursive: true, force: true });
  await writeFile(join(home, 'complete'), '');
  return home;
}
