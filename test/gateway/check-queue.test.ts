/** Who is looked at next when more comes than can be checked. */
import { expect } from "chai";
import { CheckQueue } from "../../gateway/check-queue.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { refusal } from "./support/refusal.ts";

describe("the queue of what is to be checked", () => {
  let now: number;
  let queue: CheckQueue;
  let done: string[];
  let ends: Map<string, () => void>;

  beforeEach(() => {
    now = 0;
    queue = new CheckQueue(() => now);
    done = [];
    ends = new Map();
  });

  /** A request that is checked until `end` is called for it. */
  const ask = (name: string, by: { isOwn?: boolean; signal?: AbortSignal } = {}, leaves = 1) =>
    queue.run(leaves, by, async () => {
      done.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string) => {
    await nextTurn();
    ends.get(name)!();
    await nextTurn();
  };

  it("looks at one request after another, the member's own devices' first", async () => {
    const all = [ask("a"), ask("b"), ask("c"), ask("own", { isOwn: true })];
    await end("a");
    await end("own");
    await end("b");
    await end("c");
    await Promise.all(all);
    expect(done).to.deep.equal(["a", "own", "b", "c"]);
    expect(queue.leaves).to.equal(0);
  });

  it("turns away as busy what has waited too long, before any work is done for it", async () => {
    const first = ask("a");
    const late = refusal("busy", ask("late"));
    now = limits.checkWaitMaxMs + 1;
    const inTime = ask("b");
    await end("a");
    await late;
    await end("b");
    await Promise.all([first, inTime]);
    expect(done).to.deep.equal(["a", "b"]);
  });

  it("turns strangers away before they are read while others have waited for long", async () => {
    const all = [ask("a"), ask("b")];
    queue.checkRoom();
    now = limits.checkWaitMaxMs / 2 + 1;
    expect(() => queue.checkRoom())
      .to.throw(Refusal)
      .with.property("code", "busy");
    await end("a");
    queue.checkRoom();
    await end("b");
    await Promise.all(all);
  });

  it("does no work for a caller that has gone away", async () => {
    const gone = new AbortController();
    const first = ask("a");
    const second = refusal("busy", ask("b", { signal: gone.signal }));
    gone.abort();
    await end("a");
    await Promise.all([first, second]);
    expect(done).to.deep.equal(["a"]);
  });

  it("is bounded, and keeps as much room again for the member's own devices", async () => {
    const first = ask("a", {}, limits.leavesWaitingMax);
    await refusal("busy", ask("b"));
    const own = ask("own", { isOwn: true }, limits.leavesWaitingMax);
    await refusal("busy", ask("more", { isOwn: true }));
    await end("a");
    await end("own");
    await Promise.all([first, own]);
    expect(queue.leaves).to.equal(0);
  });

  it("goes on after a request that fails", async () => {
    const failed = queue.run(1, {}, async () => {
      throw new Error("the disk is gone");
    });
    const next = ask("b");
    const reason: unknown = await failed.catch((error: unknown) => error);
    expect(reason).to.be.instanceOf(Error);
    await end("b");
    await next;
  });
});
