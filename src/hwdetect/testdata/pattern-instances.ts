// For tests: texts that a pattern must match, and patterns as they occur. Not part of what runs.

import fc from 'fast-check';

/** Texts that match `pattern`: every wildcard filled with something it allows. */
export function instanceOf(pattern: string): fc.Arbitrary<string> {
  const parts = pattern.match(/\[[^\]]*\]|./g) ?? [];
  return fc.tuple(...parts.map(instanceOfPart)).map((texts) => texts.join(''));
}

function instanceOfPart(part: string): fc.Arbitrary<string> {
  const letters = fc.constantFrom(...'0123456789ABCDEFabcdef:,_svdp');
  if (part === '*') return fc.string({ unit: letters, maxLength: 8 });
  if (part === '?') return letters;
  return part.length === 1 ? fc.constant(part) : fc.constantFrom(...members(part.slice(1, -1)));
}

function members(bracket: string): string[] {
  return (bracket.match(/.-.|./g) ?? []).flatMap((range) => {
    const [from, to] = [range.charCodeAt(0), range.charCodeAt(range.length - 1)];
    return Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at));
  });
}

/** Aliases as modules have them, few enough letters that they often meet: bus, literal head, wildcards, ranges. */
export const aliasPattern: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('pci:v', 'usb:v', 'of:N', 'acpi', 'virtio:d', 'fs-', 'char-major-', 'x'),
    fc.array(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom('0', '1', 'A', '0000', '-', '_', ':', 'd', 'sv') },
        { weight: 3, arbitrary: fc.constant('*') },
        { weight: 1, arbitrary: fc.constantFrom('?', '[0-1]', '[A-F]', '[0-9A-F]', '[-_]', '[01]') },
      ),
      { maxLength: 7 },
    ),
  )
  .map(([bus, parts]) => bus + parts.join(''));
