/** What the staff asks under a key of its own: once in effect, however often and whatever comes between. */
import { expect } from "chai";
import { StaffReplays } from "../../gateway/staff/replays.ts";
import { systemRandom } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { until } from "../support/until.ts";
import { ask, Bank, MEMBER } from "./support/bank.ts";
import { refusal } from "./support/refusal.ts";
import { staffCallers, tokenOf } from "./support/staff-keys.ts";
import { testStores } from "./support/stores.ts";

const DAY_MS = 86_400_000;

describe("calls under a key", () => {
  const open = testStores();
  const asked = (key: string, request = "POST /v1/x") => ({ caller: "anna", key, request });

  it("are done once, also when they come at the same time, and are answered alike", async () => {
    const replays = await StaffReplays.open(await open(), Date.now, systemRandom);
    let done = 0;
    const act = async () => ({ number: ++done });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => replays.once(asked("k"), act)),
    );
    answers.push(await replays.once(asked("k"), act));
    expect(answers).to.deep.equal(Array(6).fill({ number: 1 }));
    expect(await replays.once({ ...asked("k"), caller: "bert" }, act)).to.deep.equal({ number: 2 });
  });

  it("stand for one request: another one under the same key is refused", async () => {
    const replays = await StaffReplays.open(await open(), Date.now, systemRandom);
    await replays.once(asked("k"), async () => 1);
    await refusal(
      "conflict",
      replays.once(asked("k", "POST /v1/y"), async () => 2),
    );
    let end!: (value: number) => void;
    const slow = replays.once(asked("slow"), () => new Promise((resolve) => (end = resolve)));
    await refusal(
      "conflict",
      replays.once(asked("slow", "POST /v1/y"), async () => 2),
    );
    await until("it has begun", async () => end !== undefined);
    end(3);
    expect(await slow).to.equal(3);
  });

  it("are free again where they were refused, and lost for good where nobody knows", async () => {
    const store = await open();
    const replays = await StaffReplays.open(store, Date.now, systemRandom);
    const busy = async () => {
      throw new Refusal("busy", "not now");
    };
    await refusal("busy", replays.once(asked("refused"), busy));
    expect(await replays.once(asked("refused"), async () => 1)).to.equal(1);
    const broken = replays.once(asked("broken"), async () => {
      throw new Error("the disk is gone");
    });
    expect(String(await broken.catch((error: Error) => error))).to.include("the disk is gone");
    const next = await StaffReplays.open(store, Date.now, systemRandom);
    const again = next.once(asked("broken"), async () => 2);
    expect((await refusal("conflict", again)).detail).to.match(/nobody knows how far it came/);
    expect(await next.once(asked("refused"), async () => 3)).to.equal(1);
  });

  it("leave no answer on the disk that can be read without the key: it may be a credential", async () => {
    const store = await open();
    const replays = await StaffReplays.open(store, Date.now, systemRandom);
    const answer = { credential: "0123456789ABCDEFGHJKMNPQRS" };
    await replays.once(asked("k"), async () => answer);
    const rows = await Array.fromAsync(store.entries({}), ([, value]) => value);
    expect(rows).to.have.length(1);
    expect(new TextDecoder().decode(rows[0])).to.not.include(answer.credential);
    const next = await StaffReplays.open(store, Date.now, systemRandom);
    expect(await next.once(asked("k"), async () => ({}))).to.deep.equal(answer);
  });

  it("are remembered for a day, and forgotten after two", async () => {
    const store = await open();
    let now = 20_000 * DAY_MS + 1;
    const replays = await StaffReplays.open(store, () => now, systemRandom);
    let done = 0;
    const act = async () => ++done;
    await replays.once(asked("k"), act);
    now += DAY_MS;
    expect(await replays.once(asked("k"), act)).to.equal(1);
    now += DAY_MS;
    expect(await replays.once(asked("k"), act)).to.equal(2);
    expect(await Array.fromAsync(store.entries({}))).to.have.length(1);
  });
});

describe("the staff's calls", () => {
  const folder = temporaryFolders();

  it("burn money once under one key, over a restart, whichever line breaks [N-13]", async () => {
    const path = await folder();
    const token = await tokenOf(["operator"]);
    await using bank = await Bank.open(path, { callers: await staffCallers(path), token });
    bank.node.ledger.deposit(MEMBER, 10_000n);
    await bank.start();
    const burn = (amount: string, key: string, by = token) =>
      ask<{ record: string }>(`${bank.gateway.staffUrl}/v1/vault/burns`, { amount }, by, {
        "idempotency-key": key,
      });
    const first = await burn("4000", '"burn-1"');
    expect(await burn("4000", '"burn-1"')).to.deep.equal(first);
    await bank.restart();
    expect(await burn("4000", "burn-1")).to.deep.equal(first);
    await refusal("conflict", burn("4001", "burn-1"));
    const other = await burn("1000", "burn-1", await tokenOf(["operator"], { sub: "bert" }));
    expect(other.record).to.not.equal(first.record);
    for (const key of ["", '"', "a b", "x".repeat(129)]) {
      await refusal("malformed", burn("1", key));
    }
    await until("both have applied", async () => {
      const vault = await bank.staff<{ amount: string; spending: number }>("/v1/vault");
      return vault.amount === "5000" && vault.spending === 0;
    });
  });

  it("are not done again where the gateway died before it could remember the answer", async () => {
    await using bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 10_000n);
    await bank.start();
    const outcomes = { done: 0, unknown: 0 };
    for (let at = 1; at <= 4; at++) {
      await bank.stop();
      await bank.start({ at, written: true });
      const key = { "idempotency-key": `burn-${at}` };
      const burn = () =>
        ask(`${bank.gateway.staffUrl}/v1/vault/burns`, { amount: "1000" }, undefined, key);
      // It died in the middle or just after: the caller cannot tell.
      await burn().catch(() => undefined);
      await bank.restart();
      const again = await burn().then(
        () => "done" as const,
        (error: Error) => {
          expect(error).to.include({ code: "conflict" });
          return "unknown" as const;
        },
      );
      outcomes[again]++;
    }
    expect(outcomes.unknown).to.be.above(0);
    await until("no more than one burn a key has applied", async () => {
      const vault = await bank.staff<{ amount: string; spending: number }>("/v1/vault");
      const burnt = (10_000 - Number(vault.amount)) / 1000;
      return vault.spending === 0 && burnt >= outcomes.done && burnt <= 4;
    });
  });
});
