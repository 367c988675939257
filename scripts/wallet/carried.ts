/**
 * The courier's side: others' parcels in a store of their own, beside the purse and without it. Whoever carries need
 * not be enrolled, and the purse of the same folder may be in use meanwhile.
 */
import { Courier } from "../../device/courier/courier.ts";
import { HttpParcelGateway } from "../../device/courier/parcel-gateway.ts";
import { FilePurseStore } from "../../device/file-store.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { reach } from "../fetch-json.ts";
import type { Report } from "../report.ts";
import { filesIn, writeFileIn } from "./parcel-folder.ts";
import { readWalletFile, walletPaths, type WalletSettings } from "./wallet-file.ts";

/** Takes along what is there, and leaves the answers to it. @throws Refusal `busy` while it carries as much as it may. */
export function carryParcels(folder: string, dir: string): Promise<Report> {
  return withCourier(folder, async (courier) => {
    const passedOver: string[] = [];
    let carried = 0;
    let answered = 0;
    for await (const { name, bytes } of filesIn(dir, "parcel")) {
      const id = bytes && (await taken(courier, bytes));
      const answer = id && courier.answerTo(id);
      if (id === undefined) passedOver.push(name);
      else if (answer === undefined) carried += 1;
      else {
        await writeFileIn(dir, id, "answer", answer);
        answered += 1;
      }
    }
    const lines = [
      `${carried} carried from ${dir}, ${answered} answers left there.`,
      ...passedOver.map((name) => `${name} is no parcel, and was passed over.`),
    ];
    return { lines, data: { carried, answered, passedOver } };
  });
}

/** @param url any gateway of the network; the own bank's by default. @throws Refusal `unavailable`; as the gateway says. */
export function deliverParcels(folder: string, url: string | undefined): Promise<Report> {
  return withCourier(folder, async (courier, settings) => {
    const at = url ?? settings.gateway;
    const delivery = await reach(at, () => courier.deliver(new HttpParcelGateway(at, fetch)));
    const { answered, kept, refused } = delivery;
    const lines = [
      `${answered} answered, ${kept} kept until their bank answers, ${refused} refused and dropped.`,
      ...(kept > 0 ? ["Deliver again later: what is kept has no answer yet."] : []),
    ];
    return { lines, data: delivery };
  });
}

/** Undefined for what no courier takes, ever. */
async function taken(courier: Courier, bytes: Uint8Array): Promise<Hex | undefined> {
  try {
    return await courier.take(bytes);
  } catch (error) {
    if (isRefusal(error) && !error.row.retry) return undefined;
    throw error;
  }
}

async function withCourier(
  folder: string,
  work: (courier: Courier, settings: WalletSettings) => Promise<Report>,
): Promise<Report> {
  const settings = await readWalletFile(folder);
  const networkId = fromHex(settings.network.networkId, 32);
  const store = await FilePurseStore.open(walletPaths(folder).carried);
  const courier = await Courier.open({ networkId, store, clock: Date.now });
  try {
    return await work(courier, settings);
  } finally {
    await courier.close();
  }
}
