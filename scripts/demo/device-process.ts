/**
 * A device of the demo: a purse in a process of its own, with its own folder. It does what it is told over
 * the channel to the process that forked it, and knows nothing of the other devices but their messages.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { enrol, load, redeem } from "../../device/account.ts";
import { FilePurseStore } from "../../device/file-store.ts";
import { HttpGatewayClient } from "../../device/gateway-client.ts";
import { openDeviceKey } from "../../device/node-keys.ts";
import { Purse } from "../../device/purse.ts";
import type { HeldCoin } from "../../device/purse-state.ts";
import type { Balance } from "../../device/purse-state.ts";
import { sync } from "../../device/sync.ts";
import { fromHex, type Hex, utf8 } from "../../protocol/bytes.ts";
import type { DeviceClass } from "../../protocol/certificate.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";

/** Who the device is. */
export type DeviceSetting = {
  readonly folder: string;
  readonly networkId: Hex;
  readonly member: number;
  readonly trustKey: Hex;
  readonly receiptLifeMs: number;
};

/** A member's gateway, as a device is told of it. */
export type GatewayPlace = { readonly url: string; readonly member: number };

export type DeviceBalance = Balance & { readonly total: bigint };

/** What a payee has once it was paid: message 3, and the id of the record that paid. */
export type Taken = { readonly confirmation: Uint8Array; readonly record: Hex };

/** What a device can be told to do. */
export type DeviceOperations = {
  enrol(gateway: GatewayPlace, credential: string): Promise<void>;
  /** @param parts the coins it is to come in; none leaves it to the bank. */
  load(gateway: GatewayPlace, amount: bigint, parts?: readonly bigint[]): Promise<void>;
  request(amount: bigint, reference: string): Promise<Uint8Array>;
  /** @param coins to choose from; all, if it is not given. */
  pay(request: Uint8Array, coins?: readonly Outpoint[]): Promise<Uint8Array>;
  receive(payment: Uint8Array): Promise<Taken>;
  confirm(confirmation: Uint8Array): Promise<void>;
  sync(
    gateway: GatewayPlace,
  ): Promise<{ readonly handedIn: number; readonly settled: number; readonly pending: number }>;
  /** Returns the record's id. */
  redeem(gateway: GatewayPlace, amount: bigint, vault: Hex): Promise<Hex>;
  pending(): Promise<readonly Hex[]>;
  coins(): Promise<readonly HeldCoin[]>;
  balance(): Promise<DeviceBalance>;
  identity(): Promise<{ readonly owner: Owner; readonly class: DeviceClass }>;
};

export type DeviceCall = {
  readonly number: number;
  readonly name: keyof DeviceOperations;
  readonly args: readonly unknown[];
};
export type DeviceAnswer = {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
  /** Where the error is a refusal. */
  readonly code?: RefusalCode;
};

const RETRY_MS = 100;
const PATIENCE_MS = 30_000;

const setting = JSON.parse(process.argv[2] ?? "null") as DeviceSetting;
const purse = await openPurse(setting);
const operations = operationsOf(purse);

process.on("message", (call: DeviceCall) => void answer(call));
process.on("disconnect", () => void purse.close());
process.send?.({ number: 0 } satisfies DeviceAnswer);

async function openPurse({
  folder,
  member,
  networkId,
  trustKey,
  receiptLifeMs,
}: DeviceSetting): Promise<Purse> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return await Purse.open({
    networkId,
    member,
    class: "software",
    signer: await openDeviceKey(join(folder, "key.json"), random),
    verifier: new NodeVerifier(),
    store: await FilePurseStore.open(join(folder, "purse")),
    random,
    clock: Date.now,
    trustKey: fromHex(trustKey, 33),
    receiptLifeMs,
  });
}

function operationsOf(purse: Purse): DeviceOperations {
  return {
    async enrol(place, credential) {
      const gateway = gatewayOf(place);
      await untilDone(() => enrol(purse, gateway, utf8.encode(credential)));
    },
    async load(place, amount, parts = []) {
      const gateway = gatewayOf(place);
      const id = random(16);
      await untilDone(() => load(purse, gateway, { id, amount, parts }));
    },
    request: (amount, reference) => purse.request(amount, reference),
    pay: (request, coins) => purse.pay(request, coins),
    async receive(payment) {
      const { confirmation, refusal } = await purse.receive(payment);
      if (refusal !== undefined) throw refusal;
      return { confirmation: confirmation.bytes, record: confirmation.id };
    },
    async confirm(confirmation) {
      await purse.confirm(confirmation);
    },
    async sync(place) {
      const { handedIn, settled, pending } = await sync(purse, gatewayOf(place));
      return { handedIn, settled, pending };
    },
    redeem: (place, amount, vault) => redeem(purse, gatewayOf(place), amount, vault),
    pending: async () => purse.pending().map(({ id }) => id),
    coins: async () => purse.coins(),
    async balance() {
      const balance = purse.balance();
      const { spendable, frozen, waiting, doubtful } = balance;
      return { ...balance, total: spendable + frozen + waiting + doubtful };
    },
    async identity() {
      const { owner, class: kind } = purse.identity();
      return { owner, class: kind };
    },
  };
}

async function answer({ number, name, args }: DeviceCall): Promise<void> {
  let reply: DeviceAnswer;
  try {
    const operation = operations[name] as (...all: readonly unknown[]) => Promise<unknown>;
    reply = { number, result: await operation(...args) };
  } catch (error) {
    const code = isRefusal(error) ? { code: error.code } : {};
    reply = { number, error: (error as Error).message, ...code };
  }
  if (process.connected) process.send?.(reply);
}

/** What is on its way at the bank is asked for again. */
async function untilDone(ask: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await ask()); await sleep(RETRY_MS)) {
    if (Date.now() > end) throw new Error(`the bank has not finished within ${PATIENCE_MS} ms`);
  }
}

function gatewayOf({ url, member }: GatewayPlace): HttpGatewayClient {
  return new HttpGatewayClient(url, member, fetch);
}

function random(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}
