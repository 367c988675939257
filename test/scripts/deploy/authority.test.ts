import assert from "node:assert/strict";
import { Interface } from "ethers";
import { accessManagerAbi } from "../../../node/chain/abi.ts";
import * as calls from "../../../node/chain/calls.ts";
import { ChainRevert } from "../../../node/chain/errors.ts";
import { quantity } from "../../../node/chain/rpc.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { admitMember, Authority, mintReserve } from "../../../scripts/deploy/authority.ts";
import { depositReserve, fillBond } from "../../../scripts/deploy/operator.ts";
import { call } from "../../support/chain.ts";
import { authority, operator, planOf, plannedMember, TestNetwork } from "../../support/network.ts";

const DELAY_S = 2;
const manager = new Interface(accessManagerAbi);
const next = (block: Hex) => quantity(Number(block) + 1);

describe("the authority of a network that stands", () => {
  let net: TestNetwork;

  before(async () => {
    net = await TestNetwork.open(4, { delayS: DELAY_S });
  });

  after(async () => {
    await net[Symbol.asyncDispose]();
  });

  async function withAuthority<T>(
    work: (authority: Authority) => Promise<T>,
    waitMaxS = 10,
    key = authority,
  ): Promise<T> {
    await using client = net.client({ key });
    await client.start();
    return await work(new Authority(client, waitMaxS));
  }

  /** What the AccessManager has announced and made after a block. */
  async function stepsSince(block: Hex): Promise<string[]> {
    const filter = { address: net.network.contracts.accessManager, fromBlock: next(block) };
    const logs = await call<{ topics: string[]; data: string }[]>(net.url, "eth_getLogs", filter);
    return logs.map((log) => manager.parseLog(log)!.name);
  }

  it("makes a call after its delay, and not before", async () => {
    await withAuthority(async (acting) => {
      const began = Date.now();
      const result = await acting.call(calls.setQuota(2, 2_000_000n));
      assert.equal(result.kind, "done");
      // Blocks carry whole seconds.
      assert.ok(Date.now() - began >= (DELAY_S - 1) * 1000);
      assert.equal((await acting.client.reader.directory()).members[1]!.quota, 2_000_000n);
    });
  });

  it("announces what takes too long, changes nothing yet, and takes it up when it is asked again", async () => {
    const call = calls.setGuarantee(3, 99_000n);
    const guarantee = (acting: Authority) =>
      acting.client.reader.read("registry", "guaranteeOf", [3]);
    const first = await withAuthority(async (acting) => {
      const result = await acting.call(call);
      assert.equal((await guarantee(acting))[0], plannedMember(3).guarantee);
      return result;
    }, 0);
    assert.equal(first.kind, "announced");
    const again = await withAuthority((acting) => acting.call(call), 0);
    assert.ok(
      again.kind === "done" ||
        (again.kind === "announced" &&
          first.kind === "announced" &&
          again.readyAtS === first.readyAtS),
    );
    await withAuthority(async (acting) => {
      if (again.kind !== "done") assert.equal((await acting.call(call)).kind, "done");
      assert.equal((await guarantee(acting))[0], 99_000n);
    });
  });

  it("makes many calls within one delay", async () => {
    await withAuthority(async (acting) => {
      const from = await call<Hex>(net.url, "eth_blockNumber");
      const quotas = [1, 2, 3, 4].map((member) =>
        acting.call(calls.setQuota(member, 3_000_000n + BigInt(member))),
      );
      for (const { kind } of await Promise.all(quotas)) assert.equal(kind, "done");
      // None waits for another one's delay to be over.
      const steps = await stepsSince(from);
      assert.deepEqual(steps, [
        ...Array<string>(4).fill("OperationScheduled"),
        ...Array<string>(4).fill("OperationExecuted"),
      ]);
      const { members } = await acting.client.reader.directory();
      assert.deepEqual(
        members.slice(0, 4).map(({ quota }) => quota),
        [3_000_001n, 3_000_002n, 3_000_003n, 3_000_004n],
      );
    });
  });

  it("admits a member under the next id, once", async () => {
    await withAuthority(async (acting) => {
      assert.equal((await admitMember(acting, plannedMember(5))).kind, "done");
      assert.deepEqual(await admitMember(acting, plannedMember(5)), { kind: "known", member: 5 });
      assert.equal((await acting.client.reader.directory()).members.length, 5);
    });
  });

  it("issues reserves, which the member pays in [R-061]", async () => {
    const holder = operator(2);
    const { reserve } = planOf(4).members[1]!;
    await withAuthority(async (acting) => {
      assert.equal((await mintReserve(acting, holder.address, 700n)).kind, "done");
      assert.equal(await acting.client.reader.tokensOf(holder.address), reserve + 700n);
    });
    await using client = net.client({ key: holder });
    await client.start();
    await depositReserve(client, 2, 500_300n);
    await depositReserve(client, 2, 400n);
    assert.equal(await client.reader.tokensOf(holder.address), 0n);
    assert.equal((await client.reader.settlement()).accounts[1]!.reserve, 500_700n);
  });

  it("lets a member fill its bond up to an amount, ask for it back, and read what is known of it", async () => {
    const holder = operator(1);
    await using client = net.client({ key: holder });
    await client.start();
    const { reader } = client;
    const before = await reader.tokensOf(holder.address);
    assert.notEqual(await fillBond(client, 1, 300n), undefined);
    assert.notEqual(await fillBond(client, 1, 500n), undefined);
    assert.equal(await fillBond(client, 1, 500n), undefined);
    assert.equal(await reader.tokensOf(holder.address), before - 500n);
    await client.send(calls.requestRelease(20n));
    const { leavesAtS, minimum, ...bond } = await reader.bond(1);
    assert.deepEqual(bond, {
      member: 1,
      amount: 500n,
      queued: 0n,
      fines: 0n,
      claimed: 0n,
      leaving: 20n,
    });
    const { claimPeriodS, penaltyPercent } = await reader.parameters();
    assert.ok(leavesAtS > claimPeriodS);
    const { guarantee } = planOf(4).members[0]!;
    assert.equal(minimum, guarantee + (guarantee * BigInt(penaltyPercent)) / 100n);
    await assert.rejects(
      client.send(calls.releaseBond()),
      (error) => error instanceof ChainRevert && error.errorName === "DisputesReleaseTooEarly",
    );
    await assert.rejects(
      client.send(calls.payQueue(1, 5)),
      (error) => error instanceof ChainRevert && error.errorName === "DisputesNothingToPay",
    );
    const outpoint = `0x${"11".repeat(33)}` as const;
    assert.equal(await reader.pairState(outpoint, `0x${"22".repeat(32)}`), "none");
    assert.equal(await reader.covered(`0x${"33".repeat(20)}`), 0n);
    assert.deepEqual(await reader.queue(1, 5), []);
    assert.equal(await reader.caseCount(), 0);
    assert.equal(await reader.case(1), undefined);
  });

  it("lets an account that was no participant hold what it is issued", async () => {
    await withAuthority(async (acting) => {
      const stranger = operator(9).address;
      assert.equal((await mintReserve(acting, stranger, 5n)).kind, "done");
      assert.equal(await acting.client.reader.tokensOf(stranger), 5n);
    });
  });

  it("refuses who has no such role, and sends nothing", async () => {
    await withAuthority(
      async (acting) => {
        await assert.rejects(
          acting.call(calls.setQuota(1, 1n)),
          (error) => isRefusal(error, "forbidden") && error.message.includes("setQuota"),
        );
      },
      10,
      operator(1),
    );
  });

  it("names the contract's refusal of a call that was announced", async () => {
    await withAuthority(async (acting) => {
      await assert.rejects(
        acting.call(calls.setQuota(77, 1n)),
        (error) =>
          error instanceof ChainRevert &&
          error.errorName === "MemberRegistryUnknownMember" &&
          error.args[0] === 77n,
      );
    });
  });
});
