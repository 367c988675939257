/**
 * Values under keys, as good as always one under each: a set is made only where a second one joins it, for
 * a pool of many thousand entries would otherwise be mostly sets.
 */
export class MultiMap<Key, Value extends object> {
  readonly #values = new Map<Key, Value | Set<Value>>();

  /** How many keys have values. */
  get size(): number {
    return this.#values.size;
  }

  add(key: Key, value: Value): void {
    const held = this.#values.get(key);
    if (held === undefined) this.#values.set(key, value);
    else if (held instanceof Set) held.add(value);
    else if (held !== value) this.#values.set(key, new Set([held, value]));
  }

  delete(key: Key, value: Value): void {
    const held = this.#values.get(key);
    if (held instanceof Set && held.delete(value) && held.size > 0) return;
    if (held === value || (held instanceof Set && held.size === 0)) this.#values.delete(key);
  }

  /** In the order they were added. */
  get(key: Key): Iterable<Value> {
    const held = this.#values.get(key);
    if (held === undefined) return [];
    return held instanceof Set ? held : [held];
  }
}
