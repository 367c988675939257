/**
 * The shop that a till belongs to. Its tills share a key, in a file that each has a copy of, and warn each other
 * over the shop's own network of the coins they have taken, with or without internet.
 */
import { open } from "node:fs/promises";
import { Alarm } from "../../device/alarm/alarm.ts";
import { UdpLink, type UdpLinkOptions } from "../../device/alarm/udp-link.ts";
import type { ShopKey } from "../../protocol/alarm.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { systemRandom } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { readWalletFile } from "../wallet/wallet-file.ts";

const KEY_LENGTH = 32;
/** Read, write and execute for group and others. */
const OTHERS = 0o077;

/**
 * Joins the shop of a key file, on the network that the link's address is in.
 * @param folder the wallet's. @throws Refusal as `openShopKey` does; `unavailable` without such a network.
 */
export async function joinShop(
  folder: string,
  keyFile: string,
  options: UdpLinkOptions,
): Promise<Alarm> {
  const { network, receiptLifeS } = await readWalletFile(folder);
  const shopKey = await openShopKey(keyFile);
  const alarm = new Alarm({
    networkId: fromHex(network.networkId, 32),
    shopKey,
    link: await openLink(options),
    random: systemRandom,
    clock: Date.now,
    receiptLifeMs: receiptLifeS * 1000,
  });
  alarm.start();
  return alarm;
}

/**
 * Reads a shop's key, or makes one where there is none.
 * @throws Refusal `exposed-key` if others may read it; `bad-configuration` if it is no key.
 */
export async function openShopKey(path: string): Promise<ShopKey> {
  try {
    return await readKey(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  await using file = await open(path, "wx", 0o600);
  const key = systemRandom(KEY_LENGTH);
  await file.writeFile(`${toHex(key)}\n`);
  await file.sync();
  return key;
}

/** Looks at the mode of the very file that it reads, and quotes nothing of it. */
async function readKey(path: string): Promise<ShopKey> {
  await using file = await open(path, "r");
  const { mode } = await file.stat();
  if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
    throw new Refusal("exposed-key", `${path} has mode ${(mode & 0o777).toString(8)}`);
  }
  const text = (await file.readFile("utf8")).trim();
  if (/^0x[0-9a-f]{64}$/.test(text)) return fromHex(text as `0x${string}`, KEY_LENGTH);
  throw new Refusal("bad-configuration", `${path} is no shop's key`);
}

async function openLink(options: UdpLinkOptions): Promise<UdpLink> {
  try {
    return await UdpLink.open(options);
  } catch (error) {
    const { message } = error as Error;
    throw new Refusal("unavailable", `the shop's network cannot be joined: ${message}`);
  }
}
