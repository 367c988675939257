/** What devices and gateways say to each other, beyond its form: time, replies, reasons, what is acknowledged. */
import { expect } from "chai";
import { acknowledgedRoot } from "../../protocol/acknowledgement.ts";
import { batchHeader } from "../../protocol/batch.ts";
import { toHex } from "../../protocol/bytes.ts";
import { checkReplyTo, decodeDeviceReply, type DeviceReply } from "../../protocol/device-reply.ts";
import { checkDeviceRequestTime, decodeDeviceRequest } from "../../protocol/device-request.ts";
import { requestKindOf, requestKinds } from "../../protocol/gateway-messages.ts";
import { decodeLeaves, encodeLeaves } from "../../protocol/leaf-list.ts";
import { limits } from "../../protocol/limits.ts";
import { reasonOf, refusalOf as refusalFromReason } from "../../protocol/reason.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { bytes } from "../../scripts/vectors/keys.ts";
import { goodBytes, refusalFrom } from "./support/vectors.ts";

const requests = goodBytes("gateway", "requests").map(decodeDeviceRequest);
const request = requests[0]!;
const day = 24 * 60 * 60 * 1000;

describe("the table of what devices ask", () => {
  it("numbers ten kinds from 1, and knows them by their numbers", () => {
    const kinds = Object.keys(requestKinds);
    expect(Object.values(requestKinds)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(kinds).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(requestKindOf));
    expect(requestKindOf(0)).to.equal(undefined);
    expect(requestKindOf(11)).to.equal(undefined);
    expect(new Set(requests.map(({ ask }) => ask.kind))).to.deep.equal(new Set(kinds));
  });
});

describe("a device's request", () => {
  it("is taken up to a day behind the gateway's clock, and a day ahead of it", () => {
    const { signedTime } = request;
    checkDeviceRequestTime(request, signedTime);
    checkDeviceRequestTime(request, signedTime + day);
    checkDeviceRequestTime(request, signedTime - day);
    const late = refusalFrom(() => checkDeviceRequestTime(request, signedTime + day + 1));
    expect(late.code).to.equal("stale-request");
    const early = refusalFrom(() => checkDeviceRequestTime(request, signedTime - day - 1));
    expect(early.code).to.equal("not-yet-valid");
  });

  it("is refused as out of date when the device knows no time yet", () => {
    const first = { ...request, signedTime: 0 };
    const refusal = refusalFrom(() => checkDeviceRequestTime(first, request.signedTime));
    expect(refusal.code).to.equal("stale-request");
    expect(refusal.row.retry).to.equal(true);
  });

  it("is remembered for as long as it could be taken again", () => {
    // Taken first when it is a day ahead, it would be taken until it is a day behind.
    expect(limits.nonceKeptMs).to.be.at.least(2 * limits.requestLagMaxMs);
  });
});

describe("a gateway's reply", () => {
  const reply: DeviceReply = {
    nonce: request.nonce,
    outcome: "refused",
    kind: request.ask.kind,
    reason: { code: "busy", text: "later" },
    lists: [],
  };

  it("is to one request, by its kind and nonce", () => {
    checkReplyTo(request, reply);
    for (const other of [
      { ...reply, nonce: bytes("another nonce", 16) },
      { ...reply, kind: "certify" as const },
    ]) {
      expect(refusalFrom(() => checkReplyTo(request, other)).code).to.equal("not-for-us");
    }
  });

  it("is refused before it is read when it is longer than any", () => {
    const long = new Uint8Array(limits.gatewayAnswerMax + 1);
    expect(refusalFrom(() => decodeDeviceReply(long)).code).to.equal("too-large");
  });

  it("tells a refusal again in the words of the gateway", () => {
    const told = refusalFromReason(reasonOf(new Refusal("spent", "coin 1 is gone")));
    expect(told.code).to.equal("spent");
    expect(told.message).to.equal("coin 1 is gone");
  });

  it("cuts a long text between characters, never inside one", () => {
    const { text } = reasonOf(new Refusal("busy", "€".repeat(200)));
    expect(text).to.equal("€".repeat(85));
  });
});

describe("leaves that are handed in", () => {
  const leaves = goodBytes("records", "records").slice(0, 3);

  it("travel as they are, one after the other", () => {
    expect(decodeLeaves(encodeLeaves(leaves)).map(toHex)).to.deep.equal(leaves.map(toHex));
  });

  it("are 1 to 4,096, none longer than the longest leaf, and nothing after them", () => {
    const most = Array.from({ length: 4096 }, () => Uint8Array.of(1));
    expect(decodeLeaves(encodeLeaves(most))).to.have.length(4096);
    for (const [wrong, field] of [
      [encodeLeaves([]), "leaves"],
      [encodeLeaves([...most, Uint8Array.of(1)]), "leaves"],
      [encodeLeaves([new Uint8Array(limits.leafBytesMax + 1)]), "leaves[0]"],
      [Uint8Array.of(...encodeLeaves(leaves), 0), "leaves"],
    ] as const) {
      const refusal = refusalFrom(() => decodeLeaves(wrong));
      expect(refusal.code).to.equal("malformed");
      expect(refusal.place?.field).to.equal(field);
    }
  });

  it("are acknowledged by the root that a batch of them would have", () => {
    const hashes = leaves.map((_, i) => toHex(bytes(`leaf ${i}`, 32)));
    const { root } = batchHeader({ member: 1, number: 1, leaves: hashes });
    expect(acknowledgedRoot(hashes)).to.equal(root);
  });
});
