/**
 * What spreads between devices that meet, measured: 200 purses, of which one has been online. All that the
 * others hear, they hear in the three messages of their payments.
 */
import { expect } from "chai";
import { toHex } from "../../protocol/bytes.ts";
import type { CarriedList } from "../../protocol/carried-lists.ts";
import { limits } from "../../protocol/limits.ts";
import { EMERGENCY_PROFILE, TRUST_LIST } from "../../protocol/list-version.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { MemberId } from "../../protocol/output.ts";
import { openPayment } from "../../protocol/payment.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { decodeRequest, requestDigest } from "../../protocol/request.ts";
import { loadState } from "../../device/purse-rows.ts";
import { randomOutpoint } from "../support/leaves.ts";
import { keyOf, pay } from "../support/ledger-parts.ts";
import { type Contact, randomRounds, reachable } from "./support/contacts.ts";
import { DAY_MS, type Device, networkId, World } from "./support/world.ts";

const PURSES = 200;
const ROUNDS = 10;
const STEADY_ROUNDS = 1;
const SEED = 1;
const MEMBERS = [1, 2, 3, 4];

describe("what spreads between 200 devices, of which one was online", () => {
  let world: World;
  let devices: Device[];
  let mal: Device;
  /** Message 2 of a first hop that carries nothing. */
  let bareLength: number;
  /** The lists of each message, in the order they were sent. */
  let messages: (readonly CarriedList[])[];
  const contacts = randomRounds(PURSES, ROUNDS, SEED);
  const reached = reachable(contacts.flat());

  before(async () => {
    world = new World(...MEMBERS);
    messages = [];
    devices = [];
    for (let i = 0; i < PURSES; i++) {
      const member = MEMBERS[i % MEMBERS.length]!;
      devices.push(await deviceWith(ROUNDS + STEADY_ROUNDS, `device ${i}`, member));
    }
    mal = await deviceWith(PURSES + 1, "Mal", 1);
    const lists = await world.lists();
    for (const { purse } of [...devices, mal]) await purse.refresh({ lists });
    bareLength = (await mal.purse.pay(await devices[0]!.purse.request(1n))).length;
  });

  /** With coins that banks vouch for: no ledger is asked here. */
  async function deviceWith(coins: number, name: string, member: MemberId): Promise<Device> {
    const device = await world.device(name, { member });
    const output = pay(device.signer, member, 1n);
    const receipts = Array.from({ length: coins }, () => world.receipt(randomOutpoint(), output));
    await device.purse.refresh({ receipts: await Promise.all(receipts) });
    return device;
  }

  /** The three messages of a payment, and what rode along: nothing between those who know the same. */
  async function meet([a, b]: Contact): Promise<void> {
    const [payer, payee] = [devices[a]!, devices[b]!];
    const before = [freshness(payer), freshness(payee)] as const;
    const request = await payee.purse.request(1n);
    const payment = await payer.purse.pay(request);
    const there = payment.length === bareLength ? [] : await listsIn(payment, request, payee);
    const { confirmation, refusal } = await payee.purse.receive(payment);
    if (refusal !== undefined) throw refusal;
    const { lists: back } = await payer.purse.confirm(confirmation.bytes);
    if (isSame(...before)) expect([there, back]).to.deep.equal([[], []]);
    expectNothingBack(before[0], freshness(payer));
    expectNothingBack(before[1], freshness(payee));
    messages.push(there, back);
  }

  const revocations = (member: number, owners: readonly Owner[]) =>
    world.revocations(member, owners);

  it("reaches, in ten contacts each, all whom a chain of contacts leads to: at least 99 % refuse a revoked payer [N-04, R-165]", async () => {
    world.pass(DAY_MS);
    const lists = [
      await world.trustList(),
      await world.emergency({ payment: 50 }),
      ...(await Promise.all(MEMBERS.map((m) => revocations(m, m === 1 ? [mal.owner] : [])))),
    ];
    await devices[0]!.purse.refresh({ lists });
    for (const contact of contacts.flat()) await meet(contact);
    let refusals = 0;
    for (const [i, { purse }] of devices.entries()) {
      const outcome = await purse.receive(await mal.purse.pay(await purse.request(1n))).then(
        () => "taken",
        (error: unknown) => (isRefusal(error) ? error.code : error),
      );
      expect(outcome, `device ${i}`).to.equal(reached.has(i) ? "revoked" : "taken");
      if (outcome === "revoked") refusals += 1;
    }
    expect(refusals / PURSES).to.be.at.least(0.99);
  });

  it("is more than luck: over a thousand such days, chains of ten contacts each lead to 99 % [N-04]", () => {
    let sum = 0;
    for (let seed = 0; seed < 1000; seed++) {
      sum += reachable(randomRounds(PURSES, ROUNDS, seed).flat()).size;
    }
    expect(sum / 1000 / PURSES).to.be.at.least(0.99);
  });

  it("is the trust list, the emergency profile and the time as well [N-04, N-05, N-18]", () => {
    const [online] = devices;
    for (const [i, device] of devices.entries()) {
      const { versions, signedTime } = device.purse.identity();
      if (!reached.has(i)) continue;
      expect(versions, device.name).to.deep.equal(online!.purse.identity().versions);
      expect(signedTime, device.name).to.equal(world.now);
    }
    const kinds = online!.purse.identity().versions.map(({ member }) => member);
    expect(kinds).to.deep.equal([TRUST_LIST, ...MEMBERS, EMERGENCY_PROFILE]);
  });

  it("took at most 512 bytes of revocations in any message [N-04]", () => {
    const bytes = messages.map((lists) => bytesOf(lists, "revocations"));
    expect(Math.max(...bytes)).to.be.within(300, limits.listInHandshakeMax);
  });

  it("takes, in the steady state, at most 512 bytes of lists in a message while one device syncs all the time [N-04]", async () => {
    // Fifty devices of each bank are revoked: its list has nearly all the bytes that ride along.
    const many = Array.from({ length: 50 }, (_, i) => ownerOf(keyOf(`lost ${i}`).publicKey));
    const start = messages.length;
    for (const round of randomRounds(PURSES, STEADY_ROUNDS, SEED + 1)) {
      world.pass(10_000);
      const lists = await Promise.all(MEMBERS.map((member) => revocations(member, many)));
      await devices[0]!.purse.refresh({ lists });
      for (const contact of round) await meet(contact);
    }
    const steady = messages.slice(start).map((lists) => bytesOf(lists));
    expect(Math.max(...steady)).to.be.within(400, limits.listInHandshakeMax);
  });
});

type Freshness = { readonly versions: ReadonlyMap<number, number>; readonly signedTime: number };

function freshness({ purse }: Device): Freshness {
  const { versions, signedTime } = purse.identity();
  return { versions: new Map(versions.map((each) => [each.member, each.version])), signedTime };
}

function expectNothingBack(before: Freshness, after: Freshness): void {
  expect(after.signedTime).to.be.at.least(before.signedTime);
  for (const [member, version] of before.versions) {
    expect(after.versions.get(member)).to.be.at.least(version);
  }
}

function isSame(a: Freshness, b: Freshness): boolean {
  return JSON.stringify([...a.versions]) === JSON.stringify([...b.versions]);
}

/** What rides along in message 2, opened with the key that its payee keeps. */
async function listsIn(
  payment: Uint8Array,
  message1: Uint8Array,
  payee: Device,
): Promise<readonly CarriedList[]> {
  const request = decodeRequest(message1);
  const { requests } = await loadState(payee.store);
  const { ephemeral } = requests.get(toHex(requestDigest(networkId, request)))!;
  return (await openPayment(networkId, payment, request, ephemeral)).lists;
}

function bytesOf(lists: readonly CarriedList[], kind?: CarriedList["kind"]): number {
  return lists
    .filter((list) => kind === undefined || list.kind === kind)
    .reduce((sum, { bytes }) => sum + bytes.length, 0);
}
