/** The demo's handle on a device that runs in a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Hex } from "../../protocol/bytes.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type {
  DeviceAnswer,
  DeviceCall,
  DeviceOperations,
  DeviceSetting,
  GatewayPlace,
} from "./device-process.ts";
import { until } from "./patience.ts";

const script = fileURLToPath(new URL("./device-process.ts", import.meta.url));

export class Device implements AsyncDisposable {
  readonly name: string;
  readonly setting: DeviceSetting;
  readonly #process: ChildProcess;
  /** Resolves when it takes calls. */
  readonly #started: Promise<void>;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;
  #ended: Error | undefined;

  private constructor(name: string, setting: DeviceSetting, child: ChildProcess) {
    this.name = name;
    this.setting = setting;
    this.#process = child;
    this.#started = this.#answerTo(0);
    child.on("message", (answer: DeviceAnswer) => this.#take(answer));
    child.once("exit", (code, signal) => {
      this.#ended = new Error(`device ${name} has ended with ${signal ?? `code ${code}`}`);
      for (const answer of this.#open.values()) answer.reject(this.#ended);
      this.#open.clear();
    });
  }

  /** Starts it over its folder, the same as it was left. @param running is to stop it. */
  static async start(
    name: string,
    running: AsyncDisposableStack,
    setting: DeviceSetting,
  ): Promise<Device> {
    if (running.disposed) throw new Error("nothing is started any more");
    const child = fork(script, [JSON.stringify(setting)], { serialization: "advanced" });
    const device = running.use(new Device(name, setting, child));
    await device.#started;
    return device;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** @throws Refusal as the device refuses; Error with its reason, or if it has ended. */
  async call<Name extends keyof DeviceOperations>(
    name: Name,
    ...args: Parameters<DeviceOperations[Name]>
  ): Promise<Awaited<ReturnType<DeviceOperations[Name]>>> {
    if (this.#ended !== undefined) throw this.#ended;
    const number = ++this.#number;
    const answer = this.#answerTo<Awaited<ReturnType<DeviceOperations[Name]>>>(number);
    // Where it cannot be sent, the process has ended, and that is the answer.
    this.#process.send({ number, name, args } satisfies DeviceCall, () => undefined);
    return await answer;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #take({ number, result, error, code }: DeviceAnswer): void {
    const answer = this.#open.get(number);
    this.#open.delete(number);
    const reason = `${this.name}: ${error}`;
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(code === undefined ? new Error(reason) : new Refusal(code, reason));
  }

  async #answerTo<T>(number: number): Promise<T> {
    const answer = Promise.withResolvers<unknown>();
    this.#open.set(number, answer);
    return (await answer.promise) as T;
  }
}

/** What became of a payment: its record, and the lengths of the three messages in bytes. */
export type Payment = { readonly record: Hex; readonly lengths: readonly number[] };

/**
 * One payment between two devices: three messages, each carried by hand.
 * @param coins what the payer may pay with; all, if it is not given. @throws Refusal as either refuses.
 */
export async function payOffline(
  payer: Device,
  payee: Device,
  amount: bigint,
  reference: string,
  coins?: readonly Outpoint[],
): Promise<Payment> {
  const request = await payee.call("request", amount, reference);
  const payment = await payer.call("pay", request, coins);
  const { confirmation, record } = await payee.call("receive", payment);
  await payer.call("confirm", confirmation);
  return { record, lengths: [request, payment, confirmation].map((message) => message.length) };
}

/** Syncs until the bank has said that all of the device's money is settled. */
export async function untilSettled(device: Device, gateway: GatewayPlace): Promise<void> {
  await until(`${device.name}'s money is settled`, async () => {
    await device.call("sync", gateway);
    return (await device.call("pending")).length === 0;
  });
}
