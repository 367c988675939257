/** Shapes of JSON objects: the fields there are, each with what reads it. What a shape does not name is refused. */
import { bad, end, type Fields, fieldsOf, type Parse, take } from "../../protocol/json-fields.ts";

export type Shape = Readonly<Record<string, Parse<unknown>>>;

/** What an object of a shape holds. */
export type Of<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends Parse<infer T> ? T : never;
};

export const object =
  <S extends Shape>(shape: S): Parse<Of<S>> =>
  (value, field) => {
    const fields = fieldsOf(value, field);
    const taken = takeAll(fields, shape, `${field}.`);
    end(fields, field);
    return taken;
  };

export const oneOf =
  <T extends string>(words: readonly T[]): Parse<T> =>
  (value, field) => {
    const word = words.find((each) => each === value);
    if (word === undefined) throw bad(field, `is not one of ${words.join(", ")}`);
    return word;
  };

export const optional =
  <T>(parse: Parse<T>): Parse<T | undefined> =>
  (value, field) =>
    value === undefined ? undefined : parse(value, field);

export const flag: Parse<boolean> = (value, field) => {
  if (typeof value !== "boolean") throw bad(field, "is not true or false");
  return value;
};

/** Takes the fields of a shape, in its order. */
export function takeAll<S extends Shape>(fields: Fields, shape: S, path: string): Of<S> {
  const names = Object.keys(shape);
  return Object.fromEntries(
    names.map((name) => [name, take(fields, name, shape[name]!, path)]),
  ) as Of<S>;
}
