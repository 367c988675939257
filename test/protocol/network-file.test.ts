import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { networkIdOf } from "../../protocol/message.ts";
import {
  formatNetworkFile,
  type NetworkFile,
  parseNetworkFile,
} from "../../protocol/network-file.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";

const registry: Hex = `0x${"11".repeat(20)}`;
const anchor: Hex = `0x${"22".repeat(32)}`;
const network: NetworkFile = {
  version: 1,
  networkId: networkIdOf(7411n, fromHex(registry), fromHex(anchor)),
  chainId: 7411,
  anchor,
  openedAtBlock: 3,
  contracts: {
    accessManager: `0x${"33".repeat(20)}`,
    registry,
    token: `0x${"44".repeat(20)}`,
    settlement: `0x${"55".repeat(20)}`,
  },
  rpcUrls: ["http://127.0.0.1:8545", "https://chain.example/rpc"],
  currency: { code: "EUR", digits: 2 },
  gateways: [
    { member: 1, url: "https://one.example" },
    { member: 4, url: "https://four.example/pay" },
  ],
};

// A fresh copy whose fields can be set to anything.
function copy(): Record<string, any> {
  return JSON.parse(formatNetworkFile(network)) as Record<string, any>;
}

function assertRefused(text: string, code: RefusalCode, field: string): void {
  assert.throws(
    () => parseNetworkFile(text),
    (error) => isRefusal(error, code) && error.message.includes(field),
    text.slice(0, 300),
  );
}

describe("the network file", () => {
  it("comes back as it was written, and is written the same each time", () => {
    const text = formatNetworkFile(network);
    assert.deepEqual(parseNetworkFile(text), network);
    assert.equal(formatNetworkFile(parseNetworkFile(text)), text);
    const later = {
      ...network,
      contracts: { ...network.contracts, disputes: anchor.slice(0, 42) as Hex, auditLog: registry },
    };
    assert.deepEqual(parseNetworkFile(formatNetworkFile(later)), later);
  });

  it("refuses a file without one of its fields, naming it", () => {
    for (const field of Object.keys(copy())) {
      const file = copy();
      delete file[field];
      assertRefused(JSON.stringify(file), "bad-configuration", field);
    }
    for (const field of Object.keys(network.contracts)) {
      const file = copy();
      delete file["contracts"][field];
      assertRefused(JSON.stringify(file), "bad-configuration", `contracts.${field}`);
    }
  });

  it("refuses fields it does not know, at every depth", () => {
    const places = [
      (file: any) => file,
      (file: any) => file.contracts,
      (file: any) => file.currency,
      (file: any) => file.gateways[0],
    ];
    for (const place of places) {
      const file = copy();
      place(file).privateKey = "0x01";
      assertRefused(JSON.stringify(file), "bad-configuration", 'unknown field "privateKey"');
    }
  });

  it("refuses values that are not what their field says, naming it", () => {
    const wrong: readonly (readonly [string, (file: any) => void])[] = [
      ["networkId", (file) => (file.networkId = file.networkId.toUpperCase())],
      ["networkId", (file) => (file.networkId = [file.networkId])],
      ["chainId", (file) => (file.chainId = 0)],
      ["chainId", (file) => (file.chainId = 1.5)],
      ["chainId", (file) => (file.chainId = "7411")],
      ["anchor", (file) => (file.anchor = file.anchor.slice(0, -2))],
      ["openedAtBlock", (file) => (file.openedAtBlock = 2 ** 53)],
      ["contracts", (file) => (file.contracts = [])],
      ["contracts.token", (file) => (file.contracts.token = null)],
      ["contracts.disputes", (file) => (file.contracts.disputes = "")],
      ["rpcUrls", (file) => (file.rpcUrls = [])],
      ["rpcUrls", (file) => (file.rpcUrls = Array(17).fill("http://a"))],
      ["rpcUrls[1]", (file) => (file.rpcUrls[1] = "ws://a")],
      ["rpcUrls[1]", (file) => (file.rpcUrls[1] = "http://")],
      ["rpcUrls[1]", (file) => (file.rpcUrls[1] = `http://${"a".repeat(600)}`)],
      ["currency.code", (file) => (file.currency.code = "eur")],
      ["currency.digits", (file) => (file.currency.digits = 5)],
      ["gateways[0].member", (file) => (file.gateways[0].member = 0)],
      ["gateways[1].member", (file) => (file.gateways[1].member = 1)],
      ["gateways[1]", (file) => (file.gateways[1] = null)],
    ];
    for (const [field, spoil] of wrong) {
      const file = copy();
      spoil(file);
      assertRefused(JSON.stringify(file), "bad-configuration", field);
    }
  });

  it("refuses URLs that carry secrets, and does not repeat them", () => {
    for (const url of [
      "http://user:hunter2@a/",
      "https://a/?key=hunter2",
      "https://a/#hunter2",
      "https://hunter2@a",
    ]) {
      const file = copy();
      file["rpcUrls"][0] = url;
      assertRefused(JSON.stringify(file), "bad-configuration", "rpcUrls[0]");
      assert.throws(
        () => parseNetworkFile(JSON.stringify(file)),
        (error: Error) => !error.message.includes("hunter2"),
      );
    }
  });

  it("refuses a file whose id is not that of its chain, registry and anchor, and does not write one either", () => {
    const spoilt: readonly Partial<NetworkFile>[] = [
      { chainId: 7412 },
      { anchor: `0x${"23".repeat(32)}` },
      { contracts: { ...network.contracts, registry: network.contracts.token } },
    ];
    for (const change of spoilt) {
      assertRefused(JSON.stringify({ ...network, ...change }), "bad-configuration", "networkId");
      assert.throws(
        () => formatNetworkFile({ ...network, ...change }),
        (error) => isRefusal(error, "bad-configuration"),
      );
    }
  });

  it("refuses other versions, and files that are too large or no JSON", () => {
    assertRefused(JSON.stringify({ ...network, version: 2 }), "unsupported-version", "version 2");
    assertRefused(" ".repeat(300_000), "too-large", "262144");
    assertRefused("{", "bad-configuration", "not JSON");
    assertRefused("null", "bad-configuration", "not an object");
  });

  it("answers any JSON with a network or a refusal", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(...Object.keys(network)), (json, field) => {
        const value: unknown = JSON.parse(json);
        for (const text of [json, JSON.stringify({ ...network, [field]: value })]) {
          try {
            parseNetworkFile(text);
          } catch (error) {
            assert.ok(isRefusal(error), String(error));
          }
        }
      }),
    );
  });
});
