/** Customers' online services: who comes by which name, what the password is worth, and what a stranger learns. */
import { join } from "node:path";
import { expect } from "chai";
import { Argon2Threads } from "../../../gateway/argon2-threads.ts";
import { Passwords } from "../../../gateway/authorization/passwords.ts";
import {
  type NewService,
  type Service,
  Services,
  WRONG_CODES_MAX,
  WRONG_TRIES_MAX,
} from "../../../gateway/authorization/services.ts";
import { maskTerminal } from "../../../gateway/authorization/terminals.ts";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { makeSealingKey } from "../../../protocol/hpke.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { isRefusal, Refusal } from "../../../protocol/refusal.ts";
import { cpuTimeMs } from "../../support/cpu-time.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { refusal } from "../support/refusal.ts";

const PASSWORD = "correct horse";
const phone = { channel: "sms", address: "+4915112345678", language: "en" } as const;

describe("online payment services", () => {
  const folder = temporaryFolders();
  let store: CheckedStore;
  let services: Services;
  let now = 1_000;
  const locked: string[] = [];

  const open = () =>
    Services.open({
      store,
      passwords: new Passwords(systemRandom, new Argon2Threads()),
      random: systemRandom,
      clock: () => now,
      onLocked: ({ id }) => locked.push(id),
    });
  const add = (fields: Partial<NewService> = {}): Promise<Service> =>
    services.add(
      {
        customer: "c-1",
        accounts: ["anna"],
        identities: [{ kind: "chosen", text: "anna.b" }],
        terminals: [phone],
        password: PASSWORD,
        ...fields,
      },
      "counter",
    );
  beforeEach(async () => {
    locked.length = 0;
    store = await CheckedStore.open(join(await folder(), "store"), { create: true });
    services = await open();
  });
  afterEach(async () => {
    await store.close();
  });

  it("keep the real identity, the online identities and the accounts of a customer [R-117]", async () => {
    const { id } = await add({ accounts: ["anna", "anna-savings", "anna"] });
    services = await open();
    const service = await services.get(id);
    expect(service).to.deep.include({ customer: "c-1", accounts: ["anna", "anna-savings"] });
    expect(service.identities).to.deep.equal([
      { kind: "chosen", text: "anna.b" },
      { kind: "assigned", text: id },
    ]);
  });

  it("are found by a telephone number, an account, an assigned number or a chosen name, however it is typed [R-118, R-147, R-148]", async () => {
    const identities = [
      { kind: "phone", text: "+49 (151) 1234-5678" },
      { kind: "account", text: "anna" },
      { kind: "chosen", text: "Anna.B" },
    ] as const;
    const { id } = await add({ identities, accounts: ["anna", "anna-2", "anna-3"] });
    for (const text of ["+4915112345678", "+49 151/1234 5678", "anna", "ANNA.b", " anna.b ", id]) {
      expect((await services.authenticate(text, PASSWORD)).accounts, text).to.have.length(3);
    }
  });

  it("have identities of one customer each, in their form", async () => {
    await add();
    await refusal("conflict", add({ identities: [{ kind: "chosen", text: "ANNA.B" }] }));
    const wrong = [
      { kind: "phone", text: "0151 12345678" },
      { kind: "chosen", text: "12345678" },
      { kind: "chosen", text: "ab" },
      { kind: "assigned", text: "123" },
      { kind: "account", text: "no/account" },
    ] as const;
    for (const identity of wrong) await refusal("malformed", add({ identities: [identity] }));
    await refusal("malformed", add({ accounts: [] }));
    await refusal("malformed", add({ terminals: [] }));
  });

  it("have a payment password of their own, which is no PIN, and the customer changes it [R-149]", async () => {
    for (const password of ["short", "12345678", "x".repeat(65)]) {
      await refusal("malformed", add({ password }));
    }
    const { id } = await add();
    await services.change(id, { password: "another horse" });
    await refusal("wrong-credentials", services.authenticate("anna.b", PASSWORD));
    await services.authenticate("anna.b", "another horse");
  });

  it("keep no password, only what Argon2id makes of it [R-149, R-152]", async () => {
    await add();
    for await (const [, value] of store.entries()) {
      expect(Buffer.from(value).toString()).not.to.include(PASSWORD);
    }
  });

  it("are locked by five wrong passwords, restarts included, and unlocked by the staff [R-171]", async () => {
    const { id } = await add();
    for (let i = 0; i < WRONG_TRIES_MAX; i++) {
      if (i === 2) services = await open();
      await refusal("wrong-credentials", services.authenticate("anna.b", `wrong ${i} one`));
    }
    await refusal("wrong-credentials", services.authenticate("anna.b", PASSWORD));
    expect((await services.get(id)).wrongTries).to.be.above(WRONG_TRIES_MAX);
    expect(locked).to.deep.equal([id]);
    await services.unlock(id);
    await services.authenticate("anna.b", PASSWORD);
    expect((await services.get(id)).wrongTries).to.equal(0);
  });

  it("count a try before they compare it: all at once are no more than one after another [R-171]", async () => {
    await add();
    const tries = Array.from({ length: 12 }, (_, i) =>
      services.authenticate("anna.b", i === 11 ? PASSWORD : `wrong ${i} one`).then(
        () => "right",
        (error: unknown) => (isRefusal(error, "wrong-credentials") ? "wrong" : String(error)),
      ),
    );
    expect(new Set(await Promise.all(tries))).to.deep.equal(new Set(["wrong"]));
  });

  it("are locked by wrong codes, too, however often the password was right between [R-171]", async () => {
    const { id } = await add();
    for (let i = 0; i < WRONG_CODES_MAX; i++) {
      await services.authenticate("anna.b", PASSWORD);
      await services.countWrongCode(id);
    }
    expect(locked).to.deep.equal([id]);
    await refusal("wrong-credentials", services.authenticate("anna.b", PASSWORD));
    await services.unlock(id);
    await services.authenticate("anna.b", PASSWORD);
  });

  it("tell a stranger nothing: unknown, wrong, locked and cancelled are answered alike and as slowly [R-116, R-138]", async () => {
    const { id: cancelled } = await add({ identities: [{ kind: "chosen", text: "gone" }] });
    const { id: wrong } = await add();
    await services.cancel(cancelled, "counter");
    for (let i = 0; i < WRONG_CODES_MAX; i++) await services.countWrongCode(wrong);
    await add({ identities: [{ kind: "chosen", text: "bert" }] });
    const told = new Set<string>();
    const times: number[] = [];
    for (const [identity, password] of [
      ["nobody at all", PASSWORD],
      ["bert", "a wrong password"],
      ["anna.b", PASSWORD],
      ["gone", PASSWORD],
    ] as const) {
      // The least of several: what this process does besides makes any of them longer.
      let least = Infinity;
      for (let i = 0; i < 3; i++) {
        const start = cpuTimeMs();
        const error = await services
          .authenticate(identity, password)
          .catch((caught: unknown) => caught);
        least = Math.min(least, cpuTimeMs() - start);
        if (!(error instanceof Refusal)) throw error;
        told.add(`${error.code} ${error.detail}`);
      }
      times.push(least);
    }
    expect(told.size).to.equal(1);
    expect(Math.max(...times) / Math.min(...times)).to.be.below(5);
    expect(Math.min(...times)).to.be.above(5);
  });

  it("end when they are cancelled: identities are free, and again changes nothing [R-145]", async () => {
    const { id } = await add();
    now += 5;
    const { cancelled } = await services.cancel(id, "network");
    expect(cancelled).to.deep.equal({ time: now, by: "network" });
    now += 5;
    expect((await services.cancel(id, "counter")).cancelled).to.deep.equal(cancelled);
    await refusal("wrong-credentials", services.authenticate("anna.b", PASSWORD));
    await refusal("conflict", services.change(id, { mayDesignate: true }));
    await add();
    await services.authenticate("anna.b", PASSWORD);
  });

  it("have several terminals, each of them with a key of its own if it has one [R-123, R-127, R-132]", async () => {
    const { id } = await add();
    const key = toHex(makeSealingKey(systemRandom).publicKey);
    const token = { channel: "file", address: "token-17", language: "zh", key } as const;
    const { terminals } = await services.addTerminal(id, token);
    expect(terminals).to.have.length(2);
    expect(terminals[1]).to.deep.include(token);
    for (let i = 2; i < 8; i++) await services.addTerminal(id, phone);
    await refusal("conflict", services.addTerminal(id, phone));
    const fewer = await services.removeTerminal(id, terminals[0]!.id);
    expect(fewer.terminals).to.have.length(7);
    for (const address of ["0151", "a@b\r\nc", "+49 1\n"]) {
      await refusal("malformed", services.addTerminal(id, { ...phone, address }));
    }
    const notOnCurve = { ...token, key: `0x02${"ff".repeat(32)}` } as const;
    await refusal("malformed", services.addTerminal(id, notOnCurve));
  });

  it("show of a terminal what its owner knows it by, and no more [R-151]", () => {
    expect(maskTerminal(phone)).to.equal("sms •••5678");
    const mail = { channel: "mail", address: "anna@example.org", language: "en" } as const;
    expect(maskTerminal(mail)).to.equal("mail a•••@example.org");
  });

  it("keep the customer's limits, and let no code go to what is not registered unless it is switched on [R-133, R-143, R-144]", async () => {
    const { id, mayDesignate, limits } = await add();
    expect([mayDesignate, limits]).to.deep.equal([false, {}]);
    await services.change(id, { limits: { perPayment: 500n, perDay: 900n }, mayDesignate: true });
    services = await open();
    const changed = await services.get(id);
    expect(changed).to.deep.include({
      limits: { perPayment: 500n, perDay: 900n },
      mayDesignate: true,
    });
  });
});
