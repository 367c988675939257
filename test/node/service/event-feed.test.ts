import { expect } from "chai";
import fc from "fast-check";
import { EventFeed } from "../../../node/service/event-feed.ts";
import type { ServerEvent } from "../../../node/service/event-stream.ts";

/** A feed over a list, as a process keeps it: an event is in the history before it is published. */
function listedFeed(bufferMax: number) {
  const list: ServerEvent<string>[] = [];
  let reads = 0;
  async function* history(id: number): AsyncGenerator<ServerEvent<string>> {
    reads++;
    // As it is at the first step, like a scan of a store.
    for (const event of list.filter((it) => it.id > id)) {
      await Promise.resolve();
      yield event;
    }
  }
  const feed = new EventFeed<string>({ history }, { bufferMax });
  const publish = (id: number) => {
    const event = { id, data: `event ${id}` };
    list.push(event);
    feed.publish(event);
  };
  return { feed, publish, reads: () => reads };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("EventFeed", () => {
  it("gives every follower what comes, from where it began", async () => {
    const { feed, publish } = listedFeed(10);
    const stop = new AbortController();
    publish(1);
    const seen: number[][] = [[], []];
    const follow = async (index: number, id: number | undefined) => {
      for await (const event of feed.follow(id, stop.signal)) seen[index]!.push(event.id);
    };
    const ends = [follow(0, undefined), follow(1, 0)];
    await settle();
    expect(feed.followers).to.equal(2);
    publish(2);
    publish(5);
    await settle();
    stop.abort();
    await Promise.all(ends);
    expect(seen).to.deep.equal([
      [2, 5],
      [1, 2, 5],
    ]);
    expect(feed.followers).to.equal(0);
  });

  it("ends at once for a follower whose signal is aborted already", async () => {
    const { feed, publish } = listedFeed(10);
    publish(1);
    expect(await Array.fromAsync(feed.follow(0, AbortSignal.abort()))).to.deep.equal([]);
    expect(feed.followers).to.equal(0);
  });

  it("bounds what waits for a slow follower, which reads on from the history and misses nothing", async () => {
    const { feed, publish, reads } = listedFeed(4);
    const stop = new AbortController();
    const follower = feed.follow(undefined, stop.signal);
    const first = follower.next();
    publish(0);
    expect((await first).value?.id).to.equal(0);
    for (let id = 1; id <= 1000; id++) publish(id);
    expect(reads()).to.equal(0);
    const seen: number[] = [];
    for (let i = 0; i < 1000; i++) seen.push((await follower.next()).value!.id);
    expect(seen).to.deep.equal(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(reads()).to.equal(1);
    stop.abort();
    expect((await follower.next()).done).to.equal(true);
  });

  it("does not give a follower of new events old ones when it falls behind before its first", async () => {
    const { feed, publish } = listedFeed(2);
    for (let id = 1; id <= 5; id++) publish(id);
    const stop = new AbortController();
    const follower = feed.follow(undefined, stop.signal);
    const first = follower.next();
    for (let id = 6; id <= 12; id++) publish(id);
    const seen = [(await first).value!.id];
    for (let i = 0; i < 6; i++) seen.push((await follower.next()).value!.id);
    expect(seen).to.deep.equal([6, 7, 8, 9, 10, 11, 12]);
    stop.abort();
    await follower.return(undefined);
  });

  it("gives each event once and in order, however publishing and reading interleave", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("publish", "publish", "read", "settle"), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 8 }),
        async (steps, bufferMax, before, from) => {
          const { feed, publish } = listedFeed(bufferMax);
          let last = 0;
          while (last < before) publish(++last);
          const stop = new AbortController();
          const seen: number[] = [];
          const follower = feed.follow(from, stop.signal);
          const read = async () => {
            const { value, done } = await follower.next();
            if (done !== true) seen.push(value.id);
          };
          const reads: Promise<void>[] = [];
          for (const step of steps) {
            if (step === "publish") publish(++last);
            else if (step === "read") reads.push(read());
            else await settle();
          }
          const expected = Array.from({ length: Math.max(0, last - from) }, (_, i) => from + 1 + i);
          while (reads.length < expected.length) reads.push(read());
          await Promise.all(reads.slice(0, expected.length));
          expect(seen.slice(0, expected.length)).to.deep.equal(expected);
          stop.abort();
          await Promise.all(reads);
          await follower.return(undefined);
          expect(feed.followers).to.equal(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
