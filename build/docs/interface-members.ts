// Members of a TypeScript interface with their doc comments, out of its source text, for tables in the docs. It reads the style of this code base (one
// member a line or block, two spaces deep), not any TypeScript. Pure.

export interface InterfaceMember {
  readonly name: string;
  /** The declaration as it stands, on one line, without `readonly`. */
  readonly declaration: string;
  readonly description: string;
}

/** The members, in their order. */
export function interfaceMembers(source: string, name: string): InterfaceMember[] {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, 'ms').exec(bodyStart(source, name))?.[1];
  if (body === undefined) throw new Error(`there is no interface ${name} to document`);
  const members: InterfaceMember[] = [];
  let comment = '';
  let open: string[] = [];
  for (const line of body.split('\n')) {
    const text = line.trim();
    if (open.length === 0 && /^(\/\*\*|\*)/.test(text)) comment += ` ${text}`;
    else if (text !== '' && !text.startsWith('//')) open.push(text);
    if (open.length > 0 && /^ {2}\S.*;$|^ {2}\).*;$/.test(line)) {
      members.push(member(open.join(' '), comment));
      [comment, open] = ['', []];
    }
  }
  return members;
}

/** From the declaration on: defaults of type parameters hold braces and lines of their own. */
function bodyStart(source: string, name: string): string {
  const start = source.search(new RegExp(`^export interface ${name}\\b`, 'm'));
  return start < 0 ? '' : `export interface ${name} {\n${source.slice(start).replace(/^.*?\{\n/s, '')}`;
}

function member(text: string, comment: string): InterfaceMember {
  const declaration = text
    .replace(/^readonly /, '')
    .replace(/;$/, '')
    .replace(/\( /g, '(')
    .replace(/,? \)/g, ')');
  const description = comment
    .replace(/\/\*\*|\*\/|^ ?\*/g, ' ')
    .replace(/\s\*\s/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return { name: /^\w+/.exec(declaration)?.[0] ?? declaration, declaration, description };
}
