/**
 * A bank's gateway before the nodes of a real consortium, its chain and its contracts: a lost card whose payee
 * comes after the bank has reclaimed, and a card that spends twice. What the bank, its customer and the payee
 * are told, and what stands in the books, is what the chain says.
 */
import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import { enrolmentId } from "../../protocol/enrolment.ts";
import { ownerOf } from "../../protocol/key.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { type Output, splitOutpoint } from "../../protocol/output.ts";
import type { DeviceState, Explanation, FoundPayments } from "../../gateway/schema.ts";
import { approve, depositBond } from "../../node/chain/calls.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { ConsortiumBank } from "../support/consortium-bank.ts";
import { Consortium } from "../support/consortium.ts";
import { enrolmentOf, type HeldCoin, payTo } from "../support/money.ts";
import { operator, planOf, quiet, seed } from "../support/network.ts";
import { until } from "../support/until.ts";
import { ask as askJson } from "./support/bank.ts";
import { refusal } from "./support/refusal.ts";

const BANK = 1;
const PATIENCE_MS = 60_000;
/** The guarantee and the penalty on it, and what lost cards cost beside: a coin that was reclaimed is paid from beyond the rest. */
const BOND = 160_000n;

describe("a gateway before a real consortium", function () {
  this.timeout(240_000);
  let consortium: Consortium;
  let bank: ConsortiumBank;
  const parts = new AsyncDisposableStack();
  const [shop, dora] = [NodeSigner.generate(), NodeSigner.generate()];

  before(async () => {
    const { parameters } = planOf(1);
    consortium = parts.use(
      await Consortium.open(
        4,
        {},
        { parameters: { ...parameters, receiptLifeS: 4, reclaimDelayS: 5, claimPeriodS: 20 } },
      ),
    );
    const withIndex = { trace: { index: true } };
    await Promise.all(
      consortium.members.map((member) =>
        consortium.start(member, member === BANK ? withIndex : {}),
      ),
    );
    await consortium.untilApplied(
      [await consortium.enrol(shop, 2), await consortium.enrol(dora, 3)],
      PATIENCE_MS,
    );
    await consortium.deposit(BANK, 10_000n);
    await using chain = chainOf();
    await chain.start();
    await chain.send(approve(consortium.network.contracts.disputes!, BOND));
    await chain.send(depositBond(BANK, BOND));
    bank = parts.use(await ConsortiumBank.open(consortium, BANK));
  });

  after(async () => {
    await parts.disposeAsync();
  });

  function chainOf(): ChainClient {
    const { network } = consortium;
    return new ChainClient({ network, logger: quiet, key: operator(BANK) }, { pollMs: 20 });
  }

  const staff = <Reply>(path: string, body?: object) => bank.staff<Reply>(path, body);
  const stateOf = (card: NodeSigner) =>
    staff<DeviceState>(`/v1/devices/${ownerOf(card.publicKey)}`);

  const loadedCard = (account: string, amount: bigint) =>
    bank.loadedCard({ account, customer: account }, amount);

  /** What the bond has paid, and what of it the bank bears, as booked. */
  const booked = async () => {
    const { bond, losses } = await staff<{ bond: string; losses: string }>("/v1/books");
    return { bond: BigInt(bond), losses: BigInt(losses) };
  };
  let first = { bond: 0n, losses: 0n };
  beforeEach(async () => {
    first = await booked();
  });

  const balanceOf = async (owner: NodeSigner) =>
    (await consortium.client(2).enrolment(ownerOf(owner.publicKey))).balance;

  /** The books against the chain: what the bond has lost there is what is booked here. */
  async function booksTieOut(paid: bigint, borne: bigint): Promise<void> {
    await until("the books are as expected", async () => {
      const { bond, losses } = await booked();
      return bond - first.bond === paid && first.losses - losses === borne;
    });
    const { bond, total } = await staff<{ bond: string; total: string }>("/v1/books");
    await using chain = chainOf();
    await chain.start();
    const { amount, fines } = await chain.reader.bond(BANK);
    expect(BOND - amount + fines).to.equal(BigInt(bond));
    expect(total).to.equal("0");
    const { rows } = await consortium.client(BANK).identities();
    for (const [name, row] of Object.entries(rows)) expect(row.holds, name).to.equal(true);
  }

  it("pays the payee of a lost card from the bond when it comes after the reclaim, and credits the customer with the rest alone [R-168, N-06, N-12]", async () => {
    const [card, coin] = await loadedCard("anna", 100n);
    const outputs = [payTo(shop, 2, 30n), payTo(card, BANK, 70n)];
    const payment = await consortium.spend(card, [coin], outputs);
    await staff(`/v1/devices/${ownerOf(card.publicKey)}/lost`, {});
    const untilLost = (what: string, is: (lost: NonNullable<DeviceState["lost"]>) => boolean) =>
      until(what, async () => is((await stateOf(card)).lost!), PATIENCE_MS);
    await untilLost("it is reclaimed", ({ reclaimed }) => reclaimed === "100");
    await consortium.client(2).submit([payment.bytes]);
    await consortium.untilApplied([consortium.idOf(payment)], PATIENCE_MS);
    expect(await balanceOf(shop)).to.equal("30");
    await untilLost("the change is reclaimed", ({ reclaimed, proven, onDevice }) => {
      return reclaimed === "170" && proven === "100" && onDevice === "0";
    });
    expect((await staff<{ available: string }>("/v1/accounts/anna")).available).to.equal("0");
    await untilLost("it is credited", ({ credited }) => credited === "70");
    expect((await staff<{ available: string }>("/v1/accounts/anna")).available).to.equal("70");
    expect((await staff<{ available: string }>("/v1/accounts/recoveries")).available).to.equal("0");
    const { doubleSpends, revoked } = await stateOf(card);
    expect(revoked).to.be.a("number");
    expect(doubleSpends).to.have.length(1);
    expect(doubleSpends[0]).to.include({ winnerKind: "reclaim", fine: "0", stage: "paid" });
    await booksTieOut(100n, 0n);
  });

  it("settles the result of an offline payment that comes with the payee's licence, which is its enrolment as its bank signed it, and not without [R-079]", async () => {
    const { networkId } = consortium;
    const nora = NodeSigner.generate();
    const [card, coin] = await bank.loadedCard({ account: "otto", customer: "otto" }, 40n);
    const outputs = [payTo(nora, 3, 15n), payTo(card, BANK, 25n)];
    const result = await consortium.spend(card, [coin], outputs);
    const id = consortium.idOf(result);
    await bank.ask(nora, { kind: "submit", leaves: [result.bytes] });
    await until("it waits for the licence", async () => {
      const { state, code } = await askJson<Explanation>(`${bank.gateway.url}/v1/records/${id}`);
      return state === "pending" && code === "unknown-recipient";
    });
    const issuer = NodeSigner.fromScalar(seed("issuer 3"));
    const licence = await enrolmentOf(networkId, nora, 3, issuer);
    await bank.ask(nora, { kind: "submit", leaves: [licence.bytes, result.bytes] });
    await consortium.untilApplied([enrolmentId(networkId, licence), id], PATIENCE_MS);
    expect(await balanceOf(nora)).to.equal("15");
  });

  it("finds payments by the customer, by a device of the customer's, by the till on the other side, and by any of these together [R-090]", async () => {
    const erna = { account: "erna", customer: "erna" };
    const till = NodeSigner.generate();
    await consortium.untilApplied([await consortium.enrol(till, 2)], PATIENCE_MS);
    const [phone, coin] = await bank.loadedCard(erna, 100n);
    const watch = await bank.enrolled(erna);
    const pay = async (from: NodeSigner, held: HeldCoin, ...outputs: Output[]) => {
      const record = await consortium.spend(from, [held], outputs);
      await consortium.client(BANK).submit([record.bytes]);
      await consortium.untilApplied([consortium.idOf(record)], PATIENCE_MS);
      return { id: consortium.idOf(record), coins: consortium.coinsOf(record) };
    };
    const byPhone = await pay(phone, coin, payTo(till, 2, 30n), payTo(watch, BANK, 70n));
    const byWatch = await pay(watch, byPhone.coins[1]!, payTo(till, 2, 20n), payTo(dora, 3, 50n));
    const load = splitOutpoint(coin.outpoint).id;

    const [p, w, t, d] = [phone, watch, till, dora].map((key) => ownerOf(key.publicKey));
    const row = (record: Hex, device: Hex, role: string, amount: string) => ({
      record,
      device,
      role,
      amount,
    });
    const loaded = row(load, p!, "payee", "100");
    const paid = row(byPhone.id, p!, "payer", "100");
    const [passed, spent] = [
      row(byPhone.id, w!, "payee", "70"),
      row(byWatch.id, w!, "payer", "70"),
    ];
    const { account } = erna;
    const took = [row(byPhone.id, t!, "payee", "30"), row(byWatch.id, t!, "payee", "20")];
    await until("the index has them", async () => (await found({ other: t! })).length === 2);
    for (const [question, expected] of [
      [{ account }, [loaded, paid, passed, spent]],
      [{ device: w! }, [passed, spent]],
      [{ other: t! }, took],
      [{ account, device: p! }, [loaded, paid]],
      [{ account, other: t! }, [paid, passed, spent]],
      [{ device: p!, other: d! }, []],
      [{ account, device: w!, other: d! }, [spent]],
      [{ account: "anna", device: w! }, []],
    ] as const)
      expect(await found(question)).to.have.deep.members([...expected]);
    await refusal("not-found", found({ account: "nobody" }));
    await refusal("not-found", found({ device: d! }));
    await refusal("malformed", found({}));
  });

  /** Payments as the staff finds them, by pages of one leaf. */
  async function found(question: Readonly<Record<string, string>>): Promise<object[]> {
    const all: object[] = [];
    const query = new URLSearchParams({ limit: "1", ...question });
    for (;;) {
      const page = await staff<FoundPayments>(`/v1/payments?${query.toString()}`);
      for (const { record, device, role, amount } of page.payments)
        all.push({ record, device, role, amount });
      if (page.next === undefined) return all;
      query.set("after", page.next);
    }
  }

  it("tells the payee of a double spend what it gets and when, and the bank what it is fined, and blocks the card [R-031, R-033, R-088, R-111, R-165]", async () => {
    const [card, coin] = await loadedCard("carl", 50n);
    const winner = await consortium.spend(card, [coin], [payTo(dora, 3, 50n)]);
    const loser = await consortium.spend(card, [coin], [payTo(shop, 2, 50n)]);
    await consortium.client(3).submit([winner.bytes]);
    await consortium.untilApplied([consortium.idOf(winner)], PATIENCE_MS);
    const stop = new AbortController();
    const told: string[] = [];
    const listening = listen(consortium.idOf(loser), told, stop.signal);
    await bank.ask(card, { kind: "submit", leaves: [loser.bytes] });
    const texts = await statusesUntilApplied(card, loser);
    // Until the node has put the two records together, it says of one that its coin is spent.
    expect(texts.join("\n")).to.match(
      new RegExp(
        `^Record ${consortium.idOf(winner)} took its coin first\\. Keep it: 0\\.50 EUR is paid once more from the bond of member 1`,
        "m",
      ),
    );
    expect(texts.every((text) => new TextEncoder().encode(text).length <= 255)).to.equal(true);
    await until("the bank is told", async () => {
      const { doubleSpends, blocked } = await stateOf(card);
      return doubleSpends[0]?.stage === "paid" && blocked !== undefined;
    });
    const { doubleSpends } = await stateOf(card);
    expect(doubleSpends[0]).to.include({ winnerKind: "spend", amount: "50", fine: "100" });
    await booksTieOut(150n, 150n);
    await until("the stream has told of the end", () => told.at(-1)!.includes("applied"));
    stop.abort();
    await listening;
    const all = told.join("\n");
    expect(all).to.match(/was spent twice/);
    expect(all).to.match(/from the bond of member 1/);
    expect(new Set(told).size).to.equal(told.length);
  });

  /** Asks as the payee's device does. @returns the reasons, as they changed. */
  async function statusesUntilApplied(by: NodeSigner, record: SignedRecord): Promise<string[]> {
    const texts: string[] = [];
    await until(
      "it has applied",
      async () => {
        const { records } = await bank.ask(by, { kind: "status", ids: [consortium.idOf(record)] });
        const [status] = records;
        if (status?.state === "refused" && status.reason.text !== texts.at(-1))
          texts.push(status.reason.text);
        return status?.state === "applied";
      },
      PATIENCE_MS,
    );
    return texts;
  }

  /** The gateway's stream of events on a record, until it is stopped. */
  async function listen(id: Hex, told: string[], signal: AbortSignal): Promise<void> {
    try {
      const answer = await describedFetch(`${bank.gateway.url}/v1/records/${id}/events`, {
        signal,
      });
      for await (const piece of answer.body!.pipeThrough(
        new TextDecoderStream() as never,
      ) as AsyncIterable<string>) {
        const lines = piece.split("\n").filter((line) => line.startsWith("data:"));
        told.push(...lines.map((line) => line.slice(5)));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
});
