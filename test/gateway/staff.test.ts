/** What the bank's own people ask of the gateway, and whether it says that it cannot work. */
import { expect } from "chai";
import { consentMessage } from "../../protocol/enrolment.ts";
import { ownerOf } from "../../protocol/key.ts";
import { cellIn } from "../../protocol/grid-cell.ts";
import { lock } from "../../protocol/output.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { keyOf, networkId } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

type AccountRow = { readonly account: string; readonly available: string };

describe("the staff's routes", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 10_000n);
    await bank.start();
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const consenting = async (device: TestDevice, credential: Uint8Array, ask: object) => {
    const consent = await device.key.sign(consentMessage(networkId, MEMBER));
    const plain = { kind: "enrol", consent, class: "software", label: "", credential } as const;
    return device.ask({ ...plain, ...ask });
  };

  it("open accounts and take deposits at the counter, each once by its reference [N-13]", async () => {
    for (let i = 0; i < 2; i++) {
      await bank.staff("/v1/accounts", { account: "anna", customer: "c-1" });
      await bank.staff("/v1/accounts/anna/deposits", { amount: "250", reference: "slip-17" });
    }
    expect(await bank.staff("/v1/accounts/anna")).to.deep.equal({
      account: "anna",
      customer: "c-1",
      available: "250",
      held: "0",
      onDevices: "0",
      devices: [],
    });
    await refusal("conflict", bank.staff("/v1/accounts", { account: "anna", customer: "c-2" }));
    await refusal(
      "conflict",
      bank.staff("/v1/accounts/anna/deposits", { amount: "251", reference: "slip-17" }),
    );
    await refusal("not-found", bank.staff("/v1/accounts/bert"));
    await refusal("not-found", bank.staff("/v1/accounts/bert/credentials", {}));
  });

  it("refuse what is no amount, no name, or too much of either", async () => {
    await bank.staff("/v1/accounts", { account: "anna", customer: "c-1" });
    for (const amount of ["0", "-1", "1.5", "01", "", "18446744073709551616", 5]) {
      const body = { amount, reference: "r" };
      await refusal("malformed", bank.staff("/v1/accounts/anna/deposits", body));
    }
    for (const account of ["", "a b", "ä", "x".repeat(65), "../x"]) {
      await refusal("malformed", bank.staff("/v1/accounts", { account, customer: "c" }));
    }
    await refusal(
      "malformed",
      bank.staff("/v1/accounts", { account: "b", customer: "c", more: 1 }),
    );
    expect((await bank.balance("anna")).available).to.equal("0");
  });

  it("show accounts and devices page by page, ascending", async () => {
    const names = ["a", "b", "c", "d"];
    for (const account of names) await bank.staff("/v1/accounts", { account, customer: account });
    const first = await bank.staff<AccountRow[]>("/v1/accounts?limit=2");
    const rest = await bank.staff<AccountRow[]>("/v1/accounts?after=b");
    expect(first.map(({ account }) => account)).to.deep.equal(["a", "b"]);
    expect(rest.map(({ account }) => account)).to.deep.equal(["c", "d", "recoveries", "suspense"]);
    const owners = [];
    for (const account of names) {
      owners.push((await enrolled(account)).owner);
    }
    const devices = await bank.staff<{ owner: string }[]>("/v1/devices");
    expect(devices.map(({ owner }) => owner)).to.deep.equal(owners.toSorted());
    const after = await bank.staff<{ owner: string }[]>(
      `/v1/devices?after=${owners.toSorted()[1]}`,
    );
    expect(after.map(({ owner }) => owner)).to.deep.equal(owners.toSorted().slice(2));
  });

  it("say what to set where the node cannot look payments up", async () => {
    await bank.staff("/v1/accounts", { account: "anna", customer: "c-1" });
    await enrolled("anna");
    const { message } = await refusal("not-found", bank.staff("/v1/payments?account=anna"));
    expect(message).to.match(/set trace\.index in its node\.yaml/);
  });

  it("say what a device is and is called: it cannot give itself a class or a name", async () => {
    await bank.staff("/v1/accounts", { account: "shop", customer: "c-9" });
    const { credential } = await bank.staff<{ credential: string }>(
      "/v1/accounts/shop/credentials?class=element&label=Corner%20Shop",
      {},
    );
    const bytes = new TextEncoder().encode(credential);
    const device = new TestDevice(bank);
    await refusal("forbidden", consenting(device, bytes, {}));
    await refusal("forbidden", consenting(device, bytes, { class: "element", label: "Big Bank" }));
    const right = { class: "element", label: "Corner Shop" };
    await consenting(device, bytes, right);
    await until("it is certified", async () => {
      return (await consenting(device, bytes, right)).certificate !== undefined;
    });
    const { certificate } = await device.ask({ kind: "certify" });
    expect(certificate).to.include({ class: "element", label: "Corner Shop", maxDepth: 8 });
  });

  it("certify the grid cell that a till stands in, with its name, for payers to read [R-100]", async () => {
    await bank.staff("/v1/accounts", { account: "shop", customer: "c-9" });
    const issue = (label: string, place: string) => {
      const query = new URLSearchParams({ class: "terminal", label, place }).toString();
      type Issued = { readonly credential: string; readonly label: string };
      return bank.staff<Issued>(`/v1/accounts/shop/credentials?${query}`, {});
    };
    const { credential, label } = await issue("Café Zur Post", "8FVC2222+22");
    const bytes = new TextEncoder().encode(credential);
    const device = new TestDevice(bank);
    await refusal("forbidden", consenting(device, bytes, { class: "terminal", label: "Café" }));
    await until("it is certified", async () => {
      const { certificate } = await consenting(device, bytes, { class: "terminal", label });
      return certificate !== undefined;
    });
    const { certificate } = await device.ask({ kind: "certify" });
    expect(certificate.label).to.equal("Café Zur Post 8FVC2222+22");
    const { code, south, west } = cellIn(certificate.label)!;
    expect([code, south, west]).to.deep.equal(["8FVC2222+22", 47, 8]);
    for (const [name, place] of [
      ["Café", "8FVC2222"],
      ["Café", "9G8F+6X"],
      ["Restaurant Zur Alten Post", "8FVC2222+22"],
    ] as const)
      await refusal("malformed", issue(name, place));
  });

  it("have each class of device certified with limits of its own", async () => {
    await bank.staff("/v1/accounts", { account: "shop", customer: "c-9" });
    const limits: unknown[] = [];
    for (const deviceClass of ["software", "host", "chip", "terminal", "merchant"] as const) {
      const { credential } = await bank.staff<{ credential: string }>(
        `/v1/accounts/shop/credentials?class=${deviceClass}`,
        {},
      );
      const bytes = new TextEncoder().encode(credential);
      const device = new TestDevice(bank);
      await until("it is certified", async () => {
        const { certificate } = await consenting(device, bytes, { class: deviceClass });
        return certificate !== undefined;
      });
      const { certificate } = await device.ask({ kind: "certify" });
      const { class: certified, maxPayment, maxDepth } = certificate;
      limits.push([certified, maxPayment, maxDepth]);
    }
    expect(limits).to.deep.equal([
      ["software", 20_000n, 4],
      ["host", 5_000n, 0],
      ["chip", 20_000n, 8],
      ["terminal", 50_000n, 9],
      ["merchant", 50_000n, 9],
    ]);
  });

  it("burn money of the vault, which leaves the ledger", async () => {
    const { record } = await bank.staff<{ record: string }>("/v1/vault/burns", { amount: "4000" });
    expect(record).to.match(/^0x[0-9a-f]{64}$/);
    await until("it has applied", async () => {
      const { amount, spending } = await bank.staff<{ amount: string; spending: number }>(
        "/v1/vault",
      );
      return amount === "6000" && spending === 0;
    });
    const { treasury } = bank.node.ledger.bank(MEMBER);
    const coins = [...bank.node.ledger.state.coinsOf(ownerOf(treasury.publicKey))];
    expect(coins.map(([, { amount }]) => amount)).to.deep.equal([6000n]);
    expect(coins.every(([, output]) => output.lock === lock.key)).to.equal(true);
    await refusal("insufficient-funds", bank.staff("/v1/vault/burns", { amount: "6001" }));
  });

  it("count in metrics what is not final", async () => {
    await bank.node.stop();
    const device = new TestDevice(bank, keyOf("payer"));
    const payment = await device.pay(device.owner, 1n, [
      {
        outpoint: `0x${"ab".repeat(33)}`,
        output: { lock: lock.key, owner: device.owner, custodian: 1, amount: 1n },
      },
    ]);
    await device.ask({ kind: "submit", leaves: [payment.bytes] });
    const text = await (await describedFetch(`${bank.gateway.managementUrl}/metrics`)).text();
    expect(text).to.match(/^tallystick_gateway_intake_leaves 1$/m);
    expect(text).to.match(
      new RegExp(`^tallystick_gateway_intake_bytes ${payment.bytes.length}$`, "m"),
    );
  });

  it("say who is not ready: the node, or a key that the ledger does not know", async () => {
    const trouble = async () => {
      const answer = await describedFetch(`${bank.gateway.managementUrl}/readyz`);
      return ((await answer.json()) as { checks: Record<string, string> }).checks;
    };
    await bank.node.stop();
    await until("it is seen", async () => (await trouble())["node"] === "the node does not answer");
    await bank.node.start();
    await until("it is seen", async () => Array.isArray(await trouble()));
    bank.node.change((ledger) => ledger.changeMember(MEMBER, { issuer: keyOf("another issuer") }));
    await until("it is seen", async () => {
      return (await trouble())["keys"] === "the ledger has another issuer key";
    });
  });

  async function enrolled(account: string): Promise<TestDevice> {
    const device = new TestDevice(bank);
    const credential = await bank.credential(account);
    await until("it is enrolled", async () => {
      const { certificate } = await device.enrol(credential);
      return certificate !== undefined;
    });
    return device;
  }
});
