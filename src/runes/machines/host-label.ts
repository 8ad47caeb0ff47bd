// What a host can be called. Pure.

/** RFC 1123 2.1, one label. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The first label of a name, in lower case, if it is one that a host can have. */
export function hostLabel(name: string | undefined): string | undefined {
  const label = name?.split('.', 1)[0]?.toLowerCase();
  return label !== undefined && LABEL.test(label) ? label : undefined;
}
