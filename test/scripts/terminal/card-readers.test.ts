/** Cards that are torn out of a real reader's service and put back, sooner than the service looks. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { VirtualCard } from "../../../scripts/card/virtual-card.ts";
import { CardReaders } from "../../../scripts/pcsc/card-readers.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { until } from "../../support/until.ts";
import { CardService, missingForCards } from "./support/pcscd.ts";

/** What the card answers: done. */
const DONE = new Uint8Array([0x90, 0x00]);
const COMMAND = new Uint8Array([0x00, 0xa4, 0x04, 0x00, 0x00]);

describe("card readers", () => {
  const temporary = temporaryFolders();
  const parts = new AsyncDisposableStack();
  /** How each card that was handled ended: answered, or gone. */
  const seen: string[] = [];
  const problems: unknown[] = [];
  let service: CardService;

  before(async function () {
    const missing = await missingForCards();
    if (missing !== undefined) {
      process.stdout.write(`      skipped, as ${missing}\n`);
      return this.skip();
    }
    service = parts.use(await CardService.start(await temporary()));
    Object.assign(process.env, service.environment);
    parts.use(
      await CardReaders.watch(
        async (channel) => {
          const answer = await channel.transmit(COMMAND).catch(() => undefined);
          seen.push(answer === undefined ? "gone" : "answered");
        },
        (problem) => problems.push(problem),
      ),
    );
  });

  after(async () => {
    delete process.env["PCSCLITE_CSOCK_NAME"];
    await parts.disposeAsync();
  });

  const insert = (handle: () => Promise<Uint8Array>) =>
    VirtualCard.insert("127.0.0.1", service.port, () => ({ handle }));
  /** A card that loses its power at the first command. */
  const insertTorn = async () => {
    const torn = Promise.withResolvers<void>();
    const card = await insert(async () => {
      torn.resolve();
      return new Promise<never>(() => undefined);
    });
    await torn.promise;
    return card;
  };

  for (const awayMs of [0, 150, 700]) {
    it(`go on with a card that was away for ${awayMs} ms, once [R-052]`, async () => {
      seen.length = 0;
      const torn = await insertTorn();
      void torn[Symbol.asyncDispose]();
      await sleep(awayMs);
      const card = await insert(async () => DONE);
      await until("the card is served again", () => seen.includes("answered"));
      await sleep(600);
      void card[Symbol.asyncDispose]();
      await sleep(600);
      expect(seen).to.deep.equal(["gone", "answered"]);
      expect(problems).to.deep.equal([]);
    });
  }
});
