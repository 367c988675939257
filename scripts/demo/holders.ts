/**
 * The demo's holders of the audit key: a central bank, a regulator and a court, two of whom open together. Each
 * has a folder that stands for its machine, an account on the chain, and a service of its own.
 */
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { replaceFile } from "../../node/service/durable-file.ts";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { AdminSession } from "../admin/session.ts";
import {
  commit,
  finish,
  type HolderOptions,
  planCeremony,
  share,
  verify,
} from "../audit/ceremony.ts";
import { addEpochOf } from "../audit/epoch.ts";
import { Authority } from "../deploy/authority.ts";
import { addressOf, devnetPaths, GATEWAYS } from "../devnet/blueprint.ts";
import { Child } from "../devnet/child.ts";
import type { Devnet } from "../devnet/network.ts";
import { short, type Story } from "./story.ts";

export const THRESHOLD = 2;
const NAMES = ["Central bank", "Regulator", "Court"];
const EPOCH = 1;

/** A holder's own machine. */
export type Holder = HolderOptions & {
  readonly name: string;
  readonly share: string;
  /** Its chain account: the key file, and the address. */
  readonly account: string;
  readonly address: Hex;
};

const tallystick = fileURLToPath(new URL("../tallystick.ts", import.meta.url));

/** Machines with keys, before there is a network. In the order of their numbers. */
export async function drawHolders(folder: string, network: string): Promise<readonly Holder[]> {
  const keys = NAMES.map(() => StoredKey.generate("P-256"));
  keys.sort((a, b) => (toHex(a.publicKey) < toHex(b.publicKey) ? -1 : 1));
  return await Promise.all(
    keys.map(async (key, i) => {
      const at = (name: string) => join(folder, `${i + 1}`, name);
      await mkdir(at("ceremony"), { recursive: true });
      const account = StoredKey.generate("secp256k1");
      await createKeyFile(at("holder.json"), key);
      await createKeyFile(at("account.json"), account);
      return {
        name: NAMES[i]!,
        network,
        folder: at("ceremony"),
        key: at("holder.json"),
        secret: at("secret.json"),
        share: at("share.json"),
        account: at("account.json"),
        address: addressOf(account),
      };
    }),
  );
}

/** The ceremony; then the key is put on chain, and into the configurations of the gateways. */
export async function makeKey(
  devnet: Devnet,
  story: Story,
  holders: readonly Holder[],
): Promise<void> {
  const lines = await Promise.all(holders.map(lineOf));
  await planCeremony({ ...holders[0]!, epoch: EPOCH, threshold: THRESHOLD }, lines);
  await pass(holders, "plan.bin");
  for (const [name, step] of [
    ["pledge", commit],
    ["deal", share],
    ["verdict", verify],
  ] as const) {
    for (const holder of holders) await step(holder);
    await pass(holders, ...holders.map((_, i) => `${name}-${i + 1}.bin`));
  }
  for (const holder of holders) await finish(holder);
  story.step(
    `${NAMES.join(", ")} each deal to all: every one has a share, and nobody has the key or ever had it`,
  );

  const authority = devnetPaths(devnet.folder).key("authority", "authority");
  await using session = await AdminSession.open({ network: holders[0]!.network, key: authority });
  const adding = await addEpochOf(
    session,
    new Authority(session.client, 60),
    transcriptOf(holders),
  );
  await adding.does();
  const [entry] = await session.client.reader.read("auditLog", "getEpoch", [EPOCH]);
  const key = entry["publicKey"] as Hex;
  for (const member of GATEWAYS) await sealTo(devnet, member, key);
  story.step(
    `audit key ${short(key)} stands on chain: banks seal their customers' references to it, and any ${THRESHOLD} of the ${holders.length} open one`,
  );
}

/** Each holder's service, a process of its own. @returns where they listen. */
export async function serveAll(
  devnet: Devnet,
  holders: readonly Holder[],
  running: AsyncDisposableStack,
): Promise<readonly string[]> {
  return await Promise.all(
    holders.map(async ({ folder, share: own, network }, i) => {
      const at = (name: string) => join(folder, "..", name);
      const shares = [{ share: own, transcript: join(folder, "transcript.bin") }];
      const config = { network, shares, answers: at("answers"), api: { port: 0 } };
      await replaceFile(at("holder.yaml"), stringify(config));
      const name = `holder${i + 1}`;
      const args = ["audit", "serve", "--config", at("holder.yaml")];
      const log = devnetPaths(devnet.folder).log(name);
      const child = new Child({ name, script: tallystick, args, log });
      running.defer(() => child.stop());
      const message = await child.start();
      if (message.kind !== "listening") throw new Error(`${name} did not start: ${message.detail}`);
      return message.urls["api"]!;
    }),
  );
}

export function transcriptOf([first]: readonly Holder[]): string {
  return join(first!.folder, "transcript.bin");
}

/** A holder as the plan names it. */
async function lineOf({ key, address, name }: Holder): Promise<string> {
  const { publicKey } = JSON.parse(await readFile(key, "utf8")) as { publicKey: Hex };
  return `${publicKey}:${address}:${name}`;
}

/** Sends each file from the one that has it to the others: all that travels. */
async function pass(holders: readonly Holder[], ...names: readonly string[]): Promise<void> {
  for (const [i, name] of names.entries()) {
    for (const { folder } of holders) {
      if (folder !== holders[i]!.folder)
        await copyFile(join(holders[i]!.folder, name), join(folder, name));
    }
  }
}

async function sealTo(devnet: Devnet, member: number, key: Hex): Promise<void> {
  const path = devnetPaths(devnet.folder).gatewayConfig(member);
  const config = parse(await readFile(path, "utf8")) as object;
  await replaceFile(path, stringify({ ...config, audit: { epoch: EPOCH, key } }));
}
