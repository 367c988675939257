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
import type { Balance } from "../../device/purse-state.ts";
import { sync } from "../../device/sync.ts";
import { fromHex, type Hex, utf8 } from "../../protocol/bytes.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";

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

/** What a device can be told to do. */
export type DeviceOperations = {
  enrol(gateway: GatewayPlace, credential: string): Promise<void>;
  load(gateway: GatewayPlace, amount: bigint): Promise<void>;
  request(amount: bigint, reference: string): Promise<Uint8Array>;
  pay(request: Uint8Array): Promise<Uint8Array>;
  receive(
    payment: Uint8Array,
  ): Promise<{ readonly confirmation: Uint8Array; readonly amount: bigint }>;
  confirm(confirmation: Uint8Array): Promise<void>;
  sync(
    gateway: GatewayPlace,
  ): Promise<{ readonly handedIn: number; readonly settled: number; readonly pending: number }>;
  /** Returns the record's id. */
  redeem(gateway: GatewayPlace, amount: bigint, vault: Hex): Promise<Hex>;
  pending(): Promise<readonly Hex[]>;
  balance(): Promise<DeviceBalance>;
  owner(): Promise<Hex>;
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
    async load(place, amount) {
      const gateway = gatewayOf(place);
      const id = random(16);
      await untilDone(() => load(purse, gateway, { id, amount }));
    },
    request: (amount, reference) => purse.request(amount, reference),
    pay: (request) => purse.pay(request),
    async receive(payment) {
      const { confirmation, amount } = await purse.receive(payment);
      return { confirmation: confirmation.bytes, amount };
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
    async balance() {
      const balance = purse.balance();
      const { spendable, frozen, waiting, doubtful } = balance;
      return { ...balance, total: spendable + frozen + waiting + doubtful };
    },
    owner: async () => purse.identity().owner,
  };
}

async function answer({ number, name, args }: DeviceCall): Promise<void> {
  let reply: DeviceAnswer;
  try {
    const operation = operations[name] as (...all: readonly unknown[]) => Promise<unknown>;
    reply = { number, result: await operation(...args) };
  } catch (error) {
    reply = { number, error: (error as Error).message };
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
