/** `tallystick gateway device` at a gateway that runs. */
import { expect } from "chai";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { until } from "../../support/until.ts";
import { Bank, MEMBER } from "../../gateway/support/bank.ts";
import { TestDevice } from "../../gateway/support/device.ts";
import { RECLAIM_DELAY_S } from "../../support/ledger.ts";
import { said, saidJson, tallystick } from "./support/tallystick.ts";

describe("tallystick gateway device", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let card: TestDevice;
  const device = (what: string, ...more: readonly string[]) => [
    "gateway",
    "device",
    what,
    card.owner,
    "--staff",
    bank.gateway.staffUrl,
    ...more,
  ];

  before(async () => {
    bank = await Bank.open(await folder());
    bank.pass(0);
    bank.node.ledger.deposit(MEMBER, 1_000n);
    await bank.start();
    card = await TestDevice.enrolled(bank, "anna", 100n);
    await card.load(100n);
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  it("reports a device lost, says what comes next, and shows what was taken back [N-06]", async () => {
    const text = await said(device("lost"));
    expect(text).to.match(/blocked since \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    expect(text).to.match(/was reported lost on/);
    await until("the chain has it", () => bank.node.revocations === 1);
    bank.pass(RECLAIM_DELAY_S);
    await until("it is taken back", async () => {
      const { lost } = await saidJson(device("show"));
      return lost.reclaimed === "100" && lost.onDevice === "0";
    });
    expect(await said(device("lost"))).to.match(/The bank has taken 1\.00 EUR back from it\./);
  });

  it("gives a credential for another device, and refuses what it does not know", async () => {
    const { credential } = await saidJson(device("replace", "--load"));
    expect(credential).to.match(/^[0-9A-Z]{26}$/);
    const { lost } = await saidJson(device("show"));
    expect(lost.replacement).to.deep.equal({ load: true, loaded: "0" });
    const stranger = `0x${"12".repeat(20)}`;
    const staff = ["--staff", bank.gateway.staffUrl];
    for (const what of ["show", "block", "lost", "replace"]) {
      const { code, stderr } = await tallystick(["gateway", "device", what, stranger, ...staff]);
      expect([code === 0, stderr.includes("not-found")]).to.deep.equal([false, true], stderr);
    }
    const { stderr } = await tallystick(["gateway", "device", "show", "0x12", ...staff]);
    expect(stderr).to.include("is not an owner");
    expect((await tallystick(["gateway"])).stderr).to.include("--config");
  });
});
