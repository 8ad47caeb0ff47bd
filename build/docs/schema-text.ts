// Schemas of settings and messages as short texts for people, by way of JSON Schema. Pure.

import { type $ZodType, toJSONSchema } from 'zod/v4/core';

/** As far as our schemas use it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

export interface Property {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly default: unknown;
  readonly description: string;
}

/** What is asked for, defaults not yet put in. A schema that JSON Schema can't say (byte arrays) is `bytes`. */
export function jsonSchemaOf(schema: $ZodType): JsonSchema {
  return toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'bytes' as 'string';
    },
  }) as JsonSchema;
}

/** The properties of an object schema. */
export function propertiesOf({ properties = {}, required = [] }: JsonSchema): Property[] {
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: typeText(property),
    isRequired: required.includes(name),
    default: property.default,
    description: property.description ?? '',
  }));
}

/** `{ mac: string, seconds?: integer > 0 }` */
export function typeText(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map(literal).join(' \\| ');
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' \\| ');
  if (schema.type === 'array') return `${typeText(schema.items ?? {})}[]`;
  if (schema.type === 'object') return objectText(schema);
  if (schema.type === 'integer' || schema.type === 'number') return schema.type + rangeText(schema);
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function objectText(schema: JsonSchema): string {
  const fields = propertiesOf(schema).map(({ name, type, isRequired, default: value }) => {
    const mark = isRequired || value !== undefined ? '' : '?';
    return `${name}${mark}: ${type}`;
  });
  const { additionalProperties: more } = schema;
  if (typeof more === 'object' && fields.length === 0) {
    return Object.keys(more).length > 0 ? `{ [name]: ${typeText(more)} }` : '{ … }';
  }
  const open = typeof more === 'object' ? [...fields, '…'] : fields;
  return open.length === 0 ? '{}' : `{ ${open.join(', ')} }`;
}

function rangeText({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const isBound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (isBound(minimum) && isBound(maximum)) return ` ${minimum}–${maximum}`;
  if (isBound(minimum)) return ` ≥ ${minimum}`;
  if (isBound(exclusiveMinimum)) return ` > ${exclusiveMinimum}`;
  return isBound(maximum) ? ` ≤ ${maximum}` : '';
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
