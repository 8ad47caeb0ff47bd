// Where the packages of the demonstration's system come from: the mirror that this host uses itself, when it is a Debian of the same
// release (sources.list(5), one-line and deb822 style). Pure.

/** Suites of one release that make a complete system. */
function suitesOf(release: string): ReadonlySet<string> {
  return new Set([release, `${release}-updates`, `${release}-security`]);
}

/**
 * One-line sources for `release`, component main, out of the host's files.
 * Empty when they hold no complete release: the caller then takes the public mirror.
 */
export function debianSources(files: readonly { name: string; text: string }[], release: string): string[] {
  const wanted = suitesOf(release);
  const all = files.flatMap(({ name, text }) => (name.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text)));
  const usable = all.filter(({ suite, components }) => wanted.has(suite) && components.includes('main'));
  if (!usable.some(({ suite }) => suite === release)) return [];
  return [...new Set(usable.map(({ uri, suite }) => `deb ${uri} ${suite} main`))];
}

interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

function parseOneLine(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const [, rest] = /^\s*deb\s+(?:\[[^\]]*\]\s*)?([^#]+)/.exec(line) ?? [];
    const [uri, suite, ...components] = rest?.trim().split(/\s+/) ?? [];
    return uri && suite ? [{ uri, suite, components }] : [];
  });
}

function parseDeb822(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map<string, string[]>();
    const lines = paragraph.split('\n').filter((line) => !line.startsWith('#'));
    for (const line of lines) {
      const [, name, value] = /^([A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
      if (name) fields.set(name.toLowerCase(), value!.trim().split(/\s+/));
    }
    const all = (name: string) => fields.get(name) ?? [];
    if (all('enabled').includes('no') || !all('types').includes('deb')) return [];
    return all('uris').flatMap((uri) => all('suites').map((suite) => ({ uri, suite, components: all('components') })));
  });
}
