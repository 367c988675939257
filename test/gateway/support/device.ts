/** A device for the gateway's tests: it signs what it asks, keeps its receipts, and pays from its coins. */
import { randomBytes } from "node:crypto";
import type { Answer } from "../../../protocol/answer.ts";
import type { Ask } from "../../../protocol/ask.ts";
import type { DeviceClass } from "../../../protocol/certificate.ts";
import {
  checkReplyTo,
  decodeDeviceReply,
  type DeviceReply,
} from "../../../protocol/device-reply.ts";
import { signDeviceRequest, type SignedDeviceRequest } from "../../../protocol/device-request.ts";
import { consentMessage } from "../../../protocol/enrolment.ts";
import type { RequestKind } from "../../../protocol/gateway-messages.ts";
import { type Owner, ownerOf } from "../../../protocol/key.ts";
import { lock, type Outpoint, type Output } from "../../../protocol/output.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";
import { refusalOf } from "../../../protocol/reason.ts";
import type { SignedReceipt } from "../../../protocol/receipt.ts";
import { auditOf, type SignedRecord, signRecord } from "../../../protocol/record.ts";
import { describedFetch } from "../../support/described-fetch.ts";
import { networkId } from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { type Bank, checked, MEMBER } from "./bank.ts";

type Coin = { readonly outpoint: Outpoint; readonly output: Output };

export class TestDevice {
  readonly key: NodeSigner;
  readonly owner: Owner;
  readonly bank: Bank;
  #counter = 0;

  constructor(bank: Bank, key = NodeSigner.generate()) {
    this.bank = bank;
    this.key = key;
    this.owner = ownerOf(key.publicKey);
  }

  /** A device that is enrolled for a new account with this much in it. */
  static async enrolled(bank: Bank, account: string, deposit: bigint): Promise<TestDevice> {
    const device = new TestDevice(bank);
    const credential = await bank.customer(account, deposit);
    await until(`${account} is enrolled`, async () => {
      const { certificate } = await device.enrol(credential);
      return certificate !== undefined;
    });
    return device;
  }

  async request(
    ask: Ask,
    fields: {
      readonly signedTime?: number;
      readonly nonce?: Uint8Array;
      readonly member?: number;
    } = {},
  ): Promise<SignedDeviceRequest> {
    const { signedTime = this.bank.now(), nonce = randomBytes(16), member = MEMBER } = fields;
    return signDeviceRequest(networkId, { member, signedTime, nonce, ask }, this.key);
  }

  /** Sends a request. @throws Refusal of the HTTP answer. */
  async send(request: SignedDeviceRequest): Promise<DeviceReply> {
    const answer = await post(`${this.bank.url}/v1/device`, request.bytes);
    const reply = decodeDeviceReply(answer);
    checkReplyTo(request, reply);
    return reply;
  }

  /** @throws Refusal as the reply says. */
  async ask<K extends RequestKind>(ask: Ask & { readonly kind: K }): Promise<Answer & { kind: K }> {
    const reply = await this.send(await this.request(ask));
    if (reply.outcome === "refused") throw refusalOf(reply.reason);
    return reply.answer as Answer & { kind: K };
  }

  async enrol(credential: Uint8Array, deviceClass: DeviceClass = "software") {
    const consent = await this.key.sign(consentMessage(networkId, MEMBER));
    return this.ask({ kind: "enrol", consent, class: deviceClass, label: "", credential });
  }

  /** Loads, and waits until the money is there. */
  async load(amount: bigint, parts: readonly bigint[] = []): Promise<SignedReceipt[]> {
    const id = randomBytes(16);
    let receipts: readonly SignedReceipt[] = [];
    await until("the load has applied", async () => {
      const answer = await this.ask({ kind: "load", id, amount, parts });
      receipts = answer.receipts;
      return answer.state === "applied";
    });
    return [...receipts];
  }

  /** All coins that the ledger has for the device. */
  coins(): Coin[] {
    return Array.from(this.bank.node.ledger.state.coinsOf(this.owner), ([outpoint, output]) => ({
      outpoint,
      output,
    }));
  }

  balance(): bigint {
    return this.coins().reduce((sum, { output }) => sum + output.amount, 0n);
  }

  /** A record that pays `amount` out of `coins` to another owner, with change to itself. */
  async pay(
    to: Owner,
    amount: bigint,
    coins: readonly Coin[] = this.coins(),
    custodian = MEMBER,
  ): Promise<SignedRecord> {
    const inputs: Coin[] = [];
    let sum = 0n;
    for (const coin of coins) {
      if (sum >= amount) break;
      inputs.push(coin);
      sum += coin.output.amount;
    }
    const outputs: Output[] = [{ lock: lock.key, owner: to, custodian, amount }];
    if (sum > amount) {
      outputs.push({ lock: lock.key, owner: this.owner, custodian: MEMBER, amount: sum - amount });
    }
    return signRecord(
      networkId,
      {
        kind: "spend",
        inputs: inputs.map(({ outpoint }) => outpoint).sort(),
        outputs,
        counter: ++this.#counter,
        time: 0,
        nonce: randomBytes(16),
        audit: auditOf(new Uint8Array()),
      },
      this.key,
    );
  }

  /** A record that pays the member's vault. */
  async redemption(amount: bigint, coins?: readonly Coin[]): Promise<SignedRecord> {
    const vault = ownerOf(this.bank.node.ledger.bank(MEMBER).treasury.publicKey);
    return this.pay(vault, amount, coins);
  }
}

/** @throws Refusal as the problem document names it. */
export async function post(url: string, body: Uint8Array): Promise<Uint8Array> {
  const headers = { "content-type": "application/octet-stream" };
  const answer = await describedFetch(url, {
    method: "POST",
    headers,
    body: Uint8Array.from(body),
  });
  return new Uint8Array(await (await checked(answer)).arrayBuffer());
}
