/** What devices are given to know: the time, the member's revocations, the others', the authority's list. */
import { expect } from "chai";
import { decodeDeviceReply } from "../../protocol/device-reply.ts";
import { decodeEmergencyProfile, signEmergencyProfile } from "../../protocol/emergency-profile.ts";
import {
  checkRevocationListSignature,
  checkTrustListSignature,
  decodeRevocationList,
  decodeTrustList,
  prefixOf,
  signRevocationList,
} from "../../protocol/lists.ts";
import { EMERGENCY_PROFILE, type ListVersion } from "../../protocol/list-version.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { HttpServer } from "../../node/service/http-server.ts";
import { bytes, call } from "../../node/service/route.ts";
import { makeLogger, Metrics } from "../../node/service/telemetry.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { keyOf, networkId } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { authority, Bank, type BankOptions, MEMBER } from "./support/bank.ts";
import { post, TestDevice } from "./support/device.ts";
import { RECEIPT_LIFE_S } from "./support/node-double.ts";
import { refusal } from "./support/refusal.ts";

describe("lists", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;

  const open = async (options: BankOptions = {}) => {
    bank = await Bank.open(await folder(), options);
    await bank.start();
    device = new TestDevice(bank);
  };
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const lists = async (versions: readonly ListVersion[] = []) =>
    (await device.ask({ kind: "lists", versions })).lists;
  const own = async () => {
    const all = (await lists()).filter(({ kind }) => kind === "revocations");
    return decodeRevocationList(all[0]!.bytes);
  };
  const trust = async (version?: number) => {
    const held = version === undefined ? [] : [{ member: 0, version }];
    const all = (await lists(held)).filter(({ kind }) => kind === "trust");
    return all.map((list) => decodeTrustList(list.bytes));
  };

  it("carry the present time in the member's list, under a higher version each time", async () => {
    await open();
    const { issuer } = bank.node.ledger.bank(MEMBER);
    const first = await own();
    checkRevocationListSignature(networkId, first, issuer.publicKey, portableVerifier);
    expect(Math.abs(first.issued - bank.now())).to.be.below(2_000);
    await bank.restart();
    bank.ahead = 3_600_000;
    const second = await own();
    expect(second.issued - first.issued).to.be.within(3_600_000, 3_660_000);
    expect(second.version).to.be.above(first.version);
    bank.ahead = 0;
    expect((await own()).version).to.be.above(second.version);
  });

  it("give the time to a device that has none, with the refusal of its request", async () => {
    await open();
    const request = await device.request({ kind: "certify" }, { signedTime: 0 });
    const reply = decodeDeviceReply(await post(`${bank.url}/v1/device`, request.bytes));
    if (reply.outcome !== "refused") throw new Error("it was answered");
    expect(reply.reason.code).to.equal("stale-request");
    expect(reply.lists.map(({ kind }) => kind)).to.deep.equal(["trust", "revocations"]);
  });

  it("name blocked devices at once, and for as long as their receipts may live after the chain has them [N-04]", async () => {
    await open();
    const blocked = await TestDevice.enrolled(bank, "anna", 0n);
    expect((await own()).prefixes).to.deep.equal([]);
    await bank.staff(`/v1/devices/${blocked.owner}/block`, {});
    expect((await own()).prefixes).to.deep.equal([prefixOf(blocked.owner)]);
    await bank.restart();
    expect((await own()).prefixes).to.deep.equal([prefixOf(blocked.owner)]);
    await until("the chain has it", () => bank.node.revocations === 1);
    const revoked = bank.node.ledger.timeS * 1000;
    bank.ahead = revoked + RECEIPT_LIFE_S * 1000 - 60_000 - Date.now();
    expect((await own()).prefixes).to.deep.equal([prefixOf(blocked.owner)]);
    bank.ahead += 61_000;
    expect((await own()).prefixes).to.deep.equal([]);
    await refusal("not-found", bank.staff(`/v1/devices/0x${"00".repeat(20)}/block`, {}));
  });

  it("name what the chain says the member has revoked, as soon as the node has folded it", async () => {
    await open();
    const ours = new TestDevice(bank, await bank.node.ledger.enrol("ours", MEMBER));
    const theirs = new TestDevice(bank, await bank.node.ledger.enrol("theirs", 2));
    bank.ahead = bank.node.ledger.timeS * 1000 - Date.now();
    bank.node.change((ledger) => {
      ledger.revoke(MEMBER, ours.owner);
      ledger.revoke(2, theirs.owner);
    });
    await until("it is in the list", async () => (await own()).prefixes.length === 1);
    expect((await own()).prefixes).to.deep.equal([prefixOf(ours.owner)]);
  });

  it("say nothing while the node has never said whom the member has revoked", async () => {
    await open();
    await bank.stop();
    await bank.node.stop();
    const fresh = await Bank.open(await folder());
    await fresh.node.stop();
    try {
      await fresh.start();
      await refusal("unavailable", new TestDevice(fresh).ask({ kind: "lists", versions: [] }));
      await fresh.node.start();
      await until("the node has said", async () => {
        const answer = await describedFetch(`${fresh.url}/v1/lists/revocations`);
        return answer.ok;
      });
    } finally {
      await fresh[Symbol.asyncDispose]();
    }
  });

  it("go on from the last list where the node is away after a restart: nobody on it is forgotten", async () => {
    await open();
    const ours = new TestDevice(bank, await bank.node.ledger.enrol("ours", MEMBER));
    bank.ahead = bank.node.ledger.timeS * 1000 - Date.now();
    bank.node.change((ledger) => ledger.revoke(MEMBER, ours.owner));
    await until("it is in the list", async () => (await own()).prefixes.length === 1);
    await bank.stop();
    await bank.node.stop();
    await bank.start();
    expect((await own()).prefixes).to.deep.equal([prefixOf(ours.owner)]);
  });

  it("are the authority's trust list, newer than the device's, and nothing if it has it", async () => {
    await open();
    const [list] = await trust();
    checkTrustListSignature(networkId, list!, authority.publicKey, portableVerifier);
    expect(await trust(1)).to.deep.equal([]);
    await bank.publish([await bank.trustList({ version: 2 })]);
    await until("the new one is served", async () => (await trust(1))[0]?.version === 2);
    await bank.restart();
    expect((await trust()).map(({ version }) => version)).to.deep.equal([2]);
  });

  it("are every trust list that changed the trust key, in order, and the newest", async () => {
    await open();
    const next = keyOf("the next authority");
    const published = [
      await bank.trustList({ version: 1 }),
      await bank.trustList({ version: 2, nextTrustKey: next.publicKey }),
      await bank.trustList({ version: 3, by: next }),
      await bank.trustList({ version: 4, by: next }),
    ];
    await bank.publish(published);
    await until("all are here", async () => (await trust()).at(-1)?.version === 4);
    expect((await trust()).map(({ version }) => version)).to.deep.equal([2, 4]);
    expect((await trust(2)).map(({ version }) => version)).to.deep.equal([4]);
  });

  it("are never a trust list that the trust key has not signed", async () => {
    await open();
    await bank.publish([await bank.trustList({ version: 9, by: keyOf("nobody") })]);
    await until("it is noticed", () =>
      bank.log.some((line) => line.includes("not signed by the trust key")),
    );
    expect((await trust()).map(({ version }) => version)).to.deep.equal([1]);
  });

  it("are the emergency profile that is published, the newest until it has ended [N-18]", async () => {
    await open();
    const trusted = [await bank.trustList({})];
    const sign = (version: number, notAfter: number, by = authority) =>
      signEmergencyProfile(
        networkId,
        {
          version,
          issued: bank.now(),
          notBefore: 0,
          notAfter,
          factors: { payment: 200, count: 100, balance: 100, depth: 100 },
          places: [],
        },
        by,
      );
    const served = async (version?: number) => {
      const held = version === undefined ? [] : [{ member: EMERGENCY_PROFILE, version }];
      const profiles = (await lists(held)).filter(({ kind }) => kind === "emergency");
      return profiles.map((list) => decodeEmergencyProfile(list.bytes).version);
    };
    const end = bank.now() + 3_600_000;
    expect(await served()).to.deep.equal([]);
    await bank.publish(trusted, await sign(7, end));
    await until("it is served", async () => (await served())[0] === 7);
    expect(await served(7)).to.deep.equal([]);
    await bank.publish(trusted, await sign(8, end, keyOf("nobody")));
    await until("the forged one is noticed", () =>
      bank.log.some((line) => line.includes("emergency profile is not signed")),
    );
    expect(await served()).to.deep.equal([7]);
    await bank.publish(trusted, await sign(6, end));
    await bank.restart();
    expect(await served(6)).to.deep.equal([7]);
    bank.ahead = 3_600_000;
    expect(await served()).to.deep.equal([]);
  });

  it("are the other members' revocations, from their gateways, signed by their issuers", async () => {
    const issuer = keyOf("issuer of 2");
    const fields = { member: 2, version: 7, issued: 1, prefixes: [`0x${"ab".repeat(8)}`] as const };
    let served = await signRevocationList(networkId, fields, keyOf("a liar"));
    const server = new HttpServer(
      {
        routes: [
          call({
            method: "GET",
            path: "/v1/lists/revocations",
            summary: "a list",
            reply: bytes,
            handle: () => served.bytes,
          }),
        ],
        logger: makeLogger({ name: "other", level: "silent" }),
        metrics: new Metrics(),
      },
      { title: "other", version: "0", port: 0 },
    );
    await server.start();
    try {
      await open({ gateways: [{ member: 2, url: server.url }] });
      const foreign = async (version?: number) => {
        const held = version === undefined ? [] : [{ member: 2, version }];
        const all = (await lists(held)).filter(({ kind }) => kind === "revocations");
        return all.map((list) => decodeRevocationList(list.bytes)).filter((l) => l.member === 2);
      };
      await until("the false one is noticed", () => {
        return bank.log.some((line) => line.includes("no list from another"));
      });
      expect(await foreign()).to.deep.equal([]);
      served = await signRevocationList(networkId, fields, issuer);
      await until("the true one is here", async () => (await foreign()).length === 1);
      expect(await foreign(7)).to.deep.equal([]);
      expect(await foreign(6)).to.have.length(1);
    } finally {
      await server.stop();
    }
  });

  it("make the gateway unready where there is none that is good", async () => {
    await open();
    expect((await describedFetch(`${bank.gateway.managementUrl}/readyz`)).status).to.equal(200);
    bank.ahead = 31 * 86_400_000;
    const problem = (await (
      await describedFetch(`${bank.gateway.managementUrl}/readyz`)
    ).json()) as {
      checks: object;
    };
    expect(problem.checks).to.deep.equal({ "trust list": "the newest has expired" });
  });
});
