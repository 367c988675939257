/**
 * One member's gateway as four processes over one PostgreSQL, before a real node. Couriers hand in every record ten
 * times, each time at any of the four; a teller asks for deposits and loads at two of them at once; and all the while
 * processes are ended with kill -9, the database too. TALLYSTICK_RECORDS=10000 TALLYSTICK_KILLS=100 for as many.
 */
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  acknowledgedRoot,
  checkAcknowledgement,
  decodeAcknowledgement,
} from "../../protocol/acknowledgement.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { checkReplyTo, decodeDeviceReply } from "../../protocol/device-reply.ts";
import { signDeviceRequest } from "../../protocol/device-request.ts";
import type { Ask } from "../../protocol/ask.ts";
import { consentMessage } from "../../protocol/enrolment.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { refusalOf } from "../../protocol/reason.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { TABLE } from "../../gateway/postgres/postgres-store.ts";
import type { NodeClient } from "../../node/client.ts";
import { limits } from "../../protocol/limits.ts";
import type { StaffApi } from "../../gateway/staff-api.ts";
import { haveApplied } from "../support/agreement.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { seed } from "../support/network.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { randomOf } from "../support/random-of.ts";
import { until } from "../support/until.ts";
import { GatewayCluster, type GatewayProcess } from "./support/gateway-cluster.ts";

const RECORDS = Number(process.env["TALLYSTICK_RECORDS"] ?? 200);
const KILLS = Number(process.env["TALLYSTICK_KILLS"] ?? 3);
const SEED = Number(process.env["TALLYSTICK_SEED"] ?? randomInt(2 ** 31));
const GATEWAYS = 4;
const TIMES = 10;
const COURIERS = 8;
/** Records that a courier hands in together. */
const HANDFUL = 40;
const MEMBER = 1;
const SETTLED_MS = 300_000;
/** Outputs of a record, and what a coin is that can be split three times into as many. */
const FAN = 16;
const FANNED = BigInt(FAN ** 4);
const FOR_LOADS = 100_000n;
const PAGE = 500;
/** From one kill to the next, and of so many one is the database's. */
const PAUSE_MAX_MS = 3_000;
const DATABASE_EVERY = 8;
const DEPOSIT = 100n;
const LOAD = 10n;

type Part = "available" | "held" | "onDevices";
type Balance = Readonly<Record<Part, string>>;

describe("four gateways over one store", function () {
  const server = sharedPostgres();

  it("settle each record once, and each deposit and load, whichever of them is killed [N-13, R-026, R-087]", async function () {
    this.timeout(180_000 + RECORDS * 100 + KILLS * 30_000);
    const random = randomOf(SEED);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    await using consortium = await Consortium.open(1);
    // The node's own account pays for deposits, too: they come before it starts.
    const coin = await consortium.deposit(MEMBER, FANNED);
    await consortium.deposit(MEMBER, FOR_LOADS);
    await consortium.startAll();
    const records = await makeRecords(consortium, coin);
    const database = await server().makeDatabase();
    await using cluster = await GatewayCluster.start(consortium, database, GATEWAYS);
    const gateways = cluster.processes;
    const couriers = new Couriers(consortium, records, () => pick(gateways));
    const teller = await Teller.open(consortium, gateways);

    const began = performance.now();
    const end = new AbortController();
    const working = Promise.all([
      couriers.work(random, end.signal),
      teller.work(random, end.signal),
    ]);
    let databases = 0;
    for (let i = 0; i < KILLS; i++) {
      // Mostly when one is active again, else while one is about to be.
      if (random() < 0.8)
        await until(
          "one is active",
          async () => (await cluster.active()) !== undefined,
          SETTLED_MS,
        );
      await sleep(random() * PAUSE_MAX_MS);
      if (i % DATABASE_EVERY === 1) {
        databases++;
        await server().kill();
        await sleep(random() * 1_000);
        await server().start();
      } else {
        const victim = i % 2 === 0 ? await cluster.active() : pick(gateways);
        await (victim ?? pick(gateways)).kill();
      }
    }
    end.abort();
    await working;
    const handedInS = (performance.now() - began) / 1000;
    await cluster.untilReady();

    const client = consortium.client(MEMBER);
    const ids = records.map((record) => consortium.idOf(record));
    await until("all have settled", () => haveSettled(client, ids), SETTLED_MS);
    const settledS = (performance.now() - began) / 1000;
    const times = await timesApplied(client);
    assert.equal(ids.filter((id) => times.get(id) === 1).length, RECORDS);
    const staff = <K extends "GET /v1/intake" | "GET /v1/tie-out" | "GET /v1/books">(route: K) =>
      call<StaffApi[K]["reply"]>(pick(gateways).staff, route);
    await until(
      "nothing waits",
      async () => (await staff("GET /v1/intake")).leaves === 0,
      SETTLED_MS,
    );
    const letters = await server().query(
      database,
      `SELECT count(*)::int AS left FROM ${TABLE} WHERE key >= 'B' AND key < 'C'`,
    );
    assert.deepEqual(letters, [{ left: 0 }]);

    const { account, deposits, loads } = teller;
    const [given, loaded] = [BigInt(deposits) * DEPOSIT, BigInt(loads) * LOAD];
    const expected = { available: given - loaded, held: 0n, onDevices: loaded };
    const balance = () => call<Balance>(pick(gateways).staff, `GET /v1/accounts/${account}`);
    await until("the account says so", async () => {
      const shown = await balance();
      return Object.entries(expected).every(([part, due]) => shown[part as Part] === String(due));
    });
    assert.deepEqual((await staff("GET /v1/tie-out")).differences, []);
    assert.equal((await staff("GET /v1/books")).total, "0");
    const { owner } = payTo(teller.device, MEMBER, LOAD);
    assert.equal((await client.enrolment(owner)).balance, String(loaded));
    const ends = gateways.reduce((sum, each) => sum + each.ends, 0);
    console.log(
      `      seed ${SEED}; ${records.length} records in ${couriers.submissions} submissions, ` +
        `${couriers.acknowledged} acknowledged, ${couriers.refused} to be asked again; ` +
        `${deposits} deposits, ${loads} loads; kills: ${KILLS - databases} of gateways, ` +
        `${databases} of the database (${ends} gateways ended by it); ` +
        `handed in after ${handedInS.toFixed(1)} s, settled after ${settledS.toFixed(1)} s`,
    );
  });
});

/** Each spends a coin of its own, out of the many into which the coin is split first. */
async function makeRecords(consortium: Consortium, coin: HeldCoin): Promise<SignedRecord[]> {
  const [device, payee] = [NodeSigner.generate(), NodeSigner.generate()];
  const client = consortium.client(MEMBER);
  const enrolled = await Promise.all([device, payee].map((each) => consortium.enrol(each, MEMBER)));
  await until("the devices are enrolled", () => haveApplied(client, enrolled));
  let coins = [coin];
  for (let signer = consortium.treasury(MEMBER); coins.length < RECORDS; signer = device) {
    const some = coins.slice(0, Math.ceil(RECORDS / FAN));
    const fans = await Promise.all(
      some.map((each) => {
        const part = payTo(device, MEMBER, each.output.amount / BigInt(FAN));
        return consortium.spend(
          signer,
          [each],
          Array.from({ length: FAN }, () => part),
        );
      }),
    );
    for (let at = 0; at < fans.length; at += PAGE)
      await client.submit(fans.slice(at, at + PAGE).map(({ bytes }) => bytes));
    const ids = fans.map((fan) => consortium.idOf(fan));
    await until("the coins are there", () => haveApplied(client, ids), SETTLED_MS);
    coins = fans.flatMap((fan) => consortium.coinsOf(fan));
  }
  return Promise.all(
    coins
      .slice(0, RECORDS)
      .map((each) => consortium.spend(device, [each], [payTo(payee, MEMBER, each.output.amount)])),
  );
}

/** Hand everything in, in handfuls, each at any gateway until it is acknowledged. */
class Couriers {
  submissions = 0;
  acknowledged = 0;
  refused = 0;
  readonly #consortium: Consortium;
  readonly #records: readonly SignedRecord[];
  readonly #pick: () => GatewayProcess;
  readonly #issuer = NodeSigner.fromScalar(seed(`issuer ${MEMBER}`)).publicKey;
  readonly #verifier = new NodeVerifier();

  constructor(
    consortium: Consortium,
    records: readonly SignedRecord[],
    pick: () => GatewayProcess,
  ) {
    this.#consortium = consortium;
    this.#records = records;
    this.#pick = pick;
  }

  /** All of them ten times, and again until the end. */
  async work(random: () => number, end: AbortSignal): Promise<void> {
    const round = () => chunks(shuffled(this.#records, random), random);
    const handfuls = Array.from({ length: TIMES }, round).flat();
    const carry = async () => {
      for (;;) {
        if (handfuls.length === 0 && !end.aborted) handfuls.push(...round());
        const handful = handfuls.pop();
        if (handful === undefined) return;
        await this.#handIn(handful.map(({ bytes }) => bytes));
      }
    };
    await Promise.all(Array.from({ length: COURIERS }, carry));
  }

  async #handIn(leaves: readonly Uint8Array[]): Promise<void> {
    const body = encodeLeaves(leaves);
    this.submissions += leaves.length;
    for (;;) {
      const answer = await post(`${this.#pick().devices}/v1/leaves`, body);
      if (answer !== undefined) {
        const given = decodeAcknowledgement(answer);
        checkAcknowledgement(this.#consortium.networkId, given, this.#issuer, this.#verifier);
        assert.equal(given.root, acknowledgedRoot(leaves.map(leafHash)));
        this.acknowledged += leaves.length;
        return;
      }
      this.refused++;
      await sleep(50);
    }
  }
}

/** Asks for deposits, and for loads of one device, each at two gateways at once, until both say it is done. */
class Teller {
  readonly account = "alice";
  readonly device: NodeSigner;
  deposits = 1;
  loads = 0;
  readonly #consortium: Consortium;
  readonly #gateways: readonly GatewayProcess[];

  private constructor(
    consortium: Consortium,
    gateways: readonly GatewayProcess[],
    device: NodeSigner,
  ) {
    this.#consortium = consortium;
    this.#gateways = gateways;
    this.device = device;
  }

  static async open(consortium: Consortium, gateways: readonly GatewayProcess[]): Promise<Teller> {
    const device = NodeSigner.generate();
    const teller = new Teller(consortium, gateways, device);
    const [{ staff }] = gateways as [GatewayProcess];
    const { account } = teller;
    await call(staff, "POST /v1/accounts", { account, customer: "Alice" });
    await teller.#deposit(gateways.slice(0, 2), 0);
    const route = `POST /v1/accounts/${account}/credentials?class=software`;
    const { credential } = await call<{ credential: string }>(staff, route, {});
    const consent = await device.sign(consentMessage(consortium.networkId, MEMBER));
    const said = { consent, credential: new TextEncoder().encode(credential) };
    await until("its device is enrolled", async () => {
      const ask = { kind: "enrol", class: "software", label: "", ...said } as const;
      const reply = await teller.#ask(gateways[1]!, ask);
      return reply?.kind === "enrol" && reply.certificate !== undefined;
    });
    return teller;
  }

  async work(random: () => number, end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const [one, other] = shuffled(this.#gateways, random);
      await this.#deposit([one!, other!], this.deposits);
      this.deposits++;
      const load = { kind: "load", id: randomBytes(16), amount: LOAD, parts: [LOAD] } as const;
      await until(
        "it is loaded",
        async () => {
          const replies = await Promise.all([one!, other!].map((each) => this.#ask(each, load)));
          return replies.every((reply) => reply?.kind === "load" && reply.state === "applied");
        },
        SETTLED_MS,
      );
      this.loads++;
    }
  }

  async #deposit(gateways: readonly GatewayProcess[], number: number): Promise<void> {
    const body = { amount: String(DEPOSIT), reference: `counter:${number}` };
    const route = `POST /v1/accounts/${this.account}/deposits`;
    await Promise.all(gateways.map(({ staff }) => call(staff, route, body)));
  }

  /** @returns undefined while it is not answered. */
  async #ask({ devices }: GatewayProcess, ask: Ask) {
    const fields = { member: MEMBER, signedTime: Date.now(), nonce: randomBytes(16), ask };
    const request = await signDeviceRequest(this.#consortium.networkId, fields, this.device);
    const answer = await post(`${devices}/v1/device`, request.bytes);
    if (answer === undefined) return undefined;
    const reply = decodeDeviceReply(answer);
    checkReplyTo(request, reply);
    if (reply.outcome === "refused") throw refusalOf(reply.reason);
    return reply.answer;
  }
}

/** @returns undefined if it is to be asked again: the gateway has ended, or cannot now. */
async function post(url: string, body: Uint8Array): Promise<Uint8Array | undefined> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: Uint8Array.from(body),
  }).catch(() => undefined);
  const bytes = await answer?.arrayBuffer().catch(() => undefined);
  if (answer === undefined || bytes === undefined) return undefined;
  if (answer.ok) return new Uint8Array(bytes);
  assert.ok(
    [429, 503].includes(answer.status),
    `${answer.status}: ${Buffer.from(bytes).toString()}`,
  );
  return undefined;
}

/** Asks the staff's listener until it answers. */
async function call<Reply>(origin: string, route: string, body?: object): Promise<Reply> {
  const [method, path] = route.split(" ") as [string, string];
  for (;;) {
    const answer = await fetch(`${origin}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: body === undefined ? {} : { "content-type": "application/json" },
    }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (answer?.ok === true && text !== undefined)
      return (text === "" ? {} : JSON.parse(text)) as Reply;
    assert.ok(
      answer === undefined || text === undefined || answer.status === 503,
      `${route}: ${text}`,
    );
    await sleep(50);
  }
}

async function haveSettled(client: NodeClient, ids: readonly Hex[]): Promise<boolean> {
  for (let at = 0; at < ids.length; at += limits.askedMax) {
    const statuses = await client.statuses(ids.slice(at, at + limits.askedMax));
    if (!statuses.every(({ settled }) => settled === true)) return false;
  }
  return true;
}

/** How often each record applied, as the node tells its log from the first event on. */
async function timesApplied(client: NodeClient): Promise<Map<Hex, number>> {
  const { seq } = await client.status();
  const times = new Map<Hex, number>();
  for await (const event of client.events(0, AbortSignal.timeout(SETTLED_MS))) {
    for (const id of event.applied as Hex[]) times.set(id, (times.get(id) ?? 0) + 1);
    if (event.seq >= seq) break;
  }
  return times;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function chunks<T>(list: readonly T[], random: () => number): T[][] {
  const result: T[][] = [];
  for (let at = 0; at < list.length; ) {
    const size = 1 + Math.floor(random() * HANDFUL);
    result.push(list.slice(at, at + size));
    at += size;
  }
  return result;
}
