/** Tills of one shop: the key they share, and one coin at two of them over a real local network. */
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Alarm } from "../../../device/alarm/alarm.ts";
import { MemoryPurseStore } from "../../../device/purse-store.ts";
import type { PendingRecord } from "../../../device/pending-store.ts";
import { framesOf, planFrames } from "../../../device/qr/frames.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { formatAmount, parseAmount } from "../../../protocol/money.ts";
import { joinShop, openShopKey } from "../../../scripts/terminal/shop.ts";
import { Till } from "../../../scripts/terminal/till.ts";
import type { View } from "../../../scripts/terminal/words.ts";
import { makeWalletFile } from "../../../scripts/wallet/wallet-file.ts";
import { refused } from "../../device/support/refused.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { World } from "../../device/support/world.ts";
import { evidenceNetwork } from "../../support/evidence.ts";
import { until } from "../../support/until.ts";

const euro = { code: "EUR", digits: 2 };

describe("tills of one shop", () => {
  const folders = temporaryFolders();
  const alarms: Alarm[] = [];

  afterEach(async () => {
    await Promise.all(alarms.splice(0).map((alarm) => alarm.stop()));
  });

  it("share a key, which the first of them makes for its owner alone", async () => {
    const path = join(await folders(), "shop.key");
    const key = await openShopKey(path);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect(await openShopKey(path)).to.deep.equal(key);
    expect(key).to.have.length(32);
    await chmod(path, 0o640);
    await refused("exposed-key", openShopKey(path));
    await chmod(path, 0o600);
    await writeFile(path, "a shop's key, perhaps\n");
    const refusal = await refused("bad-configuration", openShopKey(path));
    expect(refusal.message).to.not.include("perhaps");
    expect(await readFile(path, "utf8")).to.include("perhaps");
  });

  it("refuse at one what was taken at another, over the shop's network [N-20, R-165]", async () => {
    const shop = await folders();
    const port = 47_000 + (process.pid % 900);
    const world = new World();
    const openTill = async (name: string) => {
      const folder = join(shop, name);
      await makeWalletFile(folder, {
        network: evidenceNetwork,
        member: 1,
        class: "terminal",
        gateway: "http://127.0.0.1:1",
        trustKey: toHex(world.authority.publicKey),
        receiptLifeS: 604_800,
      });
      const alarm = await joinShop(folder, join(shop, "shop.key"), { address: "127.0.0.1", port });
      alarms.push(alarm);
      world.rivals.set(name, (coin) => alarm.rival(coin));
      const { purse } = await world.device(name);
      const views: View[] = [];
      const wallet = {
        purse,
        parse: (text: string) => parseAmount(text, euro),
        format: (amount: bigint) => formatAmount(amount, euro),
        gateway: () => Promise.reject(new Error("no till asks the bank here")),
      };
      const till = new Till(wallet, {
        clock: () => world.now,
        show: (view) => views.push(view),
        note: (lines) => views.push({ lines }),
        tell: (records: readonly PendingRecord[]) => alarm.tell(records),
      });
      return { till, views, alarm };
    };
    const [first, second] = [await openTill("till 1"), await openTill("till 2")];

    const store = new MemoryPurseStore();
    const mal = await world.device("Mal", { coins: [100n], store });
    const copied = new MemoryPurseStore();
    await copied.write(Array.from(await store.rows(), ([key, value]) => ({ key, value })));
    const copy = await world.open("Mal", 1, copied);
    const payAt = async ({ till, views }: typeof first, payer: typeof copy) => {
      await till.ask("0.60");
      const payment = await payer.pay(views.at(-1)!.message!);
      const frames = framesOf(payment);
      const { parts } = planFrames(payment.length);
      for (let i = 0; i < parts; i++) await till.scan(frames.next().value as string);
      return views.at(-1)!.lines.join("\n");
    };

    expect(await payAt(first, mal.purse)).to.match(/ACCEPTED {2}0\.60 EUR/);
    await until("the second till has heard", () => second.alarm.size === 1);
    expect(await payAt(second, copy))
      .to.match(/REFUSED/)
      .and.to.not.match(/ACCEPTED/);
  });
});
