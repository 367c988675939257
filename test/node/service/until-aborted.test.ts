import { getEventListeners } from "node:events";
import { expect } from "chai";
import { untilAborted } from "../../../node/service/until-aborted.ts";

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe("untilAborted", () => {
  it("gives what the promise gives, and lets go of the signal", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(7), signal)).to.equal(7);
    const error = new Error("no");
    expect(await outcome(untilAborted(Promise.reject(error), signal))).to.deep.equal({ error });
    expect(getEventListeners(signal, "abort")).to.deep.equal([]);
  });

  it("gives up with the signal's reason while the promise hangs, or before it is asked", async () => {
    const controller = new AbortController();
    const waiting = outcome(untilAborted(new Promise(() => {}), controller.signal));
    const reason = new Error("stopping");
    controller.abort(reason);
    expect(await waiting).to.deep.equal({ error: reason });
    expect(await outcome(untilAborted(Promise.resolve(7), controller.signal))).to.deep.equal({
      error: reason,
    });
  });
});
