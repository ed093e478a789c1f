import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** In the order in which they need one another. */
export const SCRIPTS = [
  'dom',
  'virtual',
  'filter',
  'figures',
  'rules',
  'heat',
  'commands',
  'rule',
  'group',
  'overview',
  'flows',
  'main',
] as const;

let made: { script: string; style: string } | null = null;

/** The page's script, one from the modules of html/, and its style. The files are part of the program, so they are read once. */
export function bundle(): { script: string; style: string } {
  if (made !== null) return made;
  const modules = SCRIPTS.map((name) => plain(asset(`${name}.js`)));
  const script = `(() => {
'use strict';
${modules.join('\n')}
unpack(document.getElementById('data').textContent).then(start).catch(failed);
})();
`;
  made = { script, style: asset('page.css') };
  return made;
}

export function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** A module of our own as plain statements: names are unique across the modules (a test holds it). */
function plain(module: string): string {
  return module.replace(/^import [^;]*;\n/gm, '').replace(/^export /gm, '');
}

function asset(name: string): string {
  return readFileSync(new URL(`html/${name}`, import.meta.url), 'utf8');
}
