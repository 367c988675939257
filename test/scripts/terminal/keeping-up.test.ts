import { expect } from "chai";
import { keepUp } from "../../../scripts/terminal/keeping-up.ts";
import { Till } from "../../../scripts/terminal/till.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { TestGateway } from "../../device/support/gateway.ts";
import { World } from "../../device/support/world.ts";
import { until } from "../../support/until.ts";

describe("a till that keeps up", () => {
  it("syncs when it starts, then while something waits, and says once that it cannot [R-044]", async () => {
    const world = new World();
    const shop = await world.device("shop");
    const gateway = new TestGateway(world, 1);
    const said: string[] = [];
    const note = (lines: readonly string[]) => said.push(...lines);
    let isAway = false;
    let tries = 0;
    const wallet = {
      purse: shop.purse,
      parse: () => 1n,
      format: String,
      gateway: async () => {
        tries++;
        if (isAway) throw new Refusal("unavailable", "nobody answers");
        return gateway;
      },
    };
    const till = new Till(wallet, { clock: () => world.now, show: () => undefined, note });
    const ended = new AbortController();
    const keeping = keepUp(till, { everyMs: 5, note, signal: ended.signal });
    await until("it has synced", () => gateway.asked.includes("lists"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(tries, "nothing waits").to.equal(1);

    isAway = true;
    const phone = await world.device("phone", { coins: [9n] });
    await shop.purse.receive(await phone.purse.pay(await shop.purse.request(5n)));
    await until("it has tried again and again", () => tries > 4);
    expect(said).to.deep.equal(["Not synced: nobody answers."]);

    isAway = false;
    await until("it has handed in", () => gateway.waiting.size === 1);
    gateway.sequence();
    await until("it has settled", () => shop.purse.pending().length === 0);
    await until("it has said so", () => said.length > 1);
    expect(said.slice(1)).to.deep.equal(["Synced: 1 settled, 0 on their way."]);
    ended.abort();
    await keeping;
  });
});
