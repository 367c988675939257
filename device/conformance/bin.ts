#!/usr/bin/env node
/** The kit's program in the package, where the vectors lie beside the code. In this repository it is `tallystick conformance`. */
import { join } from "node:path";
import { isRefusal } from "../../protocol/refusal.ts";
import { conformance } from "./program.ts";

const vectors = join(import.meta.dirname, "../../vectors");

try {
  const passes = await conformance(process.argv.slice(2), vectors, (line) => console.log(line));
  process.exitCode = passes ? 0 : 1;
} catch (error) {
  if (!isRefusal(error)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
  process.exitCode = 2;
}
