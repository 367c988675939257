import { expect } from "chai";
import { Conduct } from "../../../node/gossip/conduct.ts";

const MINUTE_MS = 60_000;

describe("conduct", () => {
  it("bans a peer for longer each time, up to ten minutes, and no one else", () => {
    let now = 5_000_000;
    const conduct = new Conduct(() => now);
    expect(conduct.isBanned("liar")).to.equal(false);

    const bans: number[] = [];
    for (let i = 0; i < 8; i++) {
      const banMs = conduct.offend("liar", "garbage");
      bans.push(banMs / MINUTE_MS);
      now += banMs - 1;
      expect(conduct.isBanned("liar")).to.equal(true);
      expect(conduct.isBanned("neighbour")).to.equal(false);
      now += 1;
      expect(conduct.isBanned("liar")).to.equal(false);
    }
    expect(bans).to.deep.equal([0.5, 1, 2, 4, 8, 10, 10, 10]);
  });

  it("counts what each peer did", () => {
    const conduct = new Conduct(() => 0);
    conduct.offend("a", "garbage");
    conduct.offend("b", "false-answer");
    conduct.offend("a", "garbage");
    conduct.offend("a", "invalid-frame");
    expect(conduct.offences()).to.deep.equal([
      { peer: "a", offence: "garbage", count: 2 },
      { peer: "a", offence: "invalid-frame", count: 1 },
      { peer: "b", offence: "false-answer", count: 1 },
    ]);
  });
});
