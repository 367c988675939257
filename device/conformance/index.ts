/** The kit's face: what a maker's own tests can build on, beside the command. */
export {
  Consortium,
  DAY_MS,
  GUARANTEE,
  MEMBERS,
  RECEIPT_LIFE_MS,
} from "./consortium.ts";
export { type NamedKey, Seed } from "./seed.ts";
