/**
 * How commands reach a node or a holder's service that listens on another machine: over TLS with a certificate
 * of the caller's own, which every listener of ours asks for there. On this machine nothing is shown.
 */
import type { Command } from "commander";
import { NodeClient } from "../node/client.ts";
import type { TlsMaterial } from "../node/service/listener.ts";
import { readTls } from "../node/service/tls-files.ts";
import { Refusal } from "../protocol/refusal.ts";

/** What is said on the command line: three PEM files, or none. */
export type Access = {
  readonly certificate?: string;
  readonly certificateKey?: string;
  readonly authority?: string;
};

export function reaching(command: Command): Command {
  return command
    .option("--certificate <pem>", "your certificate, for a service on another machine")
    .option("--certificate-key <pem>", "its key, which nobody but you may read")
    .option("--authority <pem>", "who signs the certificates of the other side");
}

/** @throws Refusal `bad-configuration`, `exposed-key`; `malformed` where one of the three is missing. */
export async function tlsOf(access: Access): Promise<TlsMaterial | undefined> {
  const { certificate, certificateKey: key, authority } = access;
  if (certificate === undefined && key === undefined && authority === undefined) return undefined;
  if (certificate === undefined || key === undefined || authority === undefined)
    throw new Refusal("malformed", "say --certificate, --certificate-key and --authority together");
  return await readTls({ certificate, key, authority });
}

/** @throws Refusal as `tlsOf`. */
export async function nodeAt(url: string, access: Access): Promise<NodeClient> {
  const tls = await tlsOf(access);
  return new NodeClient({ url, ...(tls === undefined ? {} : { tls }) });
}
