import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { words } from '../../change/markdown.ts';
import type { RepositoryState } from '../contract.ts';

export function statusText({ pulls, memory, dashboard }: RepositoryState, now: EpochSeconds): string {
  const open = pulls.filter((one) => one.state === 'open');
  const keeps = memory.keeps.filter((one) => one.until === null || now < one.until);
  const watched = memory.watched.filter((one) => one.stage === 'merged' || one.stage === 'applied');
  const { paused } = memory;
  const lines = [
    `- open: ${open.length === 0 ? 'none' : open.map((one) => `#${one.number}`).join(', ')}`,
    `- kept by command: ${keeps.length} rules; refused by closing: ${new Set(memory.closed.map((one) => one.finding)).size}`,
    `- watched after merging: ${watched.length === 0 ? 'none' : watched.map((one) => `#${one.pull}`).join(', ')}`,
    `- evidence up to: ${memory.validAt === null ? 'none yet' : day(memory.validAt)}; last run that changed anything: ${memory.lastRun === null ? 'none yet' : day(memory.lastRun)}`,
  ];
  if (paused !== null)
    lines.unshift(
      `- paused by ${words(paused.by, 80)}${paused.until === null ? '' : ` until ${day(paused.until - 1)}`}${paused.reason === '' ? '' : `: ${words(paused.reason, 300)}`}`,
    );
  if (dashboard !== null) lines.push(`- everything: #${dashboard.number}`);
  return lines.join('\n');
}

function day(time: EpochSeconds): string {
  return new Date(time * 1000).toISOString().slice(0, 10);
}
