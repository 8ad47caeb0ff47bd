import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  moduleClosure,
  parseDependencies,
  parseSoftDependencies,
  parseWeakDependencies,
  planLoad,
  planLoads,
} from './dependencies.ts';

const TEXT = `kernel/crypto/crc32c_generic.ko:
kernel/lib/libcrc32c.ko:
kernel/fs/jbd2/jbd2.ko.xz: kernel/crypto/crc32c_generic.ko
kernel/fs/ext4/ext4.ko.zst: kernel/fs/jbd2/jbd2.ko.xz kernel/crypto/crc32c_generic.ko
kernel/fs/nls/nls_iso8859-1.ko.gz:
`;

describe('parseDependencies', () => {
  it('keeps paths, takes names as kmod does, and gives dependencies in load order', () => {
    const table = parseDependencies(TEXT);
    expect([...table.keys()]).toEqual(['crc32c_generic', 'libcrc32c', 'jbd2', 'ext4', 'nls_iso8859_1']);
    expect(table.get('ext4')).toEqual({
      name: 'ext4',
      path: 'kernel/fs/ext4/ext4.ko.zst',
      dependencies: ['crc32c_generic', 'jbd2'],
    });
    expect(table.get('nls_iso8859_1')?.path).toBe('kernel/fs/nls/nls_iso8859-1.ko.gz');
  });

  it('reads the tables of Linux 2.4: absolute names and continued lines', () => {
    const table = parseDependencies(
      '/lib/modules/2.4.37/kernel/fs/vfat/vfat.o:\t/lib/modules/2.4.37/kernel/fs/fat/fat.o \\\n\t/lib/modules/2.4.37/kernel/x.o\n',
    );
    expect(table.get('vfat')).toEqual({ name: 'vfat', path: 'kernel/fs/vfat/vfat.o', dependencies: ['x', 'fat'] });
  });
});

describe('plans', () => {
  it('orders a closure even where only direct dependencies are listed', () => {
    const table = parseDependencies('a.ko: b.ko\nb.ko: c.ko\nc.ko:\n');
    expect(planLoad(table, 'a').order).toEqual(['c', 'b', 'a']);
  });

  it('names a circle with its path and still loads what it can', () => {
    const table = parseDependencies('a.ko: b.ko\nb.ko: c.ko\nc.ko: a.ko\n');
    expect(planLoad(table, 'a')).toEqual({ order: ['c', 'b', 'a'], missing: [], cycles: [['a', 'b', 'c', 'a']] });
  });

  it('names what modules.dep does not have', () => {
    const table = parseDependencies('a.ko: gone.ko\n');
    expect(planLoads(table, ['a', 'nobody'])).toEqual({ order: ['a'], missing: ['gone', 'nobody'], cycles: [] });
  });

  it('never puts a module before what it needs, whatever the graph without circles', () => {
    const graph = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(graph, (rows) => {
        const lines = rows.map(
          (row, at) =>
            `m${at}.ko: ${row
              .filter((n) => n < at)
              .map((n) => `m${n}.ko`)
              .join(' ')}`,
        );
        const table = parseDependencies(lines.join('\n'));
        const { order, cycles } = planLoads(table, [...table.keys()].reverse());
        expect(cycles).toEqual([]);
        expect(order).toHaveLength(rows.length);
        for (const name of order) {
          for (const needed of table.get(name)!.dependencies) {
            expect(order.indexOf(needed)).toBeLessThan(order.indexOf(name));
          }
        }
      }),
    );
  });
});

describe('soft and weak dependencies', () => {
  it('reads both lists and adds lines up', () => {
    const table = parseSoftDependencies(
      '# Soft dependencies\nsoftdep a pre: b c post: d\nsoftdep a post: e\nsoftdep x-y pre: z\nsoftdep\n',
    );
    expect(table.get('a')).toEqual({ pre: ['b', 'c'], post: ['d', 'e'] });
    expect(table.get('x_y')).toEqual({ pre: ['z'], post: [] });
    expect(parseWeakDependencies('weakdep a b c\nweakdep a d\n').get('a')).toEqual(['b', 'c', 'd']);
  });

  it('takes soft ones along, by alias too, through circles of them, and does not miss the absent', () => {
    const table = parseDependencies('a.ko:\nb.ko: c.ko\nc.ko:\n');
    const softdeps = parseSoftDependencies('softdep a pre: crypto-b nobody\nsoftdep c post: a\n');
    const resolve = (name: string) => (name === 'crypto-b' ? ['b'] : [name]);
    expect(moduleClosure(table, ['a'], { softdeps, resolve })).toEqual({
      order: ['a', 'c', 'b'],
      missing: [],
      cycles: [],
    });
  });
});
