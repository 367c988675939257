/** The sender's side of couriers: what the purse has to say to its bank, as parcels in a folder, and the answers. */
import { Sender } from "../../device/courier/sender.ts";
import { FilePurseStore } from "../../device/file-store.ts";
import { decodeParcel, parcelId } from "../../protocol/parcel.ts";
import { systemRandom } from "../../protocol/random.ts";
import { isRefusal, type Refusal } from "../../protocol/refusal.ts";
import type { Report } from "../report.ts";
import { readAnswer, removeFilesOf, writeFileIn } from "./parcel-folder.ts";
import type { Wallet } from "./wallet.ts";
import { walletPaths } from "./wallet-file.ts";

/** @throws Refusal `unavailable` before the bank's key for this was heard; as the folder's files do. */
export async function writeParcels(wallet: Wallet, dir: string): Promise<Report> {
  const key = await wallet.intake();
  return withSender(wallet, async (sender) => {
    const parcels = await sender.seal({ member: wallet.settings.member, key });
    for (const parcel of parcels) {
      const { bytes } = decodeParcel(parcel);
      await writeFileIn(dir, parcelId(wallet.purse.networkId, bytes), "parcel", bytes);
    }
    const lines =
      parcels.length === 0
        ? ["The purse has nothing to say to its bank: no parcel is needed."]
        : [`${parcels.length} for the bank in ${dir}: any courier carries them.`];
    return { lines, data: { written: parcels.length } };
  });
}

/** What is no answer to a parcel of this wallet is not touched. */
export async function takeAnswers(wallet: Wallet, dir: string): Promise<Report> {
  return withSender(wallet, async (sender) => {
    const refused: { code: Refusal["code"]; text: string }[] = [];
    const waited = sender.waiting;
    let taken = 0;
    for (const id of waited) {
      const answer = await readAnswer(dir, id);
      if (answer === undefined) continue;
      try {
        if (await sender.take(answer)) taken += 1;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push({ code: error.code, text: error.message });
      }
      if (!sender.waiting.includes(id)) await removeFilesOf(dir, id);
    }
    const waiting = sender.waiting.length;
    const pending = wallet.purse.pending().length;
    const lines = [
      `${taken} answers taken, ${waiting} parcels wait for theirs, ${pending} records are not settled.`,
      ...refused.map(({ code, text }) => `refused: ${code}, ${text}`),
    ];
    return { lines, data: { taken, waiting, pending, refused } };
  });
}

async function withSender(
  wallet: Wallet,
  work: (sender: Sender) => Promise<Report>,
): Promise<Report> {
  const { purse, folder } = wallet;
  const store = await FilePurseStore.open(walletPaths(folder).parcels);
  const sender = await Sender.open({ purse, store, random: systemRandom, clock: Date.now });
  try {
    return await work(sender);
  } finally {
    await sender.close();
  }
}
