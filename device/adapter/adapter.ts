/** The kit's commands as calls of a device. */
import { toHex } from "../../protocol/bytes.ts";
import type { DeviceClass } from "../../protocol/certificate.ts";
import type { PlaceCode } from "../../protocol/emergency-profile.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import {
  type Answered,
  type Command,
  type CommandName,
  type Extra,
  formatReply,
  type Given,
  KIT_PROTOCOL,
  parseCommand,
} from "../conformance/command.ts";
import type { PurseParts } from "../holder.ts";
import type { Driven } from "./driven.ts";

/** What a device is made with, beside its own parts. */
export type Settings = Pick<PurseParts, "networkId" | "member" | "trustKey" | "receiptLifeMs"> & {
  /** Where it is. */
  readonly place: PlaceCode;
};

/** A test bench, with a device of this kind on it. */
export type Bench<Device> = {
  readonly name: string;
  readonly version: string;
  readonly class: DeviceClass;
  /** What it has of what a device may have; nothing, if it is not given. */
  readonly extras?: readonly Extra[] | undefined;
  /** Makes a new device: a new key, an empty store, nothing of the one before. */
  make(settings: Settings): Promise<Device>;
  /** The device that was made last, as its power came back; undefined if there was none. */
  open(): Promise<Device | undefined>;
};

export class Adapter {
  readonly #bench: Bench<Driven>;
  #device: Driven | undefined;

  constructor(bench: Bench<Driven>) {
    this.#bench = bench;
  }

  /** @returns the line that answers. @throws Error if the device fails: it has to be started again. */
  async handle(line: string): Promise<string> {
    const command = parseCommand(line);
    try {
      return formatReply(command.id, { answer: await this.#run(command) });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return formatReply(command.id, { refusal: told(error) });
    }
  }

  async close(): Promise<void> {
    await this.#device?.close();
    this.#device = undefined;
  }

  async #run({ name, given, cutAt }: Command): Promise<Answered<CommandName>> {
    if (name === "hello") return this.#hello();
    if (name === "personalise") return this.#personalise(given);
    const device = await this.#opened();
    device.arm(cutAt);
    switch (name) {
      case "refresh":
        await device.refresh(given);
        return {};
      case "request":
        return { message: await device.request(given.amount, given.reference) };
      case "pay":
        return { message: await device.pay(given.message) };
      case "receive": {
        const { confirmation, amount, refusal } = await device.receive(given.message);
        return { message: confirmation, amount, refusal: refusal && told(refusal) };
      }
      case "confirm":
        await device.confirm(given.message);
        return {};
      case "balance":
        return device.balance();
      case "pending":
        return { records: await device.pending() };
      case "settled":
        await device.settled(given.statement);
        return {};
      case "setPin":
        await had(device.pin).set(given.pin, given.unblockingCode);
        return {};
      case "enterPin":
        await had(device.pin).enter(given.pin);
        return {};
      case "unblock":
        await had(device.pin).unblock(given.unblockingCode, given.pin);
        return {};
      case "payCode": {
        const { amount, password, custodian } = given;
        return { code: await had(device.codes).pay(amount, password, custodian) };
      }
      case "askSecondFactors":
        return { request: await had(device.secondFactor).ask() };
      case "takeSecondFactors":
        await had(device.secondFactor).take(given.grants);
        return {};
      case "enterSecondFactor": {
        const { amount, payee, code } = given;
        await had(device.secondFactor).enter({ amount, payee: toHex(payee) }, code);
        return {};
      }
      case "sealParcels":
        return { parcels: await had(device.parcels).seal(given.intakeKey) };
      case "takeAnswer":
        return { isTaken: await had(device.parcels).take(given.answer) };
      case "hearTaken":
        had(device.alarm).hear(toHex(given.outpoint), toHex(given.record));
        return {};
    }
  }

  #hello(): Answered<"hello"> {
    const { name, version, class: deviceClass, extras } = this.#bench;
    return { protocol: KIT_PROTOCOL, name, version, class: deviceClass, cuts: true, extras };
  }

  async #personalise(given: Given<"personalise">): Promise<Answered<"personalise">> {
    await this.close();
    this.#device = await this.#bench.make({ ...given, networkId: toHex(given.networkId) });
    return { deviceKey: this.#device.deviceKey };
  }

  async #opened(): Promise<Driven> {
    this.#device ??= await this.#bench.open();
    if (this.#device === undefined) throw new Refusal("not-found", "no device has been made yet");
    return this.#device;
  }
}

/** @throws Refusal `not-found` for what `extras` does not name. */
function had<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Refusal("not-found", "the device has no such thing");
  return part;
}

function told({ code, message }: Refusal): { code: Refusal["code"]; detail: string } {
  return { code, detail: message };
}
