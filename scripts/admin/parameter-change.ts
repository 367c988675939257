/** Some of a network's parameters changed, the others as they are. */
import { setParameters } from "../../node/chain/calls.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import type { NetworkParameters } from "../../node/chain/members.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { parseWhole } from "../arguments.ts";

/** @param changes such as "minCycleS=900". @throws Refusal `malformed`, `conflict` if nothing changes. */
export function parameterChange(
  present: NetworkParameters,
  changes: readonly string[],
): { readonly says: string; readonly call: ContractCall } {
  const next: Record<string, number> = { ...present };
  const says: string[] = [];
  for (const change of changes) {
    const [name = "", value = ""] = change.split("=");
    const before = next[name];
    if (before === undefined)
      throw new Refusal("malformed", `"${name}" is not one of ${Object.keys(present).join(", ")}`);
    next[name] = parseWhole(value);
    if (next[name] !== before) says.push(`${name} from ${before} to ${value}`);
  }
  if (says.length === 0) throw new Refusal("conflict", "the parameters are these already");
  // Every name was found among those of the parameters.
  return { says: `change ${says.join(", ")}`, call: setParameters(next as NetworkParameters) };
}
