/** The package's face for makers who put a device of their own at the other end of the conformance kit. Node only. */
export type { Bench, Settings } from "./adapter.ts";
export { serveBench } from "./serve.ts";
