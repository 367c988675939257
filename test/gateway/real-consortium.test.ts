/**
 * A bank's gateway before the nodes of a real consortium, its chain and its contracts: a lost card whose payee
 * comes after the bank has reclaimed, and a card that spends twice. What the bank, its customer and the payee
 * are told, and what stands in the books, is what the chain says.
 */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Answer } from "../../protocol/answer.ts";
import type { Ask } from "../../protocol/ask.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { checkReplyTo, decodeDeviceReply } from "../../protocol/device-reply.ts";
import { signDeviceRequest } from "../../protocol/device-request.ts";
import { consentMessage } from "../../protocol/enrolment.ts";
import type { RequestKind } from "../../protocol/gateway-messages.ts";
import { ownerOf } from "../../protocol/key.ts";
import { signTrustList } from "../../protocol/lists.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { refusalOf } from "../../protocol/reason.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { GatewayConfigSchema } from "../../gateway/config.ts";
import { Gateway } from "../../gateway/gateway.ts";
import type { DeviceState } from "../../gateway/schema.ts";
import { encodePublished } from "../../gateway/published.ts";
import { approve, depositBond } from "../../node/chain/calls.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import { NodeClient } from "../../node/client.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { parseConfig } from "../../node/service/config-file.ts";
import { makeLogger, Metrics } from "../../node/service/telemetry.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { operator, planOf, quiet, seed } from "../support/network.ts";
import { until } from "../support/until.ts";
import { ask as askJson, intakeKey } from "./support/bank.ts";
import { post } from "./support/device.ts";

const BANK = 1;
const PATIENCE_MS = 60_000;
/** The guarantee and the penalty on it, and what lost cards cost beside: a coin that was reclaimed is paid from beyond the rest. */
const BOND = 160_000n;

describe("a gateway before a real consortium", function () {
  this.timeout(240_000);
  let consortium: Consortium;
  let gateway: Gateway;
  const parts = new AsyncDisposableStack();
  const [shop, dora] = [NodeSigner.generate(), NodeSigner.generate()];

  before(async () => {
    const { parameters } = planOf(1);
    consortium = parts.use(
      await Consortium.open(
        4,
        {},
        { parameters: { ...parameters, receiptLifeS: 4, reclaimDelayS: 5, claimPeriodS: 14 } },
      ),
    );
    await Promise.all(consortium.members.map((member) => consortium.start(member)));
    await consortium.untilApplied(
      [await consortium.enrol(shop, 2), await consortium.enrol(dora, 3)],
      PATIENCE_MS,
    );
    await consortium.deposit(BANK, 10_000n);
    await using chain = chainOf();
    await chain.start();
    await chain.send(approve(consortium.network.contracts.disputes!, BOND));
    await chain.send(depositBond(BANK, BOND));
    gateway = parts.use(await startGateway());
  });

  after(async () => {
    await parts.disposeAsync();
  });

  function chainOf(): ChainClient {
    const { network } = consortium;
    return new ChainClient({ network, logger: quiet, key: operator(BANK) }, { pollMs: 20 });
  }

  async function startGateway(): Promise<Gateway> {
    const { network, networkId, folder } = consortium;
    const trust = NodeSigner.generate();
    const issuer = NodeSigner.fromScalar(seed(`issuer ${BANK}`));
    const member = { member: BANK, status: 1, issuer: issuer.publicKey, name: "Bank" } as const;
    const now = Date.now();
    const fields = { version: 1, issued: now, notAfter: now + 86_400_000 };
    const members = [{ ...member, guarantee: 50_000n }];
    const list = { ...fields, nextTrustKey: trust.publicKey, members };
    const lists = join(folder, "lists.bin");
    await writeFile(
      lists,
      encodePublished({ trust: [await signTrustList(networkId, list, trust)] }),
    );
    const config = parseConfig(
      JSON.stringify({
        network: "network.json",
        data: "data",
        member: BANK,
        node: consortium.nodes.get(BANK)!.url,
        keys: { issuer: "issuer.json", treasury: "treasury.json", intake: "intake.json" },
        authority: { trustKey: toHex(trust.publicKey), lists },
        devices: { port: 0 },
        staff: { port: 0, access: "open" },
        watch: { everyMs: 50 },
        lost: { everyMs: 100, sweepMs: 200 },
        accounts: { sweepMs: 500 },
        intake: { firstLookMs: 100 },
      }),
      "test",
      GatewayConfigSchema,
    );
    const gateway = new Gateway(
      {
        network: { ...network, gateways: [] },
        keys: { issuer, treasury: consortium.treasury(BANK), intake: intakeKey },
        store: parts.use(await CheckedStore.open(join(folder, "gateway"), { create: true })),
        node: new NodeClient({ url: consortium.nodes.get(BANK)!.url }),
        verifier: new NodeVerifier(),
        random: systemRandom,
        clock: Date.now,
        logger: makeLogger({ name: "gateway", level: "silent" }),
        metrics: new Metrics(),
      },
      { ...config, tls: {} },
    );
    await gateway.start();
    return gateway;
  }

  const staff = <Reply>(path: string, body?: object) =>
    askJson<Reply>(`${gateway.staffUrl}${path}`, body);
  const stateOf = (card: NodeSigner) =>
    staff<DeviceState>(`/v1/devices/${ownerOf(card.publicKey)}`);

  /** What a device asks of the gateway. @throws Refusal as the reply says. */
  async function ask<K extends RequestKind>(
    card: NodeSigner,
    what: Ask & { readonly kind: K },
  ): Promise<Answer & { kind: K }> {
    const { networkId } = consortium;
    const fields = { member: BANK, signedTime: Date.now(), nonce: randomBytes(16), ask: what };
    const request = await signDeviceRequest(networkId, fields, card);
    const reply = decodeDeviceReply(await post(`${gateway.url}/v1/device`, request.bytes));
    checkReplyTo(request, reply);
    if (reply.outcome === "refused") throw refusalOf(reply.reason);
    return reply.answer as Answer & { kind: K };
  }

  /** A card of a new customer's, with one coin of this amount. */
  async function loadedCard(account: string, amount: bigint): Promise<[NodeSigner, HeldCoin]> {
    const card = NodeSigner.generate();
    await staff("/v1/accounts", { account, customer: account });
    const body = { amount: String(amount), reference: `first:${account}` };
    await staff(`/v1/accounts/${account}/deposits`, body);
    const { credential } = await staff<{ credential: string }>(
      `/v1/accounts/${account}/credentials`,
      {},
    );
    const consent = await card.sign(consentMessage(consortium.networkId, BANK));
    const enrol = { kind: "enrol", consent, class: "software", label: "" } as const;
    await until("it is enrolled", async () => {
      const said = { ...enrol, credential: new TextEncoder().encode(credential) };
      return (await ask(card, said)).certificate !== undefined;
    });
    const load = { kind: "load", id: randomBytes(16), amount, parts: [amount] } as const;
    await until("it is loaded", async () => (await ask(card, load)).state === "applied");
    const { coins } = await consortium.client(BANK).coinsOf(ownerOf(card.publicKey));
    const output = payTo(card, BANK, amount);
    return [card, { outpoint: coins[0]!.outpoint as Hex, output }];
  }

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

  it("pays the payee of a lost card from the bond when it comes after the reclaim, and credits the customer with the rest alone [N-06, N-12]", async () => {
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

  it("tells the payee of a double spend what it gets and when, and the bank what it is fined, and blocks the card [R-031, R-033, R-088, R-111, R-165]", async () => {
    const [card, coin] = await loadedCard("carl", 50n);
    const winner = await consortium.spend(card, [coin], [payTo(dora, 3, 50n)]);
    const loser = await consortium.spend(card, [coin], [payTo(shop, 2, 50n)]);
    await consortium.client(3).submit([winner.bytes]);
    await consortium.untilApplied([consortium.idOf(winner)], PATIENCE_MS);
    const stop = new AbortController();
    const told: string[] = [];
    const listening = listen(consortium.idOf(loser), told, stop.signal);
    await ask(card, { kind: "submit", leaves: [loser.bytes] });
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
        const { records } = await ask(by, { kind: "status", ids: [consortium.idOf(record)] });
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
      const answer = await describedFetch(`${gateway.url}/v1/records/${id}/events`, { signal });
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
