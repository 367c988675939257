/** What every local link does: one suite, for each of them. */
import { expect } from "chai";
import type { AlarmLink } from "../../../device/alarm/alarm-link.ts";
import { limits } from "../../../protocol/limits.ts";
import { until } from "../../support/until.ts";

/** @param join another end of one and the same link. */
export function testAlarmLink(name: string, join: () => Promise<AlarmLink>): void {
  describe(`the ${name} link`, () => {
    const open: AlarmLink[] = [];

    const end = async () => {
      const link = await join();
      open.push(link);
      const heard: string[] = [];
      link.onDatagram((datagram) => heard.push(Buffer.from(datagram).toString("hex")));
      return { link, heard };
    };

    afterEach(async () => {
      await Promise.all(open.splice(0).map((link) => link.close()));
    });

    it("brings a datagram to all who are on it, whole", async () => {
      const [a, b, c] = [await end(), await end(), await end()];
      a.link.send(Uint8Array.of(1, 2, 3));
      await until("both have it", () => [b, c].every(({ heard }) => heard.includes("010203")));
      const largest = new Uint8Array(limits.alarmDatagramMax).fill(7);
      b.link.send(largest);
      await until("the largest has come", () =>
        [a, c].every(({ heard }) => heard.at(-1)?.length === 2 * largest.length),
      );
    });

    it("leaves a datagram as it was sent, whatever becomes of the sender's bytes", async () => {
      const [a, b] = [await end(), await end()];
      const bytes = Uint8Array.of(5, 5);
      a.link.send(bytes);
      a.link.send(Uint8Array.of(6));
      await until("both came", () => b.heard.length >= 2);
      expect(b.heard.toSorted()).to.include.members(["0505", "06"]);
    });

    it("has one listener at an end, the last", async () => {
      const [a, b] = [await end(), await end()];
      const later: number[] = [];
      b.link.onDatagram((datagram) => later.push(datagram[0]!));
      a.link.send(Uint8Array.of(9));
      await until("it came", () => later.includes(9));
      expect(b.heard).to.deep.equal([]);
    });

    it("says and hears nothing after it was closed, and may be closed again", async () => {
      const [a, b, c] = [await end(), await end(), await end()];
      await b.link.close();
      await b.link.close();
      b.link.send(Uint8Array.of(1));
      a.link.send(Uint8Array.of(2));
      await until("the other has it", () => c.heard.includes("02"));
      expect(c.heard).to.not.include("01");
      expect(b.heard).to.deep.equal([]);
    });
  });
}
