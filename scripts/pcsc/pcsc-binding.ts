/** The door to `pcsc-mini`, as much of it as is used: a binary package for those who have a card reader. */
import { Refusal } from "../../protocol/refusal.ts";

export type Pcsc = {
  readonly Client: new () => PcscClient;
  readonly CardMode: { readonly EXCLUSIVE: number };
  readonly CardDisposition: { readonly LEAVE: number };
  readonly ReaderStatus: { readonly PRESENT: number; readonly MUTE: number };
};

export type PcscClient = {
  on(event: "error", listener: (problem: Error) => void): void;
  on(event: "reader", listener: (reader: Reader) => void): void;
  start(): void;
  stop(): void;
};

export type Reader = {
  name(): string;
  connect(mode: number): Promise<Card>;
  on(event: "change", listener: (status: ReaderStatusFlags) => void): void;
  on(event: "disconnect", listener: () => void): void;
};

export type ReaderStatusFlags = {
  has(...flags: readonly number[]): boolean;
  hasAny(...flags: readonly number[]): boolean;
};

export type Card = {
  transmit(command: Uint8Array, response: ArrayBuffer): Promise<Uint8Array>;
  disconnect(then: number): Promise<void>;
};

const PACKAGE = "pcsc-mini";

/** @throws Refusal `unavailable` naming what is to be installed. */
export async function loadPcsc(): Promise<Pcsc> {
  try {
    return (await import(PACKAGE)) as Pcsc;
  } catch (cause) {
    throw new Refusal(
      "unavailable",
      `card readers need a package that cannot be loaded (${(cause as Error).message.split("\n")[0]}): ` +
        'run "npm install --prefix scripts/pcsc --no-package-lock"',
    );
  }
}
