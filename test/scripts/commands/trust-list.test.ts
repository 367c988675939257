/** `tallystick admin trust-list` against a network on a chain that runs, and a gateway that reads what it publishes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readPublished } from "../../../scripts/admin/published-file.ts";
import { publishNext } from "../../../scripts/admin/trust-list.ts";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { checkTrustListSignature } from "../../../protocol/lists.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { portableVerifier } from "../../../protocol/signature.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { p256Key, seed, TestNetwork } from "../../support/network.ts";
import { saidJson, tallystick } from "./support/tallystick.ts";

const DAY_MS = 86_400_000;

describe("tallystick admin trust-list", () => {
  const temporary = temporaryFolders();
  let folder: string;
  let net: TestNetwork;
  const at = (name: string) => join(folder, name);
  const publish = (trust: string, ...more: readonly string[]) => [
    "admin",
    "trust-list",
    at("lists.bin"),
    "--network",
    at("network.json"),
    "--trust",
    at(`${trust}.json`),
    ...more,
  ];

  before(async () => {
    folder = await temporary();
    net = await TestNetwork.open(3, { delayS: 1 });
    await writeFile(at("network.json"), formatNetworkFile(net.network));
    await createKeyFile(
      at("operator 2.json"),
      new StoredKey("secp256k1", seed("account operator 2")),
    );
    for (const name of ["trust", "next trust"])
      await createKeyFile(at(`${name}.json`), new StoredKey("P-256", seed(name)));
  });

  after(async () => {
    await net[Symbol.asyncDispose]();
  });

  it("publishes the members as the registry has them, then a rotated issuer with the one before [N-23]", async () => {
    expect(await saidJson(publish("trust"))).to.include({ version: 1 });
    const [first] = (await readPublished(at("lists.bin"))).trust;
    const networkId = fromHex(net.network.networkId);
    checkTrustListSignature(networkId, first!, p256Key("trust"), portableVerifier);
    expect(first!.members.map(({ member, issuer }) => [member, toHex(issuer)])).to.deep.equal(
      [1, 2, 3].map((member) => [member, toHex(p256Key(`issuer ${member}`))]),
    );
    await saidJson(["admin", "keys", "new", "issuer", at("issuer.json")]);
    const key = ["--key", at("operator 2.json"), "--network", at("network.json")];
    await saidJson(["admin", "rotate", "issuer", at("issuer.json"), ...key]);
    const told = await saidJson(publish("trust"));
    expect([told["version"], told["previous"]]).to.deep.equal([2, [2]]);
    const second = (await readPublished(at("lists.bin"))).trust.at(-1)!;
    expect(toHex(second.members[1]!.previousIssuer!)).to.equal(toHex(p256Key("issuer 2")));
    expect(second.members[0]!.previousIssuer).to.equal(undefined);
    const third = await saidJson(publish("trust", "--compromised", "2"));
    expect(third["previous"]).to.deep.equal([]);
  });

  it("changes the trust key, and refuses to sign with any but the one that devices expect", async () => {
    await saidJson(publish("trust", "--next", at("next trust.json"), "--days", "10"));
    const before = await readFile(at("lists.bin"));
    const { code, stderr } = await tallystick(publish("trust"));
    expect(code).to.not.equal(0);
    expect(stderr).to.match(/conflict.*signs the next one/s);
    expect(await readFile(at("lists.bin"))).to.deep.equal(before);
    const { version } = await saidJson(publish("next trust"));
    const { trust } = await readPublished(at("lists.bin"));
    expect(trust.map((list) => list.version)).to.include(version as number);
  });

  it("says that a member whose bond is short guarantees nothing, until it has paid [N-12]", async () => {
    await using client = net.client();
    await client.start();
    const { members } = await client.reader.directory();
    const key = NodeSigner.generate();
    const guarantees = async (...impaired: readonly number[]) => {
      const list = await publishNext(at("impaired.bin"), key, {
        networkId: fromHex(net.network.networkId),
        members,
        receiptLifeMs: 7 * DAY_MS,
        lifeMs: 30 * DAY_MS,
        compromised: [],
        impaired,
        now: Date.now(),
      });
      return list.members.map(({ guarantee }) => guarantee);
    };
    const [first, second, third] = await guarantees();
    expect(first).to.not.equal(0n);
    expect(await guarantees(2)).to.deep.equal([first, 0n, third]);
    expect(await guarantees()).to.deep.equal([first, second, third]);
  });

  it("lets the key before go after receiptLife, and drops lists that nobody needs", async () => {
    const key = NodeSigner.generate();
    const path = at("clocked.bin");
    await using client = net.client();
    await client.start();
    const { members } = await client.reader.directory();
    const receiptLifeMs = 7 * DAY_MS;
    const networkId = fromHex(net.network.networkId);
    const list = (day: number, issuer: string) =>
      publishNext(path, key, {
        networkId,
        receiptLifeMs,
        lifeMs: 30 * DAY_MS,
        compromised: [],
        impaired: [],
        now: day * DAY_MS,
        members: [{ ...members[0]!, issuer: p256Key(issuer) }],
      });
    const previousOf = async (day: number, issuer: string) => {
      const { previousIssuer } = (await list(day, issuer)).members[0]!;
      return previousIssuer === undefined ? undefined : toHex(previousIssuer);
    };
    expect(await previousOf(100, "a")).to.equal(undefined);
    expect(await previousOf(101, "b")).to.equal(toHex(p256Key("a")));
    expect(await previousOf(104, "b")).to.equal(toHex(p256Key("a")));
    expect(await previousOf(107, "b")).to.equal(toHex(p256Key("a")));
    expect(await previousOf(108, "b")).to.equal(undefined);
    expect(await previousOf(120, "b")).to.equal(undefined);
    expect((await readPublished(path)).trust.map(({ version }) => version)).to.deep.equal([1, 6]);
    const stranger = NodeSigner.generate();
    const refused = await publishNext(path, stranger, {
      networkId,
      receiptLifeMs,
      lifeMs: DAY_MS,
      compromised: [],
      impaired: [],
      now: 121 * DAY_MS,
      members: [],
    }).catch((error: unknown) => error);
    expect(isRefusal(refused, "conflict")).to.equal(true);
  });
});
