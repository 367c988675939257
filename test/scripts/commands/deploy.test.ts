import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { formatNetworkFile, parseNetworkFile } from "../../../protocol/network-file.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { registerDeploy } from "../../../scripts/commands/deploy.ts";
import { loadPlan } from "../../../scripts/deploy/plan-file.ts";
import { profiles } from "../../../scripts/deploy/plan.ts";
import { call, makeChain, makeFolder } from "../../support/chain.ts";
import { authority, deployer, fund, plannedMember, seed } from "../../support/network.ts";

/** A plan as the authority writes it, of one member and one observer. */
function planText(change: (plan: Record<string, any>) => void = () => undefined): string {
  const { issuer, treasury, intake, quota, guarantee, reserve, ...member } = plannedMember(1);
  const plan = {
    profile: "devnet",
    authority: authority.address,
    currency: { code: "EUR", digits: 2 },
    members: [
      {
        ...member,
        issuer: toHex(issuer),
        treasury: toHex(treasury),
        intake: toHex(intake),
        quota: "10000.00",
        guarantee: "500.00",
        reserve: "5000",
      },
    ],
    observers: [{ name: "Central bank", peerId: "peer-observer" }],
  };
  assert.deepEqual([quota, guarantee, reserve], [1_000_000n, 50_000n, 500_000n]);
  change(plan);
  return JSON.stringify(plan, undefined, 2);
}

async function run(...args: readonly string[]): Promise<void> {
  const program = new Command().exitOverride();
  registerDeploy(program);
  await program.parseAsync(["deploy", ...args], { from: "user" });
}

async function assertRefused(
  work: Promise<unknown>,
  code: RefusalCode,
  says: RegExp,
): Promise<void> {
  await assert.rejects(work, (error) => isRefusal(error, code) && says.test(error.message));
}

describe("tallystick deploy", () => {
  it("opens the planned network and writes its file, again the same when run again", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(join(folder.path, "chain"));
    const url = await chain.start();
    await fund(url, [deployer.address]);
    const [plan, key, network] = ["plan.yaml", "deployer.json", "network.json"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string];
    await writeFile(plan, planText());
    await createKeyFile(key, new StoredKey("secp256k1", seed("account deployer")));
    const args = ["--rpc", url, "--plan", plan, "--key", key, "--network", network];
    await run(...args);
    const text = await readFile(network, "utf8");
    const written = parseNetworkFile(text);
    assert.deepEqual(written.rpcUrls, [url]);
    assert.equal((await stat(network)).mode & 0o777, 0o644);
    assert.ok(!text.includes(toHex(seed("account deployer")).slice(2)));

    const withGateway = { ...written, gateways: [{ member: 1, url: "https://one.example" }] };
    await writeFile(network, formatNetworkFile(withGateway));
    const sent = await call(url, "eth_getTransactionCount", deployer.address, "latest");
    await run(...args);
    assert.deepEqual(parseNetworkFile(await readFile(network, "utf8")), withGateway);
    assert.equal(await call(url, "eth_getTransactionCount", deployer.address, "latest"), sent);

    // The file of one network is never written over with another's.
    const other = join(folder.path, "other.json");
    await createKeyFile(other, new StoredKey("secp256k1", seed("account other")));
    await assertRefused(run(...args.with(5, other)), "wrong-network", /another network/);
    assert.deepEqual(parseNetworkFile(await readFile(network, "utf8")), withGateway);
  });

  it("says so when the chain does not answer", async () => {
    await using folder = await makeFolder();
    const [plan, key] = ["plan.yaml", "deployer.json"].map((name) => join(folder.path, name)) as [
      string,
      string,
    ];
    await writeFile(plan, planText());
    await createKeyFile(key, new StoredKey("secp256k1", seed("account deployer")));
    let url: string;
    {
      await using chain = makeChain(join(folder.path, "chain"));
      url = await chain.start();
    }
    const network = join(folder.path, "network.json");
    await assertRefused(
      run("--rpc", url, "--plan", plan, "--key", key, "--network", network),
      "unavailable",
      /does not answer/,
    );
    await assert.rejects(stat(network), { code: "ENOENT" });
  });

  it("takes the parameters of the profile, but for those the plan states", async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "plan.json");
    await writeFile(
      path,
      planText((plan) =>
        Object.assign(plan, { profile: "production", parameters: { confirmations: 2 } }),
      ),
    );
    const { members, observers, ...rest } = await loadPlan(path);
    assert.deepEqual(rest, {
      authority: authority.address,
      delayS: profiles.production.delayS,
      parameters: { ...profiles.production.parameters, confirmations: 2 },
      currency: { code: "EUR", digits: 2 },
    });
    assert.deepEqual(members, [plannedMember(1)]);
    assert.deepEqual(observers, [{ name: "Central bank", peerId: "peer-observer", addresses: [] }]);
  });

  it("refuses a plan that it cannot read, naming the place", async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "plan.json");
    const wrong: readonly (readonly [(plan: Record<string, any>) => void, RegExp])[] = [
      [
        (plan) => (plan["autority"] = plan["authority"]),
        /plan\.json:\d+:\d+: .*autority.*authority/s,
      ],
      [(plan) => (plan["profile"] = "staging"), /plan\.json:2:/],
      [(plan) => (plan["authority"] = plan["authority"].toUpperCase()), /plan\.json:3:/],
      [
        (plan) => (plan["members"][0].issuer = `${plan["members"][0].issuer}00`),
        /plan\.json:\d+:\d+/,
      ],
      [(plan) => (plan["members"][0].quota = "1.234"), /members\[0\]\.quota: EUR has 2 digits/],
      [(plan) => (plan["parameters"] = { minCycleS: -1 }), /plan\.json:\d+:\d+/],
    ];
    for (const [spoil, says] of wrong) {
      await writeFile(path, planText(spoil));
      await assertRefused(loadPlan(path), "bad-configuration", says);
    }
  });
});
