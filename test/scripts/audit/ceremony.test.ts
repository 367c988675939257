/** A ceremony by hand: each holder in a folder of its own, files passed between them, nothing else shared. */
import assert from "node:assert/strict";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createKeyFile, loadKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { commit, finish, share, verify, verifyKey } from "../../../scripts/audit/ceremony.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { evidenceNetwork } from "../../support/evidence.ts";
import { type Machine, machinesOf, pass, untilVerdicts } from "./support/machines.ts";
import { said, saidJson } from "../commands/support/tallystick.ts";

const NAMES = ["Central Bank", "Regulator", "Court"];

describe("tallystick audit ceremony", () => {
  const folders = temporaryFolders();
  let network: string;
  let machines: readonly Machine[];

  beforeEach(async () => {
    const path = await folders();
    network = join(path, "network.json");
    await writeFile(network, formatNetworkFile(evidenceNetwork));
    const holders = NAMES.map((name, i) => ({
      name,
      account: `0x${String(i + 1).repeat(40)}` as const,
    }));
    machines = await machinesOf(path, network, 2, holders);
  });

  it("makes a key whose shares never leave their machines, and anyone verifies it [R-083, N-10]", async () => {
    await untilVerdicts(machines);
    const reports = await Promise.all(machines.map((machine) => finish(machine)));
    const transcript = join(machines[2]!.folder, "transcript.bin");
    const verified = await saidJson(["audit", "key", "verify", transcript, "--network", network]);
    assert.equal(verified["threshold"], 2);
    assert.deepEqual(
      verified["holders"].map(({ name }: { name: string }) => name),
      NAMES,
    );
    for (const [i, machine] of machines.entries()) {
      const own = await loadKeyFile(machine.share, "P-256");
      assert.equal(toHex(own.publicKey), verified["holders"][i].publicShare);
      for (const secret of [machine.share, machine.secret]) {
        assert.equal((await stat(secret)).mode & 0o777, 0o600);
      }
      assert.deepEqual(
        await readFile(join(machine.folder, "transcript.bin")),
        await readFile(transcript),
      );
      assert.equal((reports[i]!.data as { publicKey: string }).publicKey, verified["publicKey"]);
    }
    const text = await said(["audit", "key", "verify", transcript, "--network", network]);
    assert.match(text, /Audit key of epoch 1: 0x\w{66}, opened by 2 of 3\./);
    assert.match(text, /holder 2, Regulator: key 0x/);
  });

  it("says the same again where a step or the whole is run again", async () => {
    await untilVerdicts(machines);
    const before = await Promise.all(machines.map(({ folder }) => filesIn(folder)));
    for (const step of [commit, share, verify]) for (const machine of machines) await step(machine);
    assert.deepEqual(await Promise.all(machines.map(({ folder }) => filesIn(folder))), before);
    const [first] = machines;
    const once = await finish(first!);
    assert.deepEqual(await finish(first!), once);
  });

  it("waits for everyone, and says whose file is missing", async () => {
    await commit(machines[0]!);
    await refuses(share(machines[0]!), "not-found", /holder 2, Regulator, has it/);
    await refuses(verify(machines[0]!), "not-found", /pledge-2\.bin/);
  });

  it("names the dealer of a wrong share at everyone's machine, and gives nobody a share [N-10]", async () => {
    for (const machine of machines) await commit(machine);
    await pass(machines, ...[1, 2, 3].map((number) => `pledge-${number}.bin`));
    for (const machine of machines) await share(machine);
    // Holder 3 pledged by another secret than it deals by.
    const [, , liar] = machines;
    await rm(join(liar!.folder, "deal-3.bin"));
    await rm(liar!.secret);
    await createKeyFile(liar!.secret, StoredKey.generate("P-256"));
    await share(liar!);
    await pass(machines, ...[1, 2, 3].map((number) => `deal-${number}.bin`));
    for (const machine of machines) {
      await refuses(verify(machine), "failed-ceremony", /holder 3, Court, dealt another/);
      await assert.rejects(stat(machine.share), { code: "ENOENT" });
    }
  });

  it("is for its holders, with their own keys, on its own network", async () => {
    const [first] = machines;
    const stranger = join(first!.folder, "..", "stranger.json");
    await createKeyFile(stranger, StoredKey.generate("P-256"));
    await refuses(commit({ ...first!, key: stranger }), "forbidden", /no holder/);
    const other = { ...first!, folder: join(first!.folder, "none") };
    await refuses(commit(other), "bad-configuration", /plan\.bin cannot be read/);
    const missing = join(first!.folder, "transcript.bin");
    await refuses(verifyKey(missing, network), "bad-configuration", /transcript\.bin/);
  });
});

async function filesIn(folder: string): Promise<readonly string[]> {
  const names = ["pledge", "deal", "verdict"].flatMap((kind) =>
    [1, 2, 3].map((number) => `${kind}-${number}.bin`),
  );
  return await Promise.all(names.map((name) => readFile(join(folder, name), "hex")));
}

async function refuses(work: Promise<unknown>, code: RefusalCode, text: RegExp): Promise<void> {
  await assert.rejects(
    work,
    (error: unknown) => isRefusal(error, code) && text.test(error.message),
  );
}
