import { expect, test } from 'vitest';
import { debianSources } from './debian-sources.ts';

test('deb822 files of a stock Debian 12', () => {
  const text = `Types: deb deb-src
# a note
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
`;
  expect(debianSources([{ name: 'debian.sources', text }], 'bookworm')).toEqual([
    'deb http://deb.debian.org/debian bookworm main',
    'deb http://deb.debian.org/debian bookworm-updates main',
    'deb http://deb.debian.org/debian-security bookworm-security main',
  ]);
});

test('one-line files, with options and comments; foreign archives are left out', () => {
  const text = `# deb http://old/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # near
deb-src http://mirror.example/debian bookworm main
deb https://deb.nodesource.com/node_20.x nodistro main
`;
  expect(debianSources([{ name: 'sources.list', text }], 'bookworm')).toEqual([
    'deb http://mirror.example/debian bookworm main',
  ]);
});

test('another release, switched off, or nothing: the public mirror is for the caller to take', () => {
  const other = { name: 'sources.list', text: 'deb http://deb.debian.org/debian trixie main\n' };
  const off = {
    name: 'x.sources',
    text: 'Enabled: no\nTypes: deb\nURIs: http://a/\nSuites: bookworm\nComponents: main\n',
  };
  const updatesOnly = { name: 'y.list', text: 'deb http://a/ bookworm-updates main' };
  expect(debianSources([other, off, updatesOnly], 'bookworm')).toEqual([]);
});
