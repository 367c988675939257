/** Whom a server takes a caller for, whatever the caller writes. */
import { expect } from "chai";
import { CallerAddresses, holderOf } from "../../../node/service/caller-address.ts";
import { isRefusal } from "../../../protocol/refusal.ts";

describe("the address of a caller", () => {
  const behind = new CallerAddresses(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);

  it("is the other end of the connection, whatever a header says, where no proxy is named", () => {
    const addresses = new CallerAddresses();
    expect(addresses.of("203.0.113.7", "198.51.100.1")).to.equal("203.0.113.7");
    expect(addresses.of("127.0.0.1", "198.51.100.1")).to.equal("127.0.0.1");
    expect(addresses.of("::ffff:203.0.113.7", undefined)).to.equal("203.0.113.7");
  });

  it("is what the nearest proxies say, and never what a caller wrote before them", () => {
    for (const [remote, header, expected] of [
      ["127.0.0.1", "203.0.113.7", "203.0.113.7"],
      ["127.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"],
      ["127.0.0.1", "1.1.1.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"],
      ["::ffff:127.0.0.1", "2001:db8::5", "2001:db8::5"],
      ["fd00::1", ["1.1.1.1", "203.0.113.7"], "203.0.113.7"],
      ["203.0.113.9", "1.1.1.1", "203.0.113.9"],
      ["127.0.0.1", "nobody", "127.0.0.1"],
      ["127.0.0.1", undefined, "127.0.0.1"],
      ["127.0.0.1", "", "127.0.0.1"],
      ["127.0.0.1", "10.9.9.9", "10.9.9.9"],
    ] as const)
      expect(behind.of(remote, header), `${remote} ${String(header)}`).to.equal(expected);
  });

  it("is held with the network that a customer has: of IPv6, 64 bits", () => {
    expect(holderOf("203.0.113.7")).to.equal("203.0.113.7");
    expect(holderOf("2001:db8:1:2:3:4:5:6")).to.equal("2001:db8:1:2::/64");
    expect(holderOf("2001:0db8:1:2::9")).to.equal("2001:db8:1:2::/64");
    expect(holderOf("2001:db8::9")).to.equal("2001:db8:0:0::/64");
    expect(holderOf("::9")).to.equal("0:0:0:0::/64");
  });

  it("is refused where a proxy is no address", () => {
    for (const wrong of [
      "proxy.example",
      "10.0.0.0/33",
      "10.0.0.0/x",
      "",
      "fd00::/129",
      "10.0.0.1/-1",
    ]) {
      let thrown: unknown;
      try {
        new CallerAddresses([wrong]);
      } catch (error) {
        thrown = error;
      }
      expect(isRefusal(thrown, "bad-configuration"), wrong).to.equal(true);
    }
  });
});
