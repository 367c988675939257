/** The kit's commands as calls of a purse. */
import { toHex } from "../../protocol/bytes.ts";
import { decodeCertificate, type DeviceClass } from "../../protocol/certificate.ts";
import type { PlaceCode } from "../../protocol/emergency-profile.ts";
import { decodeReceipt } from "../../protocol/receipt.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { decodeStatement } from "../../protocol/statement.ts";
import {
  type Answered,
  type Command,
  type CommandName,
  formatReply,
  type Given,
  KIT_PROTOCOL,
  parseCommand,
} from "../conformance/command.ts";
import type { PurseParts } from "../holder.ts";
import { Purse } from "../purse.ts";
import { CuttingStore } from "./cutting-store.ts";

/** What a device is made with, beside its own parts. */
export type Settings = Pick<PurseParts, "networkId" | "member" | "trustKey" | "receiptLifeMs"> & {
  /** Where it is. */
  readonly place: PlaceCode;
};

/** A device on a test bench. */
export type Bench = {
  readonly name: string;
  readonly version: string;
  readonly class: DeviceClass;
  /** Makes a new device: a new key, an empty store, nothing of the one before. */
  make(settings: Settings): Promise<PurseParts>;
  /** The device that was made last, as its power came back; undefined if there was none. */
  open(): Promise<PurseParts | undefined>;
  /** Ends all that runs, at once and without a word; it never resolves. */
  cutPower(): Promise<never>;
};

export class Adapter {
  readonly #bench: Bench;
  #device: { readonly purse: Purse; readonly store: CuttingStore } | undefined;

  constructor(bench: Bench) {
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
    await this.#device?.purse.close();
    this.#device = undefined;
  }

  async #run({ name, given, cutAt }: Command): Promise<Answered<CommandName>> {
    if (name === "hello") return this.#hello();
    if (name === "personalise") return this.#personalise(given);
    const { purse, store } = await this.#opened();
    store.arm(cutAt);
    switch (name) {
      case "refresh":
        await purse.refresh({
          lists: given.lists,
          certificate: given.certificate && decodeCertificate(given.certificate),
          receipts: given.receipts.map(decodeReceipt),
        });
        return {};
      case "request":
        return { message: await purse.request(given.amount, given.reference) };
      case "pay":
        return { message: await purse.pay(given.message) };
      case "receive": {
        const { confirmation, amount, refusal } = await purse.receive(given.message);
        return { message: confirmation.bytes, amount, refusal: refusal && told(refusal) };
      }
      case "confirm":
        await purse.confirm(given.message);
        return {};
      case "balance": {
        const { spendable, frozen, waiting } = purse.balance();
        return { spendable, frozen, waiting };
      }
      case "pending":
        return { records: purse.pending().map(({ record }) => record.bytes) };
      case "settled":
        await purse.settled(decodeStatement(given.statement));
        return {};
    }
  }

  #hello(): Answered<"hello"> {
    const { name, version, class: deviceClass } = this.#bench;
    return { protocol: KIT_PROTOCOL, name, version, class: deviceClass, cuts: true };
  }

  async #personalise(given: Given<"personalise">): Promise<Answered<"personalise">> {
    await this.close();
    const settings = { ...given, networkId: toHex(given.networkId) };
    const { purse } = await this.#start(await this.#bench.make(settings));
    return { deviceKey: purse.identity().deviceKey };
  }

  async #opened() {
    if (this.#device !== undefined) return this.#device;
    const parts = await this.#bench.open();
    if (parts === undefined) throw new Refusal("not-found", "no device has been made yet");
    return this.#start(parts);
  }

  async #start(parts: PurseParts) {
    const store = new CuttingStore(parts.store, () => this.#bench.cutPower());
    this.#device = { purse: await Purse.open({ ...parts, store }), store };
    return this.#device;
  }
}

function told({ code, message }: Refusal): { code: Refusal["code"]; detail: string } {
  return { code, detail: message };
}
