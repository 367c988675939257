/** A store of either kind by a text: `level FOLDER` or `postgres URL`. */
import { parseAddress } from "../../../gateway/postgres/address.ts";
import { Database } from "../../../gateway/postgres/database.ts";
import { SharedStore } from "../../../gateway/postgres/shared-store.ts";
import type { Store } from "../../../gateway/store.ts";
import { DataFolder } from "../../../node/service/data-folder.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";

const quiet = makeLogger({ name: "test", level: "fatal" });

export type OpenStore = { readonly store: Store; readonly close: () => Promise<void> };

export const networkId: Hex = `0x${"ab".repeat(32)}`;

export function sharedStore(url: string, owner = { networkId, member: 1 }): SharedStore {
  return new SharedStore(new Database(parseAddress(url, {}), "test"), owner, quiet);
}

/** @returns undefined while another process has it. */
export async function openStore(where: string): Promise<OpenStore | undefined> {
  const [kind, place] = where.split(" ") as [string, string];
  return kind === "level" ? openFolder(place) : openDatabase(place);
}

async function openFolder(path: string): Promise<OpenStore | undefined> {
  await using opened = new AsyncDisposableStack();
  try {
    const folder = opened.use(await DataFolder.open(path, { kind: "gateway", networkId }));
    const store = opened.use(await folder.openStore("gateway"));
    const parts = opened.move();
    return { store, close: () => parts.disposeAsync() };
  } catch (error) {
    if (isRefusal(error, "in-use")) return undefined;
    throw error;
  }
}

async function openDatabase(url: string): Promise<OpenStore | undefined> {
  await using opened = new AsyncDisposableStack();
  const shared = sharedStore(url);
  opened.defer(() => shared.close());
  const lead = await shared.lead();
  if (lead === undefined) return undefined;
  opened.use(lead);
  const parts = opened.move();
  return { store: lead.store, close: () => parts.disposeAsync() };
}
