// RootFiles: the files of the system that is about to start, as the configure runes see them. Paths are absolute inside that system
// (`/etc/fstab`). Nothing here may block the thread: the new root may be served by this very process. Interface only; the
// implementations are ../files/shell-files.ts (a booting machine) and ../files/directory-files.ts (desk and tests).

/** Reads and changes files below one root. Symbolic links are followed as the system itself would see them, never out of the root. */
export interface RootFiles {
  /** Whole file as text; undefined when there is none. */
  readText(path: string): Promise<string | undefined>;
  /**
   * Replaces the file at once (a link is replaced, not followed); directories on the way are made. `mode` is 0o644 unless
   * given; owner and group of a file that is there stay (shadow(5) is root:shadow). */
  writeText(path: string, text: string, mode?: number): Promise<void>;
  /** True for whatever has that name, a dangling link too. */
  exists(path: string): Promise<boolean>;
  /** Removes a file or link; no error when there is none. */
  remove(path: string): Promise<void>;
  /** Names in a directory, sorted; empty when there is none. */
  list(directory: string): Promise<string[]>;
  /** Makes `path` a symbolic link to `target`, in place of what was there. */
  symlink(target: string, path: string): Promise<void>;
}
