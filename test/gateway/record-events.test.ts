/** What becomes of a record, told to whoever follows it over lines that are cut. */
import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { ConflictStage } from "../../node/client.ts";
import type { Explanation } from "../../gateway/schema.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { idOf, keyOf, pay, spend } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";

const payer = keyOf("payer");
const toSelf = [pay(payer, MEMBER, 5n)];

type Told = { readonly id: string; readonly data: Explanation };

describe("events of a record", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;
  let heard: Told[];
  let line: { cut: () => Promise<void> } | undefined;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.node.gatherMs = undefined;
    await bank.node.ledger.enrol("payer", MEMBER);
    await bank.start();
    device = new TestDevice(bank, payer);
    heard = [];
  });
  afterEach(async () => {
    await line?.cut();
    line = undefined;
    await bank[Symbol.asyncDispose]();
  });

  const submit = (...records: readonly { readonly bytes: Uint8Array }[]) =>
    device.ask({ kind: "submit", leaves: records.map(({ bytes }) => bytes) });
  const states = () => heard.map(({ data }) => data.restitution ?? data.state);

  /** Hands records in and has them sequenced. */
  async function sequence(...records: readonly { readonly bytes: Uint8Array }[]): Promise<void> {
    await submit(...records);
    await until("the node has them", () => bank.node.waiting === records.length);
    bank.node.sequence();
  }

  /** One record that took a coin, and one that lost it. @returns what says how far the loser's restitution is. */
  async function doubleSpend() {
    const [winner, loser] = await rivals();
    await sequence(winner, loser);
    const id = idOf(loser);
    await until("it has lost", async () => (await explained(id)).state === "refused");
    const tell = (stage: ConflictStage) =>
      bank.node.tellConflict({
        id: `0x${"ab".repeat(32)}`,
        stage,
        code: stage,
        detail: stage,
        outpoint: loser.inputs[0]!,
        amount: "5",
        owner: ownerOf(payer.publicKey),
        custodian: 2,
        loser: id,
        winner: idOf(winner),
        winnerKind: "spend",
        seq: 1,
        cycle: 1,
        isOurs: false,
      });
    return { id, tell };
  }

  /** Two records that spend one coin. */
  async function rivals() {
    const inputs = [await bank.node.ledger.coin(pay(payer, MEMBER, 5n))];
    const [first, second] = [1, 2].map((counter) =>
      spend({ signer: payer, inputs, outputs: toSelf, counter }),
    );
    return [await first!, await second!] as const;
  }

  /** Follows on from what was heard last. */
  async function follow(id: Hex): Promise<void> {
    const stop = new AbortController();
    const last = heard.at(-1)?.id;
    const answer = await describedFetch(`${bank.url}/v1/records/${id}/events`, {
      headers: last === undefined ? {} : { "last-event-id": last },
      signal: stop.signal,
    });
    const listening = (async () => {
      let text = "";
      for await (const piece of answer.body!.pipeThrough(
        new TextDecoderStream() as never,
      ) as AsyncIterable<string>) {
        const events = (text + piece).split("\n\n");
        text = events.pop()!;
        heard.push(...events.flatMap(toldIn));
      }
    })();
    const ended = listening.catch(() => undefined);
    line = {
      async cut() {
        stop.abort();
        await ended;
      },
    };
  }

  async function follows(id: Hex, expected: readonly string[]): Promise<void> {
    await follow(id);
    await until(`it hears ${expected.join(", ")}`, () => heard.length >= expected.length);
  }

  it("go on after a cut with what has changed since, told once, by a gateway that was started again meanwhile too [N-21]", async () => {
    const [record] = await rivals();
    const id = idOf(record);
    await follows(id, ["unknown"]);
    await submit(record);
    await until("it is pending", () => heard.length === 2);
    await line!.cut();
    await until("the node has it", () => bank.node.waiting === 1);
    bank.node.sequence();
    await until("the gateway lets it go", async () => (await explained(id)).sentences.length === 1);
    await follows(id, ["unknown", "pending", "applied"]);
    await line!.cut();
    await bank.restart();
    await follow(id);
    const [other] = await rivals();
    await sequence(other);
    await until(
      "the gateway hears of it",
      async () => (await explained(idOf(other))).state === "applied",
    );
    await line!.cut();
    expect(states()).to.deep.equal(["unknown", "pending", "applied"]);
  });

  it("tell each stage of a restitution once, wherever the line is cut [R-031, N-21]", async () => {
    const { id, tell } = await doubleSpend();
    const stages: ConflictStage[] = ["due", "waiting", "queued", "restituted", "paid"];
    for (const [i, stage] of stages.entries()) {
      if (i % 2 === 0) await line?.cut();
      tell(stage);
      if (i % 2 === 0) await follow(id);
      await until(`${stage} is heard`, () => states().at(-1) === stage);
    }
    await line!.cut();
    tell("paid");
    await follow(id);
    tell("reclaimed");
    await until("the end is heard", () => states().at(-1) === "reclaimed");
    expect(states()).to.deep.equal([...stages, "reclaimed"]);
  });

  it("go on where the node had to begin a new book of double spends [N-13]", async () => {
    const { id, tell } = await doubleSpend();
    await follow(id);
    for (const stage of ["due", "waiting", "queued"] as const) tell(stage);
    await until("it is queued", () => states().at(-1) === "queued");
    await bank.node.stop();
    bank.node.loseConflicts();
    await bank.node.start();
    tell("restituted");
    await until("the new book is read", () => states().at(-1) === "restituted");
  });

  it("refuse an id that is no number [N-21]", async () => {
    const answer = await describedFetch(
      `${bank.url}/v1/records/${idOf((await rivals())[0])}/events`,
      {
        headers: { "last-event-id": "yesterday" },
      },
    );
    expect(answer.status).to.equal(400);
    expect(await answer.json()).to.include({ code: "malformed" });
  });

  async function explained(id: Hex): Promise<Explanation> {
    const answer = await describedFetch(`${bank.url}/v1/records/${id}/explain`);
    return (await answer.json()) as Explanation;
  }
});

function toldIn(event: string): Told[] {
  const id = /^id: (\d+)$/m.exec(event)?.[1];
  const data = /^data: (.*)$/m.exec(event)?.[1];
  return id === undefined || data === undefined
    ? []
    : [{ id, data: JSON.parse(data) as Explanation }];
}
