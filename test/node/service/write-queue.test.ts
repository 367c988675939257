import { expect } from "chai";
import { WriteQueue } from "../../../node/service/write-queue.ts";

/** A queue whose writes end when the test says so. */
function heldQueue(itemsMax: number) {
  const writes: { items: readonly number[]; end: PromiseWithResolvers<void> }[] = [];
  const queue = new WriteQueue<number>(async (items) => {
    const end = Promise.withResolvers<void>();
    writes.push({ items, end });
    await end.promise;
  }, itemsMax);
  return { queue, writes };
}

/** Lets everything run that can run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("WriteQueue", () => {
  it("writes at once when idle, and what waits meanwhile together, in order", async () => {
    const { queue, writes } = heldQueue(100);
    const added = [queue.add([1]), queue.add([2, 3]), queue.add([4])];
    await settle();
    expect(writes.map((it) => it.items)).to.deep.equal([[1]]);
    writes[0]!.end.resolve();
    await added[0];
    expect(writes.map((it) => it.items)).to.deep.equal([[1], [2, 3, 4]]);
    writes[1]!.end.resolve();
    await Promise.all(added);
    await queue.idle();
  });

  it("parts what waits at its bound, but never what came together", async () => {
    const { queue, writes } = heldQueue(3);
    const added = [[0], [1, 2], [3], [4, 5, 6, 7], [8]].map((items) => queue.add(items));
    for (let i = 0; i < 4; i++) {
      await settle();
      writes[i]!.end.resolve();
    }
    await Promise.all(added);
    expect(writes.map((it) => it.items)).to.deep.equal([[0], [1, 2, 3], [4, 5, 6, 7], [8]]);
  });

  it("fails everything that waits behind a write that failed", async () => {
    const { queue, writes } = heldQueue(1);
    const added = Promise.allSettled([queue.add([1]), queue.add([2]), queue.add([3])]);
    await settle();
    const reason = new Error("the disk is full");
    writes[0]!.end.reject(reason);
    expect(await added).to.deep.equal(
      Array.from({ length: 3 }, () => ({ status: "rejected", reason })),
    );
    expect(writes.length).to.equal(1);
    await queue.idle();
  });

  it("does between two writes what may see none halfway, and then what waits", async () => {
    const { queue, writes } = heldQueue(100);
    const order: string[] = [];
    const first = queue.add([1]);
    const gate = Promise.withResolvers<void>();
    const between = ["a", "b"].map((name) =>
      queue.between(async () => {
        order.push(name);
        await gate.promise;
        return name;
      }),
    );
    const second = queue.add([2]).then(() => order.push("second"));
    await settle();
    expect(order).to.deep.equal([]);
    writes[0]!.end.resolve();
    await first;
    await settle();
    expect(order).to.deep.equal(["a"]);
    expect(writes.length).to.equal(1);
    gate.resolve();
    expect(await Promise.all(between)).to.deep.equal(["a", "b"]);
    expect(order).to.deep.equal(["a", "b"]);
    await settle();
    writes[1]!.end.resolve();
    await second;
    await queue.idle();
  });

  it("lets a write of its own go alone, in its turn, and fails it behind one that failed", async () => {
    const { queue, writes } = heldQueue(100);
    const gate = Promise.withResolvers<void>();
    const calls: string[] = [];
    const alone = (name: string) =>
      queue.addAlone(async () => {
        calls.push(name);
        await gate.promise;
      });
    const added = [queue.add([1]), queue.add([2]), alone("a"), queue.add([3]), queue.add([4])];
    await settle();
    writes[0]!.end.resolve();
    await settle();
    expect(writes.map((it) => it.items)).to.deep.equal([[1], [2]]);
    expect(calls).to.deep.equal([]);
    writes[1]!.end.resolve();
    await settle();
    expect(calls).to.deep.equal(["a"]);
    gate.resolve();
    await settle();
    expect(writes[2]!.items).to.deep.equal([3, 4]);
    const last = Promise.allSettled([alone("b")]);
    writes[2]!.end.reject(new Error("the disk is full"));
    expect((await Promise.allSettled(added)).map(({ status }) => status)).to.deep.equal([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect((await last)[0]!.status).to.equal("rejected");
    expect(calls).to.deep.equal(["a"]);
  });

  it("hands on what work between writes throws, and goes on", async () => {
    const { queue, writes } = heldQueue(1);
    const failed = queue.between(() => Promise.reject(new Error("no"))).catch((e: Error) => e);
    const added = queue.add([1]);
    await settle();
    writes[0]!.end.resolve();
    await added;
    expect(await failed).to.have.property("message", "no");
  });
});
