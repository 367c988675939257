/**
 * What a wallet is set to, in two small files of its folder: `network.json` as everyone has it, and
 * `wallet.json`. Neither holds a secret. They are written once and never changed: another bank or another
 * network is another wallet. Read without a schema library, which would double the time a command takes.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFile } from "../../node/service/durable-file.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { type DeviceClass, deviceClasses } from "../../protocol/certificate.ts";
import {
  formatNetworkFile,
  type NetworkFile,
  parseNetworkFile,
} from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type WalletSettings = {
  readonly network: NetworkFile;
  /** The bank that keeps the wallet's coins. */
  readonly member: number;
  /** What the purse says that it is: the bank certifies what it was told at the counter. */
  readonly class: DeviceClass;
  /** URL of the bank's gateway. */
  readonly gateway: string;
  /** The authority's public trust key, compressed. */
  readonly trustKey: Hex;
  /** How long receipts and certificates of this network may live, in seconds. */
  readonly receiptLifeS: number;
};

type WalletFile = Omit<WalletSettings, "network"> & { readonly format: typeof FORMAT };

const FORMAT = 1;
const classNames = Object.keys(deviceClasses).join(", ");

/** Paths in a wallet's folder. */
export function walletPaths(folder: string) {
  return {
    settings: join(folder, "wallet.json"),
    network: join(folder, "network.json"),
    key: join(folder, "key.json"),
    purse: join(folder, "purse"),
    load: join(folder, "load.json"),
    intake: join(folder, "intake.key"),
    parcels: join(folder, "parcels"),
    carried: join(folder, "carried"),
  };
}

/**
 * Makes the folder's files. Made again with the same settings it stays as it is.
 * @throws Refusal `conflict` for a folder with other settings; `bad-configuration`.
 */
export async function makeWalletFile(folder: string, settings: WalletSettings): Promise<void> {
  const { network, ...own } = settings;
  const file: WalletFile = { format: FORMAT, ...own };
  const text = `${JSON.stringify(file, undefined, 2)}\n`;
  const paths = walletPaths(folder);
  // What is wrong is said before anything is written.
  parseWalletFile(text, paths.settings);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await createOnce(paths.network, formatNetworkFile(network));
  await createOnce(paths.settings, text);
}

/** @throws Refusal `wrong-folder` where no wallet was made; `bad-configuration`. */
export async function readWalletFile(folder: string): Promise<WalletSettings> {
  const paths = walletPaths(folder);
  const text = await readFile(paths.settings, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new Refusal(
      "wrong-folder",
      `there is no wallet in ${folder}: make one with "tallystick wallet init"`,
    );
  });
  const { format: _, ...settings } = parseWalletFile(text, paths.settings);
  return { ...settings, network: parseNetworkFile(await readFile(paths.network, "utf8")) };
}

/** @param path as it is named in refusals. */
function parseWalletFile(text: string, path: string): WalletFile {
  const bad = (problem: string) => new Refusal("bad-configuration", `${path}: ${problem}`);
  let fields: Record<string, unknown>;
  try {
    fields = { ...(JSON.parse(text) as object) };
  } catch {
    throw bad("it is not JSON");
  }
  // Files from before there was a choice name no class.
  const { class: named = "software", ...rest } = fields;
  const { format, member, gateway, trustKey, receiptLifeS, ...others } = rest;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw bad(`"${unknown}" is not known`);
  if (format !== FORMAT) throw bad(`"format" is not ${FORMAT}`);
  if (!isWhole(member, 0xffff)) throw bad('"member" is not a member\'s number');
  if (!isDeviceClass(named)) throw bad(`"class" is not one of ${classNames}`);
  if (typeof gateway !== "string" || !/^https?:/.test(gateway) || !URL.canParse(gateway))
    throw bad('"gateway" is not an http or https URL');
  if (typeof trustKey !== "string" || !/^0x0[23][0-9a-f]{64}$/.test(trustKey))
    throw bad('"trustKey" is not a compressed P-256 key: 0x and 66 lower-case digits');
  if (!isWhole(receiptLifeS, 2 ** 32 - 1)) throw bad('"receiptLifeS" is not a number of seconds');
  return { format, member, class: named, gateway, trustKey: trustKey as Hex, receiptLifeS };
}

/** @throws Refusal `malformed` for what is no class of devices. */
export function parseDeviceClass(text: string): DeviceClass {
  if (isDeviceClass(text)) return text;
  throw new Refusal("malformed", `"${text}" is no class of devices: say one of ${classNames}`);
}

function isDeviceClass(name: unknown): name is DeviceClass {
  return typeof name === "string" && Object.hasOwn(deviceClasses, name);
}

function isWhole(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max;
}

async function createOnce(path: string, text: string): Promise<void> {
  try {
    await createFile(path, text, 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if ((await readFile(path, "utf8")) === text) return;
    throw new Refusal("conflict", `${path} is there already and says something else`);
  }
}
