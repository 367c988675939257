/**
 * Somebody with a device: a real purse with an account at a bank, and a note of what it ought to have. A
 * cheat is the same purse, copied: a software purse keeps its promises as long as nobody copies it, and the
 * copies are where that ends. No purse here has a check taken out.
 */
import { HttpGatewayClient } from "../../device/gateway-client.ts";
import { enrol, load } from "../../device/account.ts";
import { Purse } from "../../device/purse.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync, type SyncReport } from "../../device/sync.ts";
import { type Hex, utf8 } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId, Outpoint } from "../../protocol/output.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import type { Random } from "../../protocol/random.ts";
import { Staff } from "../demo/staff.ts";
import { until } from "./patience.ts";

/** Where devices live: what a shop or a bank tells them. */
export type World = {
  readonly networkId: Hex;
  readonly trustKey: Uint8Array;
  readonly receiptLifeMs: number;
  readonly random: Random;
  readonly deviceUrl: (bank: MemberId) => string;
  readonly staffUrl: (bank: MemberId) => string;
};

const verifier = new NodeVerifier();

export class Person {
  readonly name: string;
  readonly bank: MemberId;
  readonly purse: Purse;
  readonly signer: NodeSigner;
  /** What it loaded and was paid, less what it paid: what is its own, if it is honest. */
  due: Amount = 0n;
  readonly #world: World;
  readonly #store: MemoryPurseStore;

  private constructor(
    world: World,
    name: string,
    bank: MemberId,
    signer: NodeSigner,
    store: MemoryPurseStore,
    purse: Purse,
  ) {
    this.#world = world;
    this.name = name;
    this.bank = bank;
    this.signer = signer;
    this.#store = store;
    this.purse = purse;
  }

  /** Opens an account, and has a new device enrolled and certified. */
  static async enrolled(world: World, name: string, bank: MemberId): Promise<Person> {
    const signer = NodeSigner.fromScalar(scalarFrom(world.random));
    const person = await Person.#over(world, name, bank, signer, new MemoryPurseStore());
    const staff = new Staff(world.staffUrl(bank));
    await staff.openAccount(name, name);
    const credential = utf8.encode(await staff.credential(name));
    await until(`${name} is enrolled`, () => enrol(person.purse, person.gateway(), credential));
    return person;
  }

  static async #over(
    world: World,
    name: string,
    bank: MemberId,
    signer: NodeSigner,
    store: MemoryPurseStore,
  ): Promise<Person> {
    const { networkId, trustKey, receiptLifeMs, random } = world;
    const purse = await Purse.open({
      networkId,
      member: bank,
      class: "software",
      signer,
      verifier,
      store,
      random,
      clock: Date.now,
      trustKey,
      receiptLifeMs,
    });
    return new Person(world, name, bank, signer, store, purse);
  }

  get owner(): Owner {
    return ownerOf(this.signer.publicKey);
  }

  /** The same purse once more, with all that it holds now: a clone, or the copy that is restored later. */
  async clone(): Promise<Person> {
    const rows = await this.#store.rows();
    const store = new MemoryPurseStore();
    await store.write([...rows].map(([key, value]) => ({ key, value })));
    return await Person.#over(this.#world, `${this.name}'s copy`, this.bank, this.signer, store);
  }

  /** The way to a bank's gateway, or to what stands in front of it. */
  gateway(bank = this.bank, url = this.#world.deviceUrl(bank)): HttpGatewayClient {
    return new HttpGatewayClient(url, bank, fetch);
  }

  /** Money at the counter becomes coins of these amounts. */
  async load(parts: readonly Amount[]): Promise<void> {
    const amount = parts.reduce((sum, part) => sum + part, 0n);
    const id = this.#world.random(16);
    await new Staff(this.#world.staffUrl(this.bank)).deposit(this.name, amount, fromBytes(id));
    await until(`${this.name} has loaded`, () =>
      load(this.purse, this.gateway(), { id, amount, parts }),
    );
    this.due += amount;
  }

  /**
   * Pays another device, three messages, no network. Both sides note it.
   * @returns the record's id. @throws Refusal as the payee's device judges it.
   */
  async pay(payee: Person, amount: Amount, coins?: readonly Outpoint[]): Promise<Hex> {
    const request = await payee.purse.request(amount);
    const message = await this.purse.pay(request, coins);
    const { confirmation, refusal } = await payee.purse.receive(message);
    if (refusal !== undefined) throw refusal;
    await this.purse.confirm(confirmation.bytes);
    payee.due += amount;
    this.due -= amount;
    return confirmation.id;
  }

  sync(gateway = this.gateway()): Promise<SyncReport> {
    return sync(this.purse, gateway);
  }
}

function fromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Less than the order of the curve: its first bytes are all ones, so one bit off is enough. */
function scalarFrom(random: Random): Uint8Array {
  const scalar = random(32);
  scalar[0]! &= 0x7f;
  scalar[31]! |= 1;
  return scalar;
}
