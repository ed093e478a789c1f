import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Job, Lease } from '../contract.ts';
import { type DeadLetter, type Inbox, MOST_ATTEMPTS, repositoryKey } from './contract.ts';
import { formatJob, parseJob } from './job.ts';

/** How long a finished job and a delivery are known: longer than GitHub lets anybody redeliver (three days). */
const KNOWN_SECONDS = 30 * 24 * 3600;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  repository TEXT NOT NULL,
  job TEXT NOT NULL,
  not_before REAL NOT NULL,
  attempts INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ready', 'done', 'dead')),
  why TEXT NOT NULL DEFAULT '',
  changed REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_ready ON jobs (repository, seq) WHERE state = 'ready';
CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, at REAL NOT NULL) STRICT;
`;

/**
 * The oldest job of each repository that may start. One that failed keeps its place and holds back those behind it, so that commands take
 * effect in the order they were given; one that is planned for later holds back nobody.
 */
const NEXT = `
SELECT seq, repository, job, not_before, attempts FROM jobs AS one
WHERE state = 'ready' AND seq = (
  SELECT min(seq) FROM jobs AS other
  WHERE other.state = 'ready' AND other.repository = one.repository AND (other.attempts > 0 OR other.not_before <= ?)
) AND not_before <= ?
ORDER BY not_before, seq`;

interface Row {
  seq: number;
  repository: string;
  job: string;
  not_before: number;
  attempts: number;
}

export interface LocalQueueOptions {
  /** File, or `:memory:`. Made when absent, readable by its owner only. */
  file: string;
  clock: { now(): EpochSeconds };
  mostAttempts?: number;
}

/**
 * The embedded queue: one SQLite file that one process owns. The lock on it is the operating system's, so after kill -9 nothing is left
 * of the leases, which live in memory, and every unfinished job is ready again.
 */
export function openLocalQueue({ file, clock, mostAttempts = MOST_ATTEMPTS }: LocalQueueOptions): Inbox {
  const db = openDatabase(file);
  const leased = new Set<string>();
  const insert = db.prepare(
    `INSERT INTO jobs (id, repository, job, not_before, attempts, state, changed) VALUES (?, ?, ?, ?, ?, 'ready', ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  const claim = db.prepare('INSERT INTO deliveries (id, at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING');
  const next = db.prepare(NEXT);
  const finish = db.prepare('UPDATE jobs SET state = ?, why = ?, changed = ? WHERE seq = ?');
  const again = db.prepare('UPDATE jobs SET attempts = ?, not_before = ?, why = ?, changed = ? WHERE seq = ?');

  const put = (job: Job): 'added' | 'known' => {
    const { changes } = insert.run(
      job.id,
      repositoryKey(job),
      formatJob(job),
      job.notBefore,
      job.attempts,
      clock.now(),
    );
    return Number(changes) === 1 ? 'added' : 'known';
  };

  function leaseOf(row: Row, job: Job): Lease {
    leased.add(row.repository);
    let open = true;
    const close = (write: () => void) => {
      if (!open) return;
      write();
      open = false;
      leased.delete(row.repository);
    };
    return {
      job: { ...job, attempts: row.attempts, notBefore: row.not_before },
      async done() {
        close(() => finish.run('done', '', clock.now(), row.seq));
      },
      async retry(at, why) {
        const attempts = row.attempts + 1;
        close(() => {
          if (attempts >= mostAttempts) finish.run('dead', why.slice(0, 2000), clock.now(), row.seq);
          else again.run(attempts, at, why.slice(0, 2000), clock.now(), row.seq);
        });
      },
    };
  }

  return {
    async put(job) {
      return put(job);
    },
    async claim(delivery, at) {
      return Number(claim.run(delivery, at).changes) === 1 ? 'new' : 'seen';
    },
    async accept(delivery, jobs, at) {
      return transaction(db, () => {
        if (Number(claim.run(delivery, at).changes) === 0) return 'seen';
        for (const job of jobs) put(job);
        return 'new';
      });
    },
    async take(now) {
      for (const row of next.all(now, now) as unknown as Row[]) {
        if (leased.has(row.repository)) continue;
        const job = parseJob(row.job);
        if (job !== null) return leaseOf(row, job);
        // Written by a later version: nobody can do it, and it must not hold up the repository.
        finish.run('dead', 'this version of Pare does not know the job', now, row.seq);
      }
      return null;
    },
    async dead() {
      const rows = db.prepare("SELECT job, why, changed FROM jobs WHERE state = 'dead' ORDER BY seq").all();
      return rows.flatMap((row): DeadLetter[] => {
        const job = parseJob(String(row.job));
        return job === null ? [] : [{ job, why: String(row.why), at: Number(row.changed) }];
      });
    },
    async depth() {
      return Number(db.prepare("SELECT count(*) AS n FROM jobs WHERE state = 'ready'").get()?.n ?? 0);
    },
    async close() {
      const before = clock.now() - KNOWN_SECONDS;
      db.prepare("DELETE FROM jobs WHERE state = 'done' AND changed < ?").run(before);
      db.prepare('DELETE FROM deliveries WHERE at < ?').run(before);
      db.close();
    },
  };
}

function openDatabase(file: string): DatabaseSync {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file);
    if (file !== ':memory:') chmodSync(file, 0o600);
    // Exclusive: the lock is kept from the first write on, so a second process cannot work on the same jobs.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    return db;
  } catch (error) {
    db?.close();
    const said = error instanceof Error ? error.message : String(error);
    const locked = /locked|busy/i.test(said);
    throw new PareError(
      {
        code: locked ? 'queue-in-use' : 'queue-unusable',
        message: locked ? 'another pare serve works on this queue' : `the queue cannot be opened: ${said}`,
        next: locked
          ? 'stop the other one, or give this one a --state folder of its own'
          : 'check the folder given as --state',
        fault: 'environment',
        file,
      },
      { cause: error },
    );
  }
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const out = work();
    db.exec('COMMIT');
    return out;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
