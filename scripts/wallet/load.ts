/**
 * A load that survives the command: its id and its coins are written down before the bank is asked, so that
 * whatever goes wrong on the way, asking again asks for the same money and not for more.
 */
import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Load, load, planLoad } from "../../device/account.ts";
import type { GatewayClient } from "../../device/gateway-client.ts";
import { sync } from "../../device/sync.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { type Amount, parseMinorUnits } from "../../protocol/money.ts";
import { systemRandom } from "../../protocol/random.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Wallet } from "./wallet.ts";
import { walletPaths } from "./wallet-file.ts";

export type LoadOptions = {
  /** How long the bank may take before the command says that the load is on its way. */
  readonly waitMs: number;
  /** Lets go of a load that is under way: what comes of it comes with a later sync. */
  readonly isAnew?: boolean;
};

const RETRY_MS = 200;
const ID_LENGTH = 16;

/**
 * @returns whether the money is there, and whether it was asked for before.
 * @throws Refusal `conflict` while a load of another amount is under way; as the bank says.
 */
export async function loadWallet(
  wallet: Wallet,
  gateway: GatewayClient,
  amount: Amount,
  { waitMs, isAnew = false }: LoadOptions,
): Promise<{ readonly isApplied: boolean; readonly isResumed: boolean }> {
  const { folder, purse } = wallet;
  const path = walletPaths(folder).load;
  await sync(purse, gateway);
  const known = isAnew ? undefined : await readUnderWay(path);
  if (known !== undefined && known.amount !== amount)
    throw new Refusal(
      "conflict",
      `a load of ${wallet.format(known.amount)} is under way: load that amount again, or say --anew`,
    );
  const asked = known ?? planLoad(purse, systemRandom(ID_LENGTH), amount);
  if (known === undefined) await replaceFile(path, writtenLoad(asked));
  const isApplied = await untilDone(waitMs, () => load(purse, gateway, asked)).catch(
    async (error: unknown) => {
      // A bank that says no for good has not frozen anything.
      if (isRefusal(error) && !error.row.retry) await rm(path, { force: true });
      throw error;
    },
  );
  if (isApplied) await rm(path, { force: true });
  return { isApplied, isResumed: known !== undefined };
}

/** Asks again until it is done, or for as long as was said. */
export async function untilDone(waitMs: number, ask: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + waitMs; !(await ask()); await sleep(RETRY_MS)) {
    if (Date.now() > end) return false;
  }
  return true;
}

function writtenLoad({ id, amount, parts = [] }: Load): string {
  const written = { id: toHex(id), amount: String(amount), parts: parts.map(String) };
  return `${JSON.stringify(written)}\n`;
}

async function readUnderWay(path: string): Promise<Load | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { id, amount, parts } = JSON.parse(text) as Record<string, unknown>;
    return {
      id: fromHex(String(id), ID_LENGTH),
      amount: parseMinorUnits(String(amount)),
      parts: (parts as unknown[]).map((part) => parseMinorUnits(String(part))),
    };
  } catch {
    throw new Refusal("bad-configuration", `${path} is no load: remove it, then sync`);
  }
}
