import { defineConfig } from 'vitest/config';

/** Slow tests, which only `make test-all` runs, end in .slow.test.ts. */
const slow = process.env.VIVER_TEST_ALL ? [] : ['**/*.slow.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{build,initrd,kit,lab,sim,src}/**/*.test.ts', 'test/{conformance,structure}/**/*.test.ts'],
          exclude: slow,
          isolate: false,
          // Seconds of work on a machine that does nothing else; on a busy one property tests take several times that.
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // One file at a time: they start real programs and virtual machines, which would starve each other on two cores.
        test: {
          name: 'system',
          include: ['test/{fuzz,interop,vm}/**/*.test.ts'],
          exclude: slow,
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
