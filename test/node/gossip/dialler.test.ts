import { mock } from "node:test";
import { expect } from "chai";
import { Dialler } from "../../../node/gossip/dialler.ts";

describe("dialler", () => {
  let now: number;
  /** When each peer was dialled, in milliseconds since the start. */
  let dials: [peer: string, at: number][];
  let answers: boolean;
  let dialler: Dialler;

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    now = 0;
    dials = [];
    answers = false;
    dialler = new Dialler({
      dial: async (peer) => {
        dials.push([peer, now]);
        if (!answers) throw new Error("no answer");
        dialler.connected(peer);
      },
      now: () => now,
      // Half of what jitter can be: delays are what they are without it.
      random: (length) => new Uint8Array(length).fill(127.5),
    });
  });

  afterEach(() => {
    dialler.stop();
    mock.timers.reset();
  });

  /** Lets time pass in small steps, so that what follows a dial is done before the next. */
  async function pass(ms: number): Promise<void> {
    for (let step = 0; step < ms; step += 10) {
      now += 10;
      mock.timers.tick(10);
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  function gaps(): number[] {
    return dials.slice(1).map(([, at], index) => Math.round((at - dials[index]![1]) / 100) / 10);
  }

  it("dials an unreachable peer less and less often, and never gives up", async () => {
    dialler.want("a", true);
    await pass(60_000);
    expect(gaps().slice(0, 8)).to.deep.equal([0.5, 1, 2, 4, 8, 10, 10, 10]);
  });

  it("lets one of two peers dial first", async () => {
    dialler.want("eager", true);
    dialler.want("patient", false);
    await pass(600);
    expect(dials.slice(0, 2).map(([peer]) => peer)).to.deep.equal(["eager", "patient"]);
    expect(dials.find(([peer]) => peer === "eager")![1]).to.be.at.most(10);
    expect(dials.find(([peer]) => peer === "patient")![1]).to.be.at.least(500);
  });

  it("leaves a connected peer alone, and dials at once again when a long connection is lost", async () => {
    answers = true;
    dialler.want("a", true);
    await pass(30_000);
    expect(dials).to.have.length(1);

    dialler.lost("a");
    await pass(300);
    expect(gaps()).to.deep.equal([30.2]);
  });

  it("counts a connection that ends at once as a failure", async () => {
    answers = true;
    dialler.want("a", true);
    for (let i = 0; i < 6; i++) {
      await pass(10);
      while (dials.length === i) await pass(10);
      dialler.lost("a");
    }
    await pass(10_010);
    expect(gaps()).to.deep.equal([0.5, 1, 2, 4, 8, 10]);
  });

  it("dials a peer that had come by itself before it was wanted, once it is gone", async () => {
    const came = new Dialler({
      // It is connected already: a dial changes nothing.
      dial: async (peer) => void dials.push([peer, now]),
      now: () => now,
      random: (length) => new Uint8Array(length).fill(127.5),
    });
    came.want("a", true);
    await pass(60_000);
    expect(dials).to.have.length(1);
    came.lost("a");
    await pass(1000);
    expect(dials).to.have.length(2);
    came.stop();
  });

  it("stops dialling a peer that is no longer wanted", async () => {
    dialler.want("a", true);
    await pass(100);
    dialler.forget("a");
    await pass(30_000);
    expect(dials).to.have.length(1);
  });
});
