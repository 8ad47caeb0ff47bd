// The one rule for names of modules and aliases, as kmod has it (shared/util.c: modname_normalize, alias_normalize):
// `-` and `_` are the same letter, except inside the brackets of an alias pattern, where `-` is a range.

/** kmod keeps names in a buffer of PATH_MAX bytes, the last of which is NUL; what is longer is cut off. */
export const MAX_ALIAS_BYTES = 4095;

/**
 * The module's name in a path or file name: folder, everything from the first dot (`.ko`, `.ko.xz`, `.ko.zst`, `.ko.gz`, `.o`)
 * and dashes go away. `kernel/fs/nls/nls_iso8859-1.ko.xz` is `nls_iso8859_1`.
 */
export function moduleName(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const dot = base.indexOf('.');
  return (dot < 0 ? base : base.slice(0, dot)).replaceAll('-', '_');
}

/**
 * The canonical form of an alias or alias pattern; undefined where kmod refuses it: a `]` that closes nothing, a `[` that is
 * not closed.
 */
export function normalizeAlias(alias: string): string | undefined {
  if (alias.length <= MAX_ALIAS_BYTES && !/[-[\]]/.test(alias)) return alias;
  let result = '';
  for (let at = 0; at < alias.length && at < MAX_ALIAS_BYTES; at++) {
    const letter = alias[at]!;
    if (letter === ']') return undefined;
    if (letter === '[') {
      const close = alias.indexOf(']', at);
      if (close < 0) return undefined;
      result += alias.slice(at, close + 1);
      at = close;
    } else {
      result += letter === '-' ? '_' : letter;
    }
  }
  return result;
}
