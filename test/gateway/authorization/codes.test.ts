/** Authorization codes: bound to the payment, short-lived, and made by a rule that changes. */
import { join } from "node:path";
import { expect } from "chai";
import { Codes } from "../../../gateway/authorization/codes.ts";
import { ranges } from "../../../gateway/keys.ts";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { type PaymentOrder, signPaymentOrder } from "../../../protocol/payment-order.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { refusalFrom } from "../../protocol/support/vectors.ts";
import { keyOf, networkId } from "../../support/ledger-parts.ts";

const EPOCH_MS = 3_600_000;
const LIFE_MS = 300_000;
const issuer = keyOf("a merchant's bank");

const orderOf = (fields: Partial<PaymentOrder> = {}) =>
  signPaymentOrder(
    networkId,
    {
      member: 2,
      payee: ownerOf(issuer.publicKey),
      amount: 1_250n,
      id: new Uint8Array(16).fill(1),
      created: 1,
      notAfter: 2,
      merchant: "Kiosk",
      number: "4711",
      returnUrl: "",
      ...fields,
    },
    issuer,
  );

describe("authorization codes", () => {
  const folder = temporaryFolders();
  let store: CheckedStore;
  let codes: Codes;
  let now: number;

  const open = () =>
    Codes.open({
      networkId,
      store,
      random: systemRandom,
      clock: () => now,
      epochMs: EPOCH_MS,
      lifeMs: LIFE_MS,
    });
  beforeEach(async () => {
    now = 500_000 * EPOCH_MS;
    store = await CheckedStore.open(join(await folder(), "store"), { create: true });
    codes = await open();
  });
  afterEach(async () => {
    await store.close();
  });

  it("are right for the order, amount, payee and account they were made for, and for nothing else [R-120, R-126]", async () => {
    const order = await orderOf();
    const name = await codes.name();
    const code = codes.codeOf(name, order, "anna");
    expect(code).to.match(/^\d{8}$/);
    codes.check(code, name, order, "anna");
    const others = await Promise.all([
      orderOf({ amount: 1_251n }),
      orderOf({ payee: ownerOf(keyOf("another").publicKey) }),
      orderOf({ number: "4712" }),
      orderOf({ id: new Uint8Array(16).fill(2) }),
    ]);
    for (const other of others) {
      expect(refusalFrom(() => codes.check(code, name, other, "anna")).code).to.equal("wrong-code");
    }
    expect(refusalFrom(() => codes.check(code, name, order, "bert")).code).to.equal("wrong-code");
  });

  it("are another each time, for one and the same payment too [R-126]", async () => {
    const order = await orderOf();
    const made = new Set<string>();
    for (let i = 0; i < 200; i++) made.add(codes.codeOf(await codes.name(), order, "anna"));
    expect(made.size).to.be.above(198);
  });

  it("are worth nothing from their end on [R-125]", async () => {
    const order = await orderOf();
    const name = await codes.name();
    const code = codes.codeOf(name, order, "anna");
    now += LIFE_MS - 1;
    codes.check(code, name, order, "anna");
    now += 1;
    const late = refusalFrom(() => codes.check(code, name, order, "anna"));
    expect(late.code).to.equal("wrong-code");
    expect(late.detail).to.include("expired");
  });

  it("are made by a rule that changes with time: another key each epoch, and the old one gone [R-126]", async () => {
    const order = await orderOf();
    const first = await codes.name();
    const code = codes.codeOf(first, order, "anna");
    now += EPOCH_MS;
    const second = await codes.name();
    expect(second.epoch).to.equal(first.epoch + 1);
    expect(codes.codeOf({ ...first, epoch: second.epoch }, order, "anna")).not.to.equal(code);
    expect(codes.codeOf(first, order, "anna")).to.equal(code);
    now += EPOCH_MS;
    await codes.name();
    expect(refusalFrom(() => codes.codeOf(first, order, "anna")).code).to.equal("wrong-code");
    const kept = await Array.fromAsync(store.entries(ranges.codeKeys));
    expect(kept).to.have.length(2);
  });

  it("outlive a restart [R-121]", async () => {
    const order = await orderOf();
    const name = await codes.name();
    const code = codes.codeOf(name, order, "anna");
    (await open()).check(code, name, order, "anna");
  });

  it("are nowhere in the store [R-152]", async () => {
    const order = await orderOf();
    const code = codes.codeOf(await codes.name(), order, "anna");
    for await (const [, value] of store.entries()) {
      expect(Buffer.from(value).toString("latin1")).not.to.include(code);
    }
  });
});
