/** What devices hold by the ledger, asked for one after the other. */
import { expect } from "chai";
import { DeviceBalances } from "../../gateway/device-balances.ts";
import type { Device } from "../../gateway/devices.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import type { Owner } from "../../protocol/key.ts";
import { until } from "../support/until.ts";

const logger = makeLogger({ name: "test", level: "silent" });
const owners = ["01", "02", "03"].map((byte): Owner => `0x${byte.repeat(20)}`);
const deviceOf = (owner: Owner): Device => ({
  key: `${owner}00`,
  account: "anna",
  customer: "Anna",
  class: "host",
  label: "",
  salt: "0x",
  enrolment: "0x",
  registered: 0,
});

describe("the sweep of devices' balances", () => {
  it("goes on to the others when one cannot be asked for, and asks for that again", async () => {
    const settled: Owner[] = [];
    let isAway = true;
    const balances = new DeviceBalances({
      devices: {
        all: async function* () {
          yield* owners.map((owner) => ({ owner, ...deviceOf(owner) }));
        },
        get: async (owner) => deviceOf(owner),
      },
      node: {
        enrolment: async (owner: Owner) => {
          if (isAway && owner === owners[0]) throw new Error("no answer");
          return { balance: "0", seq: 1 } as never;
        },
      },
      accounts: {
        settle: async (_account, owner) => {
          settled.push(owner);
        },
      },
      sweepMs: 86_400_000,
      logger,
    });
    balances.start();
    await until("the others are asked for", () => settled.length === 2);
    expect(settled).to.deep.equal(owners.slice(1));
    isAway = false;
    await until("it is asked for again", () => settled.length === 3);
    await balances.stop();
  });
});
