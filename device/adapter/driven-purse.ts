/** A purse of this SDK, with power that goes before or after any of its writes. */
import type { Hex } from "../../protocol/bytes.ts";
import { decodeCertificate } from "../../protocol/certificate.ts";
import type { Amount } from "../../protocol/money.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { decodeReceipt } from "../../protocol/receipt.ts";
import { decodeSecondFactorGrant } from "../../protocol/second-factor-grant.ts";
import { decodeStatement } from "../../protocol/statement.ts";
import type { Answered, Given } from "../conformance/command.ts";
import { Sender } from "../courier/sender.ts";
import type { PurseParts } from "../holder.ts";
import { Purse } from "../purse.ts";
import type { PurseStore, StoreChange } from "../purse-store.ts";
import {
  type CutPower,
  type Driven,
  type DrivenAlarm,
  type DrivenCodes,
  type DrivenParcels,
  type DrivenPin,
  type DrivenReceived,
  type DrivenSecondFactor,
  Fuse,
} from "./driven.ts";
import { rowsBeside, rowsUnder } from "./shared-store.ts";

/** Where the sender of parcels keeps its rows: no table of a purse begins so. */
const PARCELS = "parcels of the sender/";

export class DrivenPurse implements Driven {
  readonly purse: Purse;
  readonly pin: DrivenPin;
  readonly codes: DrivenCodes;
  readonly secondFactor: DrivenSecondFactor;
  readonly parcels: DrivenParcels;
  readonly alarm: DrivenAlarm;
  readonly #fuse: Fuse;

  private constructor(purse: Purse, sender: Sender, taken: Map<Outpoint, Hex>, fuse: Fuse) {
    this.purse = purse;
    this.#fuse = fuse;
    this.pin = {
      set: (pin, unblockingCode) => purse.pin.set(pin, unblockingCode),
      enter: (pin) => purse.pin.unlock(pin),
      unblock: (unblockingCode, next) => purse.pin.unblock(unblockingCode, next),
    };
    this.codes = {
      pay: async (amount, password, custodian) =>
        (await purse.payCode(amount, password, custodian)).code,
    };
    this.secondFactor = {
      ask: async () => (await purse.ask({ kind: "second-factors" })).bytes,
      take: (grants) => purse.secondFactor.take(grants.map(decodeSecondFactorGrant)),
      enter: (payment, code) => purse.secondFactor.enter(payment, code),
    };
    this.parcels = {
      seal: (key) => sender.seal({ member: purse.member, key }),
      take: (answer) => sender.take(answer),
    };
    this.alarm = { hear: (outpoint, record) => void taken.set(outpoint, record) };
  }

  static async open(parts: PurseParts, cutPower: CutPower): Promise<DrivenPurse> {
    const fuse = new Fuse(cutPower);
    const store = fusedStore(parts.store, fuse);
    const taken = new Map<Outpoint, Hex>();
    const rival = (outpoint: Outpoint) => taken.get(outpoint);
    const purse = await Purse.open({ ...parts, store: rowsBeside(store, PARCELS), rival });
    const { random, clock } = parts;
    const sender = await Sender.open({ purse, store: rowsUnder(store, PARCELS), random, clock });
    return new DrivenPurse(purse, sender, taken, fuse);
  }

  get deviceKey(): Uint8Array {
    return this.purse.identity().deviceKey;
  }

  request(amount: Amount, reference: string): Promise<Uint8Array> {
    return this.purse.request(amount, reference);
  }

  pay(message1: Uint8Array): Promise<Uint8Array> {
    return this.purse.pay(message1);
  }

  async receive(message2: Uint8Array): Promise<DrivenReceived> {
    const { confirmation, amount, refusal } = await this.purse.receive(message2);
    return { confirmation: confirmation.bytes, amount, refusal };
  }

  async confirm(message3: Uint8Array): Promise<void> {
    await this.purse.confirm(message3);
  }

  async balance(): Promise<Answered<"balance">> {
    const { spendable, frozen, waiting } = this.purse.balance();
    return { spendable, frozen, waiting };
  }

  async refresh({ lists, certificate, receipts }: Given<"refresh">): Promise<void> {
    await this.purse.refresh({
      lists,
      certificate: certificate && decodeCertificate(certificate),
      receipts: receipts.map(decodeReceipt),
    });
  }

  async pending(): Promise<Uint8Array[]> {
    return this.purse.pending().map(({ record }) => record.bytes);
  }

  async settled(statement: Uint8Array): Promise<void> {
    await this.purse.settled(decodeStatement(statement));
  }

  arm(moment: number | undefined): void {
    this.#fuse.arm(moment);
  }

  close(): Promise<void> {
    return this.purse.close();
  }
}

/** A store whose writes each have a moment before and a moment after. */
function fusedStore(store: PurseStore, fuse: Fuse): PurseStore {
  return {
    rows: () => store.rows(),
    async write(changes: readonly StoreChange[]): Promise<void> {
      await fuse.pass();
      await store.write(changes);
      await fuse.pass();
    },
    close: () => store.close(),
  };
}
