/** What the adapter drives: a device, by whatever way its calls get there. Each refuses as a purse does. */
import type { Hex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId, Outpoint } from "../../protocol/output.ts";
import type { Answered, Given } from "../conformance/command.ts";
import type { Refusal } from "../../protocol/refusal.ts";
import type { ToConfirm } from "../second-factor-pad.ts";

export interface Driven {
  readonly deviceKey: Uint8Array;
  request(amount: Amount, reference: string): Promise<Uint8Array>;
  pay(message1: Uint8Array): Promise<Uint8Array>;
  receive(message2: Uint8Array): Promise<DrivenReceived>;
  confirm(message3: Uint8Array): Promise<void>;
  balance(): Promise<Answered<"balance">>;
  refresh(news: Given<"refresh">): Promise<void>;
  /** Parents first. */
  pending(): Promise<Uint8Array[]>;
  settled(statement: Uint8Array): Promise<void>;
  /** What it has of what a device may have. */
  readonly pin?: DrivenPin | undefined;
  readonly codes?: DrivenCodes | undefined;
  readonly secondFactor?: DrivenSecondFactor | undefined;
  readonly parcels?: DrivenParcels | undefined;
  readonly alarm?: DrivenAlarm | undefined;
  /** @param moment of what is asked next at which the power goes; undefined leaves it on. */
  arm(moment: number | undefined): void;
  close(): Promise<void>;
}

export interface DrivenPin {
  set(pin: string, unblockingCode: string): Promise<void>;
  enter(pin: string): Promise<void>;
  unblock(unblockingCode: string, next: string): Promise<void>;
}

export interface DrivenCodes {
  /** @returns the code, as it is written. */
  pay(amount: Amount, password: string, custodian: MemberId): Promise<string>;
}

export interface DrivenSecondFactor {
  /** @returns the signed question for the bank's words. */
  ask(): Promise<Uint8Array>;
  /** @param grants that answer the last question. */
  take(grants: readonly Uint8Array[]): Promise<void>;
  enter(payment: ToConfirm, code: string): Promise<void>;
}

export interface DrivenParcels {
  /** @param intakeKey of the device's own member. */
  seal(intakeKey: Uint8Array): Promise<Uint8Array[]>;
  /** @returns whether it answers a parcel that waits. */
  take(answer: Uint8Array): Promise<boolean>;
}

export interface DrivenAlarm {
  hear(outpoint: Outpoint, record: Hex): void;
}

export type DrivenReceived = {
  /** Message 3. */
  readonly confirmation: Uint8Array;
  readonly amount: Amount;
  readonly refusal?: Refusal | undefined;
};

/** Ends all that runs, at once and without a word; it never resolves. */
export type CutPower = () => Promise<never>;

/** A moment that is counted down to: the power goes when it is passed. */
export class Fuse {
  readonly #cutPower: CutPower;
  #moments = 0;
  #cutAt: number | undefined;

  constructor(cutPower: CutPower) {
    this.#cutPower = cutPower;
  }

  /** @param moment counted from 0 and from now on. */
  arm(moment: number | undefined): void {
    this.#moments = 0;
    this.#cutAt = moment;
  }

  async pass(): Promise<void> {
    if (this.#moments++ === this.#cutAt) await this.#cutPower();
  }
}
