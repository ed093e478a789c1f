import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';

/** A commit to be made: files on top of a base commit, on a branch. */
export interface BranchWrite {
  /** Short name, e.g. `pare/live-3f2a…`. */
  branch: string;
  /** Commit id that the branch starts from. */
  base: string;
  /** Whole new contents of files that the base has, byte for byte as the blob shall be. Paths relative to the repository, `/`-separated. */
  files: readonly { path: string; data: Uint8Array }[];
  message: string;
  /** Author and committer; also how a later run knows its own commits. */
  identity: Identity;
  /** Part of the commit's id: the same write on the same base has the same id when the date is the same. */
  date: EpochSeconds;
}

export interface Identity {
  name: string;
  email: string;
}

export type WriteOutcome =
  | { state: 'created' | 'updated' | 'unchanged'; commit: string }
  /** Law 8: the branch is somebody else's now; `why` is for a person. */
  | { state: 'hands-off'; commit: string; why: string };

export interface Head {
  commit: string;
  /** Null when detached. */
  branch: string | null;
  /** Committer date of the commit. */
  date: EpochSeconds;
}

/**
 * A local git repository. No operation touches the working tree, the index or HEAD. All failures are PareError with fault `environment`
 * or `input`.
 */
export interface GitRepository {
  /** Absolute, links resolved. */
  readonly root: string;
  head(): Promise<Head>;
  /** Tracked files that differ from HEAD, in the working tree or the index; sorted. Untracked files do not count. */
  dirtyFiles(): Promise<string[]>;
  /** The blob of a file in a commit; null where it has none. A symlink or submodule is a PareError. */
  readBlob(commit: string, path: string): Promise<Uint8Array | null>;
  /** One commit on `base`, and the branch on it. An existing branch is replaced only when its tip is a commit of `identity`. */
  writeBranch(write: BranchWrite): Promise<WriteOutcome>;
}
