/** `tallystick admin trust-list`: what the authority tells devices, by its trust key. Nothing goes to the chain. */
import type { Command } from "commander";
import type { ContractReader } from "../../node/chain/reader.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { readPublicKey } from "../admin/keys.ts";
import { AdminSession, answering, type SessionOptions } from "../admin/session.ts";
import { publishNext } from "../admin/trust-list.ts";
import { parseWhole } from "../arguments.ts";
import { say, timeText } from "../report.ts";

type TrustListOptions = Omit<SessionOptions, "key"> & {
  readonly json?: true;
  readonly trust: string;
  readonly next?: string;
  readonly days: number;
  readonly compromised?: readonly string[];
};

export function registerTrustList(admin: Command): void {
  admin
    .command("trust-list <file>")
    .description("sign the next trust list for devices and publish it in a file")
    .option("--network <file>", "the network file", "network.json")
    .option("--rpc <url...>", "JSON-RPC of the chain, instead of the network file's")
    .option("--json", "one JSON value")
    .requiredOption("--trust <key-file>", "the trust key that devices know by now")
    .option("--next <key>", "the key, or its file, that signs the lists after this one")
    .option("--days <number>", "for how long devices may go by it", parseWhole, 365)
    .option("--compromised <member...>", "whose key before the present one counts no more at once")
    .addHelpText(
      "after",
      `
Run it whenever what devices go by has changed: members, their status, issuer keys, guarantees, a bond that is
short of what it owes or has paid it; and before the newest list runs out. Gateways fetch <file>, or what serves it, by themselves. An issuer key
that was rotated stays good for as long as receipts live, unless --compromised says otherwise.`,
    )
    .action(async (path: string, options: TrustListOptions) => {
      const key = await loadKeyFile(options.trust, "P-256");
      const nextTrustKey =
        options.next === undefined ? undefined : await readTrustKey(options.next);
      await using session = await AdminSession.open(options);
      const { members, impaired } = await answering(() => stateOf(session.client.reader));
      const list = await publishNext(path, key, {
        networkId: fromHex(session.network.networkId, 32),
        members,
        receiptLifeMs: session.client.parameters.receiptLifeS * 1000,
        lifeMs: options.days * 86_400_000,
        nextTrustKey,
        compromised: (options.compromised ?? []).map(parseWhole),
        impaired,
        now: Date.now(),
      });
      const before = list.members.filter(({ previousIssuer }) => previousIssuer !== undefined);
      const lines = [
        `List ${list.version} of ${list.members.length} members is in ${path}, good until ${timeText(list.notAfter)}.`,
        ...before.map(
          ({ member }) => `The key that member ${member} had before is good for a while.`,
        ),
        ...impaired.map(
          (member) =>
            `Member ${member} owes more than its bond holds: payees refuse its devices until it has paid, and a list says so.`,
        ),
        ...(nextTrustKey === undefined
          ? []
          : ["An emergency profile in force is to be published again, with the next key."]),
      ];
      const previous = before.map(({ member }) => member);
      const { version, notAfter } = list;
      say({ lines, data: { version, notAfter, previous, impaired } }, options.json ?? false);
    });
}

/** The members, and which of them have debts that wait for their bond. */
async function stateOf(reader: ContractReader) {
  const { members } = await reader.directory();
  const bonds = await Promise.all(members.map(({ member }) => reader.bond(member)));
  return {
    members,
    impaired: bonds.filter((bond) => bond.queued > 0n).map(({ member }) => member),
  };
}

/** A P-256 key in a file, or what is public of it. */
async function readTrustKey(key: string): Promise<Uint8Array> {
  if (/^0x0[23][0-9a-f]{64}$/.test(key)) return fromHex(key as Hex);
  const { kind, publicKey } = await readPublicKey(key);
  if (kind === "P-256") return fromHex(publicKey);
  throw new Refusal("bad-configuration", `${key} is a ${kind} key: a trust key is P-256`);
}
