import { describe, expect, it } from 'vitest';
import { linearAxis, logAxis } from './axis.ts';
import { withPart } from './document.ts';
import { gini, median, quantile } from './figures.ts';
import { formatPlot } from './plot.ts';
import { formatMarkdown, formatText, type Table } from './table.ts';

const table: Table = {
  title: 'Times',
  columns: [{ title: 'N' }, { title: 's', digits: 2 }, { title: 'who' }],
  rows: [
    [1, 0.5, 'a'],
    [10_000, 1234.567, undefined],
    [2, Number.NaN, 'b'],
  ],
};

describe('a table', () => {
  it('has its figures under each other on the terminal', () => {
    expect(formatText(table).split('\n')).toEqual([
      'Times',
      '     N         s  who',
      '     1      0.50    a',
      '10,000  1,234.57     ',
      '     2         –    b',
    ]);
  });

  it('is a table of Markdown on a page', () => {
    expect(formatMarkdown(table).split('\n').slice(2, 5)).toEqual([
      '| N | s | who |',
      '| ---: | ---: | :--- |',
      '| 1 | 0.50 | a |',
    ]);
  });
});

describe('figures', () => {
  it('of a distribution', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBe(10);
    expect(gini([5, 5, 5, 5])).toBeCloseTo(0);
    expect(gini([0, 0, 0, 1])).toBeCloseTo(0.75);
  });
});

describe('an axis', () => {
  it('goes from 0 to a round number', () => {
    const axis = linearAxis([3, 9.2], 0, 100);
    expect(axis.ticks.map(({ text }) => text)).toEqual(['0', '2', '4', '6', '8', '10']);
    expect(axis.place(5)).toBeCloseTo(50);
  });

  it('has powers of two for a narrow range and of ten for a wide one', () => {
    expect(logAxis([1, 2, 16], 0, 100).ticks.map(({ text }) => text)).toEqual(['1', '2', '4', '8', '16']);
    expect(logAxis([1, 10_000], 100, 0).ticks.map(({ text }) => text)).toEqual(['1', '10', '100', '1,000', '10,000']);
    expect(logAxis([1, 16], 100, 0).place(4)).toBeCloseTo(50);
  });
});

describe('a plot', () => {
  it('is an SVG with title, axes, one line for each series and a legend', () => {
    const svg = formatPlot({
      title: 'A & B',
      x: { title: 'nodes', isLog: true },
      y: { title: 'seconds' },
      series: [
        {
          name: 'field',
          points: [
            [1, 1],
            [2, 3],
          ],
        },
        {
          name: 'goal',
          points: [
            [1, 2],
            [2, 2],
          ],
          isBound: true,
        },
      ],
    });
    expect(svg).toContain('A &amp; B');
    for (const text of ['nodes', 'seconds', 'field', 'goal']) expect(svg).toContain(`>${text}</text>`);
    expect(svg.match(/<polyline/g)?.length).toBe(2);
    expect(svg.match(/<circle/g)?.length).toBe(2);
    expect(svg).not.toContain('NaN');
  });
});

describe('a page', () => {
  const report = { name: 'storm', conditions: 'Seed 1.', tables: [table], plots: {}, data: undefined };

  it('gets the new part in the place of the old one, and nothing else changes', () => {
    const page = 'before\n<!-- storm -->\nold\n<!-- /storm -->\nafter\n';
    const once = withPart(page, report);
    expect(once).toMatch(/^before\n<!-- storm -->\n\nSeed 1\.\n\n\*\*Times\*\*[\s\S]*<!-- \/storm -->\nafter\n$/);
    expect(once).not.toContain('old');
    expect(withPart(once, report)).toBe(once);
  });

  it('without a place for it is refused', () => {
    expect(() => withPart('nothing', report)).toThrow('<!-- storm -->');
  });
});
