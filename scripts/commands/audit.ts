/** `tallystick audit`: the audit key, openings of identities, and proofs that the money is there. */
import type { Command } from "commander";
import { registerCeremony, registerKey } from "./audit-ceremony.ts";
import { registerDisclosure, registerEpoch } from "./audit-disclosure.ts";
import { registerHistory } from "./audit-history.ts";

export function registerAudit(program: Command): void {
  const audit = program
    .command("audit")
    .description("audit keys, openings of identities by quorum, proofs that the money is there");
  registerCeremony(
    audit.command("ceremony").description("make an audit key together, each on its own machine"),
  );
  registerEpoch(audit.command("epoch").description("which audit key is the one to seal to"));
  registerDisclosure(audit);
  registerHistory(audit);
  registerKey(audit.command("key").description("what everyone may know of an audit key"));
}
