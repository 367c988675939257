/** `tallystick admin emergency`: what it publishes is what devices take, by the key they know and for as long as was said. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readPublished } from "../../../scripts/admin/published-file.ts";
import { publishNext } from "../../../scripts/admin/trust-list.ts";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { checkEmergencyProfileSignature } from "../../../protocol/emergency-profile.ts";
import { networkIdOf } from "../../../protocol/message.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import { portableVerifier } from "../../../protocol/signature.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { p256Key, seed } from "../../support/network.ts";
import { saidJson, tallystick } from "./support/tallystick.ts";

const HOUR_MS = 3_600_000;
const address: Hex = `0x${"11".repeat(20)}`;
const anchor: Hex = `0x${"22".repeat(32)}`;
const networkId = networkIdOf(1n, fromHex(address), fromHex(anchor));

describe("tallystick admin emergency", () => {
  const temporary = temporaryFolders();
  let folder: string;
  const at = (name: string) => join(folder, name);
  const publish = (trust: string, ...more: readonly string[]) => [
    "admin",
    "emergency",
    at("lists.bin"),
    "--network",
    at("network.json"),
    "--trust",
    at(`${trust}.json`),
    ...more,
  ];
  const published = async () => (await readPublished(at("lists.bin"))).emergency!;
  const trustList = async (by: string, next: string) =>
    publishNext(at("lists.bin"), new StoredKey("P-256", seed(by)), {
      networkId: fromHex(networkId),
      members: [],
      receiptLifeMs: 0,
      lifeMs: HOUR_MS,
      nextTrustKey: p256Key(next),
      compromised: [],
      impaired: [],
      now: Date.now(),
    });

  before(async () => {
    folder = await temporary();
    const contracts = {
      accessManager: address,
      registry: address,
      token: address,
      settlement: address,
    };
    const network = formatNetworkFile({
      version: 1,
      networkId,
      chainId: 1,
      anchor,
      openedAtBlock: 1,
      contracts,
      rpcUrls: ["http://127.0.0.1:1"],
      currency: { code: "EUR", digits: 2 },
      gateways: [],
    });
    await writeFile(at("network.json"), network);
    for (const name of ["trust", "next trust"]) {
      await createKeyFile(at(`${name}.json`), new StoredKey("P-256", seed(name)));
    }
    await trustList("trust", "trust");
  });

  it("publishes factors, places and an end, signed by the trust key, beside the trust list [N-18]", async () => {
    const limits = ["--payment", "300", "--depth", "200", "--balance", "150"];
    const places = ["--place", "DE", "CN-31", "DE"];
    await saidJson(publish("trust", "--hours", "72", ...limits, ...places));
    const profile = await published();
    checkEmergencyProfileSignature(fromHex(networkId), profile, p256Key("trust"), portableVerifier);
    expect(profile.factors).to.deep.equal({ payment: 300, count: 100, balance: 150, depth: 200 });
    expect(profile.places).to.deep.equal(["CN-31", "DE"]);
    expect(profile.notAfter - profile.issued).to.equal(72 * HOUR_MS);
    expect((await readPublished(at("lists.bin"))).trust).to.have.length(1);
    await trustList("trust", "trust");
    expect((await published()).version).to.equal(profile.version);
  });

  it("ends the one in force by one that changes nothing and lasts as long [N-18]", async () => {
    const before = await published();
    await saidJson(publish("trust", "--end"));
    const profile = await published();
    expect(profile.version).to.be.above(before.version);
    expect(profile.notAfter).to.equal(before.notAfter);
    expect(profile.factors).to.deep.equal({ payment: 100, count: 100, balance: 100, depth: 100 });
    expect(profile.places).to.deep.equal([]);
  });

  it("refuses another key, no end, no such place, and to end what is not there", async () => {
    const refusals = [
      ["conflict", publish("next trust", "--hours", "1")],
      ["malformed", publish("trust")],
      ["malformed", publish("trust", "--hours", "1", "--place", "de by")],
      ["malformed", publish("trust", "--hours", "1", "--payment", "65536")],
    ] as const;
    const { version } = await published();
    for (const [code, args] of refusals) {
      const outcome = await tallystick(args);
      expect(outcome.code).to.not.equal(0);
      expect(outcome.stderr).to.contain(code);
    }
    expect((await published()).version).to.equal(version);
  });

  it("has to be published again, under a higher version, when the trust key changes", async () => {
    const { version } = await published();
    await trustList("trust", "next trust");
    expect((await readPublished(at("lists.bin"))).emergency).to.equal(undefined);
    const outcome = await tallystick(publish("next trust", "--end"));
    expect(outcome.stderr).to.contain("not-found");
    await saidJson(publish("next trust", "--hours", "1"));
    expect((await published()).version).to.be.above(version);
  });
});
