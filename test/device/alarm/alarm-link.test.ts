/** The local links, by one suite. */
import { expect } from "chai";
import { MemoryLan } from "../../../device/alarm/alarm-link.ts";
import { UdpLink } from "../../../device/alarm/udp-link.ts";
import { testAlarmLink } from "../support/alarm-link.suite.ts";

const lan = new MemoryLan();
testAlarmLink("memory", async () => lan.join());

const port = 42_000 + (process.pid % 5_000);
testAlarmLink("UDP", () => UdpLink.open({ port, address: "127.0.0.1" }));

describe("a UDP link", () => {
  it("is not opened on a group that is none", async () => {
    const outcome = await UdpLink.open({ port, group: "127.0.0.1" }).catch(
      (error: unknown) => error,
    );
    expect(outcome).to.be.an("error");
  });
});
