/** The local links, by one suite. */
import { MemoryLan } from "../../../device/alarm/alarm-link.ts";
import { UdpLink } from "../../../device/alarm/udp-link.ts";
import { testAlarmLink } from "../support/alarm-link.suite.ts";

const lan = new MemoryLan();
testAlarmLink("memory", async () => lan.join());

const port = 42_000 + (process.pid % 5_000);
testAlarmLink("UDP", () => UdpLink.open({ port, address: "127.0.0.1" }));
