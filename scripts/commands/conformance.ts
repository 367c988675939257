/** `tallystick conformance`: holds an implementation of the purse against the rules of a device. */
import { join } from "node:path";
import type { Command } from "commander";
import { conformance } from "../../device/conformance/program.ts";

/** Where `npm run vectors` writes. */
const vectors = join(import.meta.dirname, "../../test/vectors");

export function registerConformance(program: Command): void {
  program
    .command("conformance")
    .description("hold an implementation of the purse against the rules of a device")
    .argument(
      "[arguments...]",
      "run -- PROGRAM …, verify FILE, or list; without any, what there is",
    )
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: readonly string[]) => {
      const passes = await conformance(args, vectors, (line) => console.log(line));
      process.exitCode = passes ? 0 : 1;
    });
}
