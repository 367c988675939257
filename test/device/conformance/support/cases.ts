/** All cases of the kit, with the vectors as they are published. */
import { join } from "node:path";
import { allCases } from "../../../../device/conformance/cases/cases.ts";
import { readDeviceVectors } from "../../../../device/conformance/vector-files.ts";
import { root } from "../../../support/imports.ts";

export const cases = allCases(await readDeviceVectors(join(root, "test/vectors")));
