/** What a gateway takes for a device's request, and how it answers what it does not. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { ranges } from "../../gateway/keys.ts";
import { toHex } from "../../protocol/bytes.ts";
import { decodeDeviceReply } from "../../protocol/device-reply.ts";
import type { SignedDeviceRequest } from "../../protocol/device-request.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { corrupt } from "../support/leaves.ts";
import { keyOf, networkId } from "../support/ledger-parts.ts";
import { ask, authority, Bank, MEMBER } from "./support/bank.ts";
import { post, TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

const DAY_MS = 86_400_000;
const noLists = { kind: "lists", versions: [] } as const;

describe("a device's requests", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const send = async (request: SignedDeviceRequest | Uint8Array) => {
    const body = request instanceof Uint8Array ? request : request.bytes;
    return decodeDeviceReply(await post(`${bank.url}/v1/device`, body));
  };
  const codeOf = async (request: SignedDeviceRequest) => {
    const reply = await send(request);
    return reply.outcome === "refused" ? reply.reason.code : reply.outcome;
  };

  it("are refused unless they are for this member, whole and signed by their device", async () => {
    const device = new TestDevice(bank);
    await refusal("not-for-us", send(await device.request(noLists, { member: 2 })));
    const { bytes } = await device.request(noLists);
    await refusal("bad-signature", send(corrupt(bytes, bytes.length - 70)));
    await refusal("bad-signature", send(corrupt(bytes, 40)));
    await refusal("malformed", send(bytes.subarray(1)));
    await refusal("malformed", send(bytes.subarray(0, -1)));
    await refusal("malformed", send(new Uint8Array()));
    const plain = { method: "POST", headers: { "content-type": "text/plain" }, body: "hello" };
    expect((await describedFetch(`${bank.url}/v1/device`, plain)).status).to.equal(400);
  });

  it("are refused over a day behind or ahead, with the lists if behind", async () => {
    const device = new TestDevice(bank);
    const behind = await device.request(noLists, { signedTime: bank.now() - DAY_MS - 5_000 });
    const reply = await send(behind);
    if (reply.outcome !== "refused") throw new Error("it was answered");
    expect(reply.reason.code).to.equal("stale-request");
    expect(reply.lists.length).to.be.above(0);
    expect(
      await codeOf(await device.request(noLists, { signedTime: bank.now() + DAY_MS + 5_000 })),
    ).to.equal("not-yet-valid");
    const late = await device.request(noLists, { signedTime: bank.now() - DAY_MS + 60_000 });
    expect(await codeOf(late)).to.equal("answered");
  });

  it("are answered once: heard and sent again, they tell nothing, also after a restart", async () => {
    const device = await TestDevice.enrolled(bank, "anna", 500n);
    const request = await device.request({ kind: "receipts", outpoints: [] });
    expect(await codeOf(request)).to.equal("answered");
    expect(await codeOf(request)).to.equal("stale-request");
    await bank.restart();
    expect(await codeOf(request)).to.equal("stale-request");
    const many = await device.request({ kind: "certify" });
    const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(many)));
    expect(codes.filter((code) => code === "answered")).to.have.length(1);
  });

  it("are forgotten when nobody could repeat them any more", async () => {
    const device = await TestDevice.enrolled(bank, "anna", 500n);
    const count = async () => {
      return (await Array.fromAsync(bank.store.entries(ranges.noncesBefore(2 ** 31)))).length;
    };
    const nonce = randomBytes(16);
    const old = await device.request({ kind: "certify" }, { nonce });
    expect(await codeOf(old)).to.equal("answered");
    expect(await count()).to.be.above(0);
    bank.ahead = 3 * DAY_MS;
    expect(await codeOf(await device.request({ kind: "certify" }, { nonce }))).to.equal("answered");
    expect(await count()).to.equal(1);
    expect(await codeOf(old)).to.equal("stale-request");
  });

  it("find whose gateway it is, and where its vault is", async () => {
    const info = await ask<{ vault: string; member: number }>(`${bank.url}/v1/member`);
    const vault = new TestDevice(bank, keyOf("treasury of 1")).owner;
    expect(info).to.include({ member: MEMBER, vault });
  });

  it("find what they are set up with", async () => {
    expect(await ask(`${bank.url}/v1/network`)).to.deep.equal({
      networkId: toHex(networkId),
      member: MEMBER,
      name: "Bank 1",
      currency: { code: "EUR", digits: 2 },
      trustKey: toHex(authority.publicKey),
      receiptLifeS: 7 * 86_400,
    });
  });

  it("find the routes described [N-21]", async () => {
    const { openapi, paths } = await ask<{ openapi: string; paths: object }>(
      `${bank.url}/openapi.json`,
    );
    expect(openapi).to.equal("3.1.0");
    expect(Object.keys(paths)).to.include.members(["/v1/device", "/v1/leaves", "/v1/records/{id}"]);
    expect(Object.keys(paths)).not.to.include("/v1/accounts");
  });
});
