import { expect } from "chai";
import { Nudge } from "../../../node/service/nudge.ts";

const LONG_MS = 600_000;

describe("a nudge", () => {
  const { signal } = new AbortController();

  it("ends a rest that is under way, or else the next one, and no more than one", async () => {
    const nudge = new Nudge();
    const rest = nudge.rest(LONG_MS, signal);
    nudge.give();
    nudge.give();
    await rest;
    nudge.give();
    await nudge.rest(LONG_MS, signal);
    let isOver = false;
    const next = nudge.rest(LONG_MS, signal).then(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isOver).to.equal(false);
    nudge.give();
    await next;
  });

  it("lets a rest end by itself, and with its signal", async () => {
    const nudge = new Nudge();
    const start = performance.now();
    await nudge.rest(20, signal);
    expect(performance.now() - start).to.be.at.least(19);
    const stop = new AbortController();
    const rest = nudge.rest(LONG_MS, stop.signal);
    stop.abort();
    await rest;
    await nudge.rest(LONG_MS, stop.signal);
  });
});
