/** How often somebody may ask, and that nobody uses up what is another's. */
import { expect } from "chai";
import fc from "fast-check";
import { RateLimits } from "../../gateway/rate-limits.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { Bank } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

describe("a share of what may be asked", () => {
  let now = 0;
  const limits = (perS: number, burst: number, namesMax = 10) =>
    new RateLimits({ perS, burst, namesMax }, () => now);
  const takes = (rates: RateLimits, name: string) => {
    try {
      rates.take(name, "it comes");
      return true;
    } catch (error) {
      if (!isRefusal(error, "rate-limited")) throw error;
      return false;
    }
  };

  it("is a burst, and then so much a second, whatever the clock does and whoever else asks", () => {
    const step = fc.record({
      name: fc.constantFrom("ada", "ben"),
      ms: fc.integer({ min: -50, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        now = 1_000_000;
        const rates = limits(5, 3);
        const taken: Record<string, number> = { ada: 0, ben: 0 };
        let passed = 0;
        for (const { name, ms } of steps) {
          now += ms;
          passed += Math.max(0, ms);
          if (takes(rates, name)) taken[name]!++;
          const most = 3 + (5 * passed) / 1000;
          expect(taken[name]).to.be.at.most(Math.floor(most + 1e-9));
        }
      }),
    );
  });

  it("fills again by itself, and no further than the burst", () => {
    now = 0;
    const rates = limits(2, 3);
    const many = () => [1, 2, 3, 4].map(() => takes(rates, "ada"));
    expect(many()).to.deep.equal([true, true, true, false]);
    now = 500;
    expect(many()).to.deep.equal([true, false, false, false]);
    now = 3_600_000;
    expect(many()).to.deep.equal([true, true, true, false]);
  });

  it("is remembered for so many names and no more, the silent ones being forgotten first", () => {
    now = 0;
    const rates = limits(1, 1, 3);
    expect(["a", "b", "c", "a"].map((name) => takes(rates, name))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    for (let i = 0; i < 1_000; i++) {
      takes(rates, `stranger ${i}`);
      expect(takes(rates, "a")).to.equal(false);
      expect(rates.size).to.be.at.most(3);
    }
  });
});

describe("devices at a gateway", () => {
  const folder = temporaryFolders();

  it("have a share each, which strangers without number cannot use up [N-13]", async () => {
    const settings = {
      "rates.devicePerS": 1,
      "rates.deviceBurst": 40,
      "rates.strangersMax": 2,
    };
    await using bank = await Bank.open(await folder(), { settings });
    await bank.start();
    const ada = await TestDevice.enrolled(bank, "ada", 0n);
    const ben = await TestDevice.enrolled(bank, "ben", 0n);
    const certify = { kind: "certify" } as const;
    for (let i = 0; i < 5; i++) {
      await refusal("unauthorised", new TestDevice(bank).ask(certify));
    }
    const forged = await ada.request(certify);
    for (let i = 0; i < 60; i++) {
      const bytes = forged.bytes.slice();
      bytes[bytes.length - 1]! ^= 1 + (i % 255);
      await refusal("bad-signature", ada.send({ ...forged, bytes }));
    }
    expect((await ada.ask(certify)).certificate.member).to.equal(1);
    const many = Promise.all(Array.from({ length: 100 }, () => ada.ask(certify)));
    const { detail } = await refusal("rate-limited", many);
    expect(detail).to.equal("the device asks more than 1 times a second");
    expect((await ben.ask(certify)).certificate.member).to.equal(1);
    bank.ahead = 120_000;
    expect((await ada.ask(certify)).certificate.member).to.equal(1);
  });
});
