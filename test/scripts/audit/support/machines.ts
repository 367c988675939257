/** Holders of shares as people have them: a machine each, with a folder and keys that nobody else reads. */
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createKeyFile } from "../../../../node/service/key-file.ts";
import { StoredKey } from "../../../../node/service/stored-key.ts";
import { type Hex, toHex } from "../../../../protocol/bytes.ts";
import {
  commit,
  finish,
  type HolderOptions,
  planCeremony,
  share,
  verify,
} from "../../../../scripts/audit/ceremony.ts";

/** A holder's own: its folder of the ceremony, and its key files. */
export type Machine = HolderOptions & { readonly share: string };

/** Machines of holders whose numbers are in this order, with a plan that all of them have. */
export async function machinesOf(
  path: string,
  network: string,
  threshold: number,
  holders: readonly { readonly name: string; readonly account: Hex }[],
  epoch = 1,
): Promise<readonly Machine[]> {
  const keys = holders.map(() => StoredKey.generate("P-256"));
  keys.sort((a, b) => (toHex(a.publicKey) < toHex(b.publicKey) ? -1 : 1));
  await mkdir(path, { recursive: true });
  const machines = await Promise.all(
    keys.map((key, i) => machineAt(join(path, `${i + 1}`), network, key)),
  );
  const named = keys.map(
    (key, i) => `${toHex(key.publicKey)}:${holders[i]!.account}:${holders[i]!.name}`,
  );
  await planCeremony({ ...machines[0]!, epoch, threshold }, named.toReversed());
  await pass(machines, "plan.bin");
  return machines;
}

/** Sends files from whoever has them to everyone else: all that travels. */
export async function pass(
  machines: readonly Machine[],
  ...names: readonly string[]
): Promise<void> {
  for (const [i, name] of names.entries()) {
    const from = join(machines[i]!.folder, name);
    for (const { folder } of machines) {
      if (join(folder, name) !== from) await copyFile(from, join(folder, name));
    }
  }
}

/** All steps up to the verdicts, each file sent to everyone. */
export async function untilVerdicts(machines: readonly Machine[]): Promise<void> {
  for (const [name, step] of [
    ["pledge", commit],
    ["deal", share],
    ["verdict", verify],
  ] as const) {
    for (const machine of machines) await step(machine);
    await pass(machines, ...machines.map((_, i) => `${name}-${i + 1}.bin`));
  }
}

/** The whole ceremony. @returns the transcript. */
export async function holdCeremony(machines: readonly Machine[]): Promise<string> {
  await untilVerdicts(machines);
  for (const machine of machines) await finish(machine);
  return join(machines[0]!.folder, "transcript.bin");
}

async function machineAt(path: string, network: string, key: StoredKey): Promise<Machine> {
  await mkdir(join(path, "ceremony"), { recursive: true });
  const machine = {
    folder: join(path, "ceremony"),
    network,
    key: join(path, "holder.json"),
    secret: join(path, "secret.json"),
    share: join(path, "share.json"),
  };
  await createKeyFile(machine.key, key);
  return machine;
}
