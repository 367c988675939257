/** Money for a payee without an account: locked to a code and a password until a bank pays it out. */
import { expect } from "chai";
import { utf8 } from "../../protocol/bytes.ts";
import { codeSecret, parseCode } from "../../protocol/claim-code.ts";
import { lock } from "../../protocol/output.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { claim, coinsOf, pay } from "../support/ledger-parts.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { refused } from "./support/refused.ts";
import { settle } from "./support/settle.ts";
import {
  type Device,
  type DeviceOptions,
  exchange,
  networkId,
  total,
  World,
} from "./support/world.ts";

const PASSWORD = "open sesame";

describe("a payment to a code", () => {
  let world: World;
  let ada: Device;

  beforeEach(() => {
    world = new World();
  });

  async function open(options: DeviceOptions = {}): Promise<void> {
    ada = await world.device("Ada", { coins: [100n], ...options });
  }

  /** The one record that Ada's purse has made. */
  const made = () => ada.purse.pending().find(({ role }) => role === "code")!.record;

  it("is pending until a sync, and is claimed with code and password, once [R-049, R-162, N-19]", async () => {
    await open();
    const { code, id } = await ada.purse.payCode(30n, PASSWORD, 2);
    expect(ada.purse.balance()).to.include({ spendable: 0n, waiting: 70n });
    const inputs = coinsOf(made()).filter(({ output }) => output.lock === lock.claim);
    await settle(world, ada);
    expect(total(ada.purse)).to.equal(70n);
    const { treasury } = world.ledger.bank(2);
    const outputs = [pay(treasury, 2, 30n)];
    const outcomeOf = async (password: string, counter: number) => {
      const preimage = await codeSecret(networkId, parseCode(networkId, code), password);
      const record = await claim({ signer: treasury, inputs, outputs, preimage, counter });
      return world.ledger.sequence(record)[0]!.code;
    };
    expect(await outcomeOf("open barley", 1)).to.equal("wrong-preimage");
    expect(await outcomeOf(PASSWORD, 2)).to.equal("applied");
    expect(await outcomeOf(PASSWORD, 3)).to.equal("spent");
    expect(ada.purse.history()[0]).to.include({ id, kind: "code", code, state: "settled" });
  });

  it("is within the device's limits, and counts as a payment [R-008, R-009]", async () => {
    await open({
      coins: [50n, 30n, 20n],
      certificate: { maxPayment: 40n, maxCount: 2, windowS: 3600 },
    });
    await refused("over-payment-limit", ada.purse.payCode(40n, PASSWORD));
    await ada.purse.payCode(20n, PASSWORD);
    const ben = await world.device("Ben");
    await exchange(ada, ben, 30n);
    await refused("over-count-limit", ada.purse.payCode(10n, PASSWORD));
    await settle(world, ada, ben);
    await refused("over-count-limit", ada.purse.payCode(10n, PASSWORD));
  });

  it("takes coins of any depth, since nobody has it before it has settled", async () => {
    await open({ coins: [], certificate: { maxDepth: 0 } });
    const ben = await world.device("Ben", { coins: [30n] });
    await exchange(ben, ada, 30n);
    expect(ada.purse.balance()).to.include({ spendable: 0n, frozen: 30n });
    await ada.purse.payCode(30n, PASSWORD);
    await settle(world, ada, ben);
    expect(total(ada.purse)).to.equal(0n);
  });

  it("is refused for more than is there, a bank nobody knows, a password too short, and to a till", async () => {
    await open();
    await refused("insufficient-funds", ada.purse.payCode(101n, PASSWORD));
    await refused("untrusted-issuer", ada.purse.payCode(10n, PASSWORD, 9));
    await refused("malformed", ada.purse.payCode(10n, "123"));
    expect(ada.purse.history().map(({ kind }) => kind)).to.deep.equal(["credited"]);
    const till = await world.device("till", { coins: [50n], certificate: { class: "terminal" } });
    await refused("refunds-only", till.purse.payCode(10n, PASSWORD));
  });

  it("keeps the code for the holder to show again, and the password nowhere", async () => {
    await open();
    const { code } = await ada.purse.payCode(30n, PASSWORD);
    await world.reopen(ada);
    expect(ada.purse.history()[0]!.code).to.equal(code);
    const rows = [...(await ada.store.rows()).values()].map((row) => Buffer.from(row));
    const written = Buffer.concat(rows);
    expect(written.includes(Buffer.from(parseCode(networkId, code)))).to.equal(true);
    expect(written.includes(Buffer.from(utf8.encode(PASSWORD)))).to.equal(false);
  });

  it("is made whole or not at all when it is cut off at any write, and its code is not lost [N-07]", async () => {
    for (const at of [1, 2]) {
      for (const isKept of [false, true]) {
        world = new World();
        const store = new CutStore(new MemoryPurseStore());
        await open({ store });
        store.cut = { at: store.writes + at, isKept };
        const error = await ada.purse.payCode(30n, PASSWORD).then(
          () => expect.fail("the cut was not reached"),
          (reason: unknown) => reason,
        );
        expect(isCut(error), String(error)).to.equal(true);
        store.cut = undefined;
        await world.reopen(ada);
        const isMade = at > 1 || isKept;
        const codes = ada.purse.history().flatMap(({ code }) => code ?? []);
        expect(codes).to.have.length(isMade ? 1 : 0);
        const locked = isMade ? coinsOf(made()).map(({ output }) => output.amount) : [];
        expect(locked).to.deep.equal(isMade ? [30n, 70n] : []);
        await settle(world, ada);
        expect(total(ada.purse)).to.equal(isMade ? 70n : 100n);
      }
    }
  });
});
