import type { Path } from "#config/document.ts";
import { jsonSchema } from "#config/schema.ts";

/** A piece of the published JSON Schema, as far as Daybreak uses it. */
export interface Shape {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | false;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** The whole language, read from the schema by walking all of it: a few milliseconds. */
export const wholeShape = (): Shape => jsonSchema() as Shape;

/** The keys that this shape names, with their shapes; those of its forms together when it has several. */
export const keysOf = (shape: Shape | undefined): Readonly<Record<string, Shape>> => {
  if (shape === undefined) return {};
  const forms = (shape.anyOf ?? []).map((form) => keysOf(form));
  return Object.assign({}, shape.properties, ...forms);
};

/** The shape of what stands under names that the writer chooses, or in a list. */
export const memberOf = (shape: Shape | undefined): Shape | undefined => {
  if (shape === undefined) return undefined;
  if (shape.items !== undefined) return shape.items;
  if (typeof shape.additionalProperties === "object") return shape.additionalProperties;
  return shape.anyOf?.map(memberOf).find((member) => member !== undefined);
};

/** The shape at a path, or `undefined` when the language has no such place. */
export const shapeAt = (shape: Shape, path: Path): Shape | undefined =>
  path.reduce<Shape | undefined>((at, step) => keysOf(at)[String(step)] ?? memberOf(at), shape);
