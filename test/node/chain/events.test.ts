import assert from "node:assert/strict";
import { Interface } from "ethers";
import {
  memberRegistryAbi,
  settlementAbi,
  transparentUpgradeableProxyAbi,
} from "../../../node/chain/abi.ts";
import { interfaces } from "../../../node/chain/contracts.ts";
import { ChainUnknownEventError } from "../../../node/chain/errors.ts";
import { decodeLog, type LogWriter, type RpcLog } from "../../../node/chain/events.ts";
import type { LedgerEvent } from "../../../node/ledger/event.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";

const id: Hex = `0x${"a1".repeat(32)}`;
const loser: Hex = `0x${"b2".repeat(32)}`;
const owner: Hex = `0x${"c3".repeat(20)}`;
const issuer: Hex = `0x02${"d4".repeat(32)}`;
const treasury: Hex = `0x03${"e5".repeat(32)}`;

function log(writer: LogWriter, name: string, args: readonly unknown[]): RpcLog {
  const { topics, data } = interfaces[writer].encodeEventLog(name, [...args]);
  return {
    address: `0x${"00".repeat(20)}`,
    topics: topics as Hex[],
    data: data as Hex,
    blockNumber: "0x10",
    blockHash: id,
    logIndex: "0x0",
  };
}

const MAX = 2n ** 64n - 1n;
const cases: readonly (readonly [LogWriter, string, readonly unknown[], LedgerEvent])[] = [
  [
    "registry",
    "Protocol",
    [1, 2, 1_209_600],
    { kind: "protocol", seq: 1, version: 2, reclaimDelayS: 1_209_600 },
  ],
  [
    "registry",
    "MemberChanged",
    [7, 65_535, 3, issuer, treasury],
    {
      kind: "member-changed",
      seq: 7,
      member: 65_535,
      status: 3,
      issuer: fromHex(issuer),
      treasury: fromHex(treasury),
    },
  ],
  [
    "registry",
    "Revoked",
    [8, 2, owner, 1_800_000_000],
    { kind: "revoked", seq: 8, member: 2, owner: fromHex(owner), timeS: 1_800_000_000 },
  ],
  ["settlement", "Deposited", [9, 1, MAX], { kind: "deposited", seq: 9, member: 1, amount: MAX }],
  [
    "settlement",
    "Sequenced",
    [2n ** 53n - 1n, 1, 5, 4096, id, 1_800_000_000],
    {
      kind: "sequenced",
      seq: 2 ** 53 - 1,
      member: 1,
      number: 5,
      count: 4096,
      root: fromHex(id),
      timeS: 1_800_000_000,
    },
  ],
  [
    "settlement",
    "Restituted",
    [11, id, 15, loser, owner, 3, 2n ** 53n, 1_800_000_000],
    {
      kind: "restituted",
      seq: 11,
      outpoint: fromHex(`${id}0f`),
      loser: fromHex(loser),
      owner: fromHex(owner),
      member: 3,
      amount: 2n ** 53n,
      timeS: 1_800_000_000,
    },
  ],
  [
    "settlement",
    "Awarded",
    [12, 4, owner, 2, 77],
    { kind: "awarded", seq: 12, member: 4, owner: fromHex(owner), custodian: 2, amount: 77n },
  ],
  ["settlement", "CycleClosed", [13, 6], { kind: "cycle-closed", seq: 13, cycle: 6 }],
  ["settlement", "Settled", [14, 6], { kind: "settled", seq: 14, cycle: 6 }],
];

describe("decoding the log", () => {
  it("reads every event of the ledger, every field of it", () => {
    for (const [writer, name, args, event] of cases) {
      assert.deepEqual(decodeLog(writer, log(writer, name, args)), event, name);
    }
  });

  it("reads every event of the contracts that has a place on the log, and passes the others over", () => {
    const abis = { registry: memberRegistryAbi, settlement: settlementAbi };
    for (const [writer, abi] of Object.entries(abis) as [LogWriter, typeof settlementAbi][]) {
      for (const entry of abi.filter(({ type }) => type === "event")) {
        const { name, inputs } = entry as {
          name: string;
          inputs: readonly { name: string; type: string }[];
        };
        const onLog = inputs.some((input) => input.name === "seq");
        assert.equal(
          cases.some((each) => each[0] === writer && each[1] === name),
          onLog,
          name,
        );
        if (onLog) continue;
        const values = inputs.map(({ type }) => zeroOf(type));
        assert.equal(decodeLog(writer, log(writer, name, values)), null, name);
      }
    }
  });

  it("passes over what a proxy says of itself", () => {
    const proxy = new Interface(transparentUpgradeableProxyAbi);
    const address = `0x${"11".repeat(20)}`;
    for (const [name, args] of [
      ["Upgraded", [address]],
      ["AdminChanged", [address, address]],
    ] as const) {
      const { topics, data } = proxy.encodeEventLog(name, [...args]);
      const said = {
        ...log("settlement", "Settled", [1, 1]),
        topics: topics as Hex[],
        data: data as Hex,
      };
      assert.equal(decodeLog("settlement", said), null, name);
    }
  });

  it("stops at an event it does not know, naming contract and block", () => {
    const unknown: readonly RpcLog[] = [
      { ...log("settlement", "Settled", [1, 1]), topics: [id] },
      { ...log("settlement", "Settled", [1, 1]), topics: [] },
      // An event of the other contract.
      log("registry", "Protocol", [1, 1, 1]),
    ];
    for (const each of unknown) {
      assert.throws(
        () => decodeLog("settlement", each),
        (error) =>
          error instanceof ChainUnknownEventError &&
          error.code === "unsupported-version" &&
          /the settlement wrote an event in block 16/.test(error.message),
      );
    }
  });

  it("stops at values the ledger cannot hold, and at bytes that are no event", () => {
    const bad: readonly RpcLog[] = [
      log("settlement", "Settled", [2n ** 53n, 1]),
      log("settlement", "CycleClosed", [1, MAX]),
      log("registry", "MemberChanged", [1, 1, 0, issuer, treasury]),
      log("registry", "MemberChanged", [1, 1, 1, issuer.slice(0, -2), treasury]),
      { ...log("settlement", "Deposited", [1, 1, 1]), data: "0x" },
    ];
    for (const each of bad) {
      const writer =
        each.topics[0] === interfaces.registry.getEvent("MemberChanged")!.topicHash
          ? "registry"
          : "settlement";
      assert.throws(() => decodeLog(writer, each), ChainUnknownEventError);
    }
  });
});

function zeroOf(type: string): unknown {
  if (type === "string" || type === "bytes") return type === "string" ? "" : "0x";
  if (type === "address") return `0x${"00".repeat(20)}`;
  return type === "bool" ? false : 0;
}
