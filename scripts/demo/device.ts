/** The demo's handle on a device that runs in a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type {
  DeviceAnswer,
  DeviceCall,
  DeviceOperations,
  DeviceSetting,
} from "./device-process.ts";

const script = fileURLToPath(new URL("./device-process.ts", import.meta.url));

export class Device implements AsyncDisposable {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#process = child;
    child.on("message", (answer: DeviceAnswer) => this.#take(answer));
    child.once("exit", (code) => this.#fail(new Error(`device ${name} ended with code ${code}`)));
  }

  /** Starts it over its folder, the same as it was left. */
  static async start(name: string, setting: DeviceSetting): Promise<Device> {
    const child = fork(script, [JSON.stringify(setting)], { serialization: "advanced" });
    await once(child, "message");
    return new Device(name, child);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** @throws Error with the device's reason. */
  call<Name extends keyof DeviceOperations>(
    name: Name,
    ...args: Parameters<DeviceOperations[Name]>
  ): ReturnType<DeviceOperations[Name]> {
    const number = ++this.#number;
    const answer = Promise.withResolvers<unknown>();
    this.#open.set(number, answer);
    this.#process.send({ number, name, args } satisfies DeviceCall);
    return answer.promise as ReturnType<DeviceOperations[Name]>;
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

  #take({ number, result, error }: DeviceAnswer): void {
    const answer = this.#open.get(number);
    this.#open.delete(number);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(`${this.name}: ${error}`));
  }

  #fail(error: Error): void {
    for (const answer of this.#open.values()) answer.reject(error);
    this.#open.clear();
  }
}

/** One payment between two devices: three messages, each carried by hand. */
export async function payOffline(
  payer: Device,
  payee: Device,
  amount: bigint,
  reference: string,
): Promise<number[]> {
  const request = await payee.call("request", amount, reference);
  const payment = await payer.call("pay", request);
  const { confirmation } = await payee.call("receive", payment);
  await payer.call("confirm", confirmation);
  return [request, payment, confirmation].map((message) => message.length);
}
