// Matching of alias patterns, as fnmatch(3) with no flags does it in the C locale (kmod asks it): `*`, `?`, `[a-z]`, `[!a-z]`,
// `[[:alpha:]]`, and a backslash that takes the next letter as it is. Letters are bytes: texts come in latin1.
// The state is the set of places in the text where a match may have arrived, so nothing is tried twice.

/** Places in a text, ascending. */
export type Places = readonly number[];

/** Does `text` match the whole of `pattern`? */
export function matches(pattern: string, text: string): boolean {
  return advance([0], pattern, text).at(-1) === text.length;
}

/** Walks on from every place in `places` through `pattern`; where a match may stand then. */
export function advance(places: Places, pattern: string, text: string): Places {
  let now = places;
  for (let at = 0; at < pattern.length && now.length > 0; ) {
    const letter = pattern[at]!;
    if (letter === '*') now = everyPlaceFrom(now[0]!, text.length);
    else if (letter === '[' || letter === '\\') {
      const token = readToken(pattern, at);
      now = step(now, text, token.accepts);
      at = token.end;
      continue;
    } else now = letter === '?' ? step(now, text, () => true) : stepLiteral(now, text, letter);
    at += 1;
  }
  return now;
}

function stepLiteral(places: Places, text: string, letter: string): Places {
  const next: number[] = [];
  for (const place of places) if (text[place] === letter) next.push(place + 1);
  return next;
}

function step(places: Places, text: string, accepts: (letter: string) => boolean): Places {
  const next: number[] = [];
  for (const place of places) if (place < text.length && accepts(text[place]!)) next.push(place + 1);
  return next;
}

function everyPlaceFrom(first: number, last: number): number[] {
  const places: number[] = [];
  for (let place = first; place <= last; place++) places.push(place);
  return places;
}

interface Token {
  readonly end: number;
  accepts(letter: string): boolean;
}

/** A bracket, or an escaped letter. */
function readToken(pattern: string, at: number): Token {
  const letter = pattern[at]!;
  if (letter === '[') return readBracket(pattern, at) ?? literal(letter, at + 1);
  const escaped = pattern[at + 1];
  return escaped === undefined ? { end: at + 1, accepts: () => false } : literal(escaped, at + 2);
}

function literal(letter: string, end: number): Token {
  return { end, accepts: (other) => other === letter };
}

/** `[…]` at `at`; undefined when it is not closed: then the bracket stands for itself. */
function readBracket(pattern: string, at: number): Token | undefined {
  const negated = pattern[at + 1] === '!' || pattern[at + 1] === '^';
  const tests: ((letter: string) => boolean)[] = [];
  let place = at + (negated ? 2 : 1);
  for (let first = true; first || pattern[place] !== ']'; first = false) {
    const named = readNamedClass(pattern, place);
    if (named !== undefined) {
      tests.push(named.accepts);
      place = named.end;
      continue;
    }
    const low = readMember(pattern, place);
    if (low === undefined) return undefined;
    place = low.end;
    let high = low.letter;
    if (pattern[place] === '-' && pattern[place + 1] !== ']' && pattern[place + 1] !== undefined) {
      const upper = readMember(pattern, place + 1);
      if (upper === undefined) return undefined;
      high = upper.letter;
      place = upper.end;
    }
    tests.push((letter) => low.letter <= letter && letter <= high);
  }
  return { end: place + 1, accepts: (letter) => tests.some((test) => test(letter)) !== negated };
}

function readMember(pattern: string, at: number): { letter: string; end: number } | undefined {
  const place = pattern[at] === '\\' ? at + 1 : at;
  const letter = pattern[place];
  return letter === undefined ? undefined : { letter, end: place + 1 };
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[^ -~\x80-\xff]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t-\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

function readNamedClass(pattern: string, at: number): Token | undefined {
  const found = /^\[:([a-z]+):\]/.exec(pattern.slice(at, at + 12));
  const letters = found === null ? undefined : CLASSES[found[1]!];
  return letters === undefined ? undefined : { end: at + found![0].length, accepts: (letter) => letters.test(letter) };
}
