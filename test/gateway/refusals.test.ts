/**
 * Every code that the gateway's description names is answered here to somebody who asks for it, and is said in
 * English and in Chinese. Other tests show when else; that no other code is answered, all of them do.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { expect } from "chai";
import type { UnclaimedCoin } from "../../gateway/claims/unclaimed-book.ts";
import { deskRefusals } from "../../gateway/device-desk.ts";
import { ranges } from "../../gateway/keys.ts";
import { decodeRow } from "../../gateway/row.ts";
import type { Ask } from "../../protocol/ask.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { codeSecret, formatCode, makeCode } from "../../protocol/claim-code.ts";
import { consentMessage } from "../../protocol/enrolment.ts";
import { makeSealingKey } from "../../protocol/hpke.ts";
import { NOBODY, ownerOf } from "../../protocol/key.ts";
import { limits } from "../../protocol/limits.ts";
import { lock, type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { PaymentOrder } from "../../protocol/payment-order.ts";
import { sealParcel } from "../../protocol/parcel.ts";
import { systemRandom } from "../../protocol/random.ts";
import { refusalCodes } from "../../protocol/refusal.ts";
import { type ProblemCode, wordsOf } from "../../protocol/refusal-words.ts";
import { signShowing } from "../../protocol/showing.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch, documentOf, type Operation } from "../support/described-fetch.ts";
import { corrupt } from "../support/leaves.ts";
import { networkId, promise } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, intakeKey, MEMBER } from "./support/bank.ts";
import { askAsCustomer, orderBy } from "./support/customer.ts";
import { TestDevice } from "./support/device.ts";
import type { Begun } from "./support/online-world.ts";
import { staffCallers, tokenOf } from "./support/staff-keys.ts";

const OTHER = 2;
const DAY_MS = 86_400_000;
const PASSWORD = "open sesame";
/** What a record can name as well as any other. */
const someCoin = {
  outpoint: `0x${"ab".repeat(33)}`,
  output: { lock: lock.key, owner: NOBODY, custodian: MEMBER, amount: 1n },
} as const;
const JSON_TYPE = "application/json";
const OCTETS = "application/octet-stream";

describe("what a gateway refuses", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;
  let token: string;

  before(async () => {
    const path = await folder();
    token = await tokenOf(["teller", "operator"]);
    bank = await Bank.open(path, {
      callers: await staffCallers(path),
      token,
      settings: {
        "couriers.parcelsMax": 1,
        "rates.memberPerS": 1,
        "rates.memberBurst": 3,
        "claims.lifeMs": DAY_MS,
        "claims.sweepMs": 20,
      },
      gateways: [{ member: OTHER, url: "http://127.0.0.1:1" }],
    });
    for (let i = 0; i < 20; i++) bank.node.ledger.deposit(MEMBER, 1n);
    await bank.start();
    device = await TestDevice.enrolled(bank, "anna", 100_000n);
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const said = (url: string, type: string, body: string | Uint8Array, shown?: string) =>
    describedFetch(url, {
      method: "POST",
      headers: {
        "content-type": type,
        "accept-language": "zh",
        ...(shown !== undefined && { authorization: `Bearer ${shown}` }),
      },
      body: typeof body === "string" ? body : Uint8Array.from(body),
    });
  const staff = (path: string, body: object) =>
    said(bank.gateway.staffUrl + path, JSON_TYPE, JSON.stringify(body), token);
  const toDesk = (body: Uint8Array) => said(`${bank.url}/v1/device`, OCTETS, body);
  const parcelFor = async (member: number) => {
    const request = await device.request({ kind: "certify" }, { member });
    const answerKey = makeSealingKey(systemRandom).publicKey;
    return sealParcel(networkId, request, intakeKey.publicKey, answerKey, systemRandom);
  };
  const handParcel = async (member: number) =>
    said(`${bank.url}/v1/parcels`, OCTETS, (await parcelFor(member)).bytes);

  /** By code, somebody who gets it for an answer. The gateway does not outlive the last. */
  const problems: Partial<Record<ProblemCode, () => Promise<Response>>> = {
    malformed: () => staff("/v1/accounts", { account: "a b" }),
    "too-large": () =>
      said(`${bank.gateway.staffUrl}/v1/accounts`, JSON_TYPE, `"${"x".repeat(2_000_000)}"`, token),
    unauthorised: () => said(`${bank.gateway.staffUrl}/v1/vault/burns`, JSON_TYPE, "{}"),
    "bad-signature": async () => {
      const { bytes } = await device.request({ kind: "certify" });
      return toDesk(corrupt(bytes, bytes.length - 70));
    },
    "bad-proof": async () => {
      await device.load(1n);
      const [[outpoint]] = [...bank.node.ledger.state.coinsOf(device.owner)] as [
        [Outpoint, object],
      ];
      const { id } = splitOutpoint(outpoint);
      const fields = { id, time: 1, words: "a stranger", certificates: [] };
      const { bytes } = await signShowing(networkId, fields, NodeSigner.generate());
      return said(`${bank.url}/v1/presentations`, OCTETS, bytes);
    },
    "not-for-us": async () =>
      toDesk((await device.request({ kind: "certify" }, { member: OTHER })).bytes),
    "unknown-member": () => handParcel(77),
    busy: async () => {
      expect((await handParcel(OTHER)).status).to.equal(200);
      return handParcel(OTHER);
    },
    "rate-limited": async () => {
      for (let i = 0; i < 3; i++) expect((await handParcel(78)).status).to.equal(404);
      const answer = await handParcel(78);
      expect(answer.headers.get("retry-after")).to.equal("1");
      return answer;
    },
    "not-found": () => staff("/v1/accounts/nobody/deposits", { amount: "1", reference: "r" }),
    conflict: () => staff("/v1/accounts", { account: "anna", customer: "another's" }),
    revoked: async () => {
      const lost = await TestDevice.enrolled(bank, "loser", 0n);
      await staff(`/v1/devices/${lost.owner}/block`, {});
      return staff(`/v1/devices/${lost.owner}/second-factor`, { from: "100" });
    },
    "too-many-coins": () => staff("/v1/vault/burns", { amount: "17" }),
    "insufficient-funds": () => staff("/v1/vault/burns", { amount: "21" }),
    forbidden: () => calledBy("gateway.example", `${bank.url}/v1/member`),
    unavailable: async () => {
      await bank.node.stop();
      const answer = await describedFetch(`${bank.gateway.staffUrl}/v1/vault`, {
        headers: { "accept-language": "zh", authorization: `Bearer ${token}` },
      });
      await bank.node.start();
      return answer;
    },
    ...ofOnlinePayments(),
    ...ofClaims(),
    internal: async () => {
      await bank.stop();
      await bank.start({ at: 1, written: false });
      return staff("/v1/accounts", { account: "bert", customer: "c-2" });
    },
  };

  /** By code, what a customer who pays online asks that is refused with it. */
  function ofOnlinePayments() {
    const seen = async (fields: Partial<PaymentOrder>) =>
      askAsCustomer(bank, "orders", { order: await orderBy(bank, fields) });
    const begin = async (password: string) => {
      const order = await orderBy(bank);
      return askAsCustomer(bank, "payments", { order, identity: "anna", password });
    };
    return {
      expired: () => seen({ notAfter: 1 }),
      "unknown-recipient": () => seen({ payee: NOBODY }),
      "unsupported-version": () => askAsCustomer(bank, "orders", { order: "_w" }),
      "wrong-credentials": () => begin("a wrong horse"),
      "over-online-limit": async () => {
        await staff("/v1/online-services", {
          customer: "c-1",
          accounts: ["anna"],
          identities: [{ kind: "account", text: "anna" }],
          terminals: [{ channel: "sms", address: "+4915100000", language: "zh" }],
          password: "correct horse",
        });
        const own = { identity: "anna", password: "correct horse" };
        await askAsCustomer(bank, "service", { ...own, limits: { perPayment: "9" } });
        return chosen(await begin("correct horse"));
      },
      "wrong-code": async () => {
        const own = { identity: "anna", password: "correct horse" };
        await askAsCustomer(bank, "service", { ...own, limits: { perPayment: null } });
        const begun = await begin("correct horse");
        const { id, token } = (await begun.clone().json()) as { id: string; token: string };
        // No relay takes it, and it is sent all the same.
        expect((await chosen(begun)).status).to.equal(503);
        return askAsCustomer(bank, `payments/${id}/authorization`, { token, code: "12345678" });
      },
    };
  }

  /** By code, what is answered to who claims what is not for him. */
  function ofClaims() {
    const unknown = makeCode(systemRandom);
    const claim = (code = unknown) => {
      const asked = { code: formatCode(networkId, code), password: PASSWORD, account: "anna" };
      return staff("/v1/counter/claims", asked);
    };
    return {
      "wrong-claim": () => claim(),
      "code-locked": async () => {
        for (let i = 1; i < limits.codeTriesMax; i++) expect((await claim()).status).to.equal(403);
        return claim();
      },
      "claim-spent": async () => claim(await spentCode()),
      "claim-expired": async () => claim(await expiredCode()),
    };
  }

  /** With money under it, that waits here. */
  async function codeWithMoney(): Promise<Uint8Array> {
    const code = makeCode(systemRandom);
    const secret = await codeSecret(networkId, code, PASSWORD);
    await bank.node.ledger.coin(promise(secret, MEMBER, 5n));
    return code;
  }

  /** Its money is the device's. */
  async function spentCode(): Promise<Uint8Array> {
    const code = await codeWithMoney();
    await device.ask(claimOf(code));
    return code;
  }

  async function expiredCode(): Promise<Uint8Array> {
    const code = await codeWithMoney();
    const owner = ownerOf(await codeSecret(networkId, code, PASSWORD));
    const states = async () => {
      const rows = await Array.fromAsync(bank.store.entries(ranges.unclaimedOf(owner)));
      return rows.map(([, value]) => decodeRow<UnclaimedCoin>(value).state);
    };
    await until("the gateway knows of it", async () => (await states()).length === 1);
    bank.ahead = DAY_MS;
    await until("it has expired", async () => !(await states()).includes("waiting"));
    bank.ahead = 0;
    return code;
  }

  async function chosen(begun: Response): Promise<Response> {
    const { id, token, terminals } = (await begun.json()) as Begun;
    const terminal = terminals[0]!.id;
    return askAsCustomer(bank, `payments/${id}/code`, {
      token,
      account: 0,
      terminal,
      mode: "page",
    });
  }

  /** By code, what a device asks that is refused with it. */
  const asks: Record<(typeof deskRefusals)[number], () => Promise<string>> = {
    malformed: () => codeOf(device, { kind: "submit", leaves: [Uint8Array.of(99)] }),
    "bad-signature": async () => enrolWith({ consent: randomBytes(64) }),
    "wrong-owner": async () => {
      const record = await new TestDevice(bank).redemption(1n, [someCoin]);
      return codeOf(device, { kind: "redeem", record });
    },
    "unknown-recipient": async () => {
      const record = await device.pay(device.owner, 1n, [someCoin]);
      return codeOf(device, { kind: "redeem", record });
    },
    "already-enrolled": async () => {
      const key = await bank.node.ledger.enrol("of another bank", OTHER);
      return enrolWith({}, new TestDevice(bank, key));
    },
    expired: async () => {
      const credential = await bank.credential("anna");
      bank.ahead = DAY_MS + 1;
      const code = await enrolWith({ credential });
      bank.ahead = 0;
      return code;
    },
    "not-yet-valid": () =>
      codeOf(device, { kind: "certify" }, { signedTime: bank.now() + 2 * DAY_MS }),
    revoked: async () => {
      const blocked = await TestDevice.enrolled(bank, "blocked", 0n);
      await staff(`/v1/devices/${blocked.owner}/block`, {});
      return codeOf(blocked, { kind: "certify" });
    },
    "over-balance-limit": () => codeOf(device, load(50_001n)),
    "insufficient-funds": async () => {
      const poor = await TestDevice.enrolled(bank, "poor", 5n);
      return codeOf(poor, load(6n));
    },
    "too-many-coins": () => codeOf(device, { ...load(16n), parts: Array(16).fill(1n) }),
    "sync-needed": async () => {
      bank.node.gatherMs = undefined;
      const fresh = new TestDevice(bank);
      await fresh.enrol(await bank.credential("anna"));
      const code = await codeOf(fresh, { kind: "certify" });
      bank.node.sequence();
      bank.node.gatherMs = 2;
      return code;
    },
    "second-factor-waiting": async () => {
      const guarded = await TestDevice.enrolled(bank, "guarded", 0n);
      await staff(`/v1/devices/${guarded.owner}/second-factor`, { from: "100" });
      return codeOf(guarded, { kind: "receipts", outpoints: [] });
    },
    unauthorised: () => codeOf(new TestDevice(bank), { kind: "certify" }),
    forbidden: () => enrolWith({ class: "element" }),
    conflict: async () => {
      const asked = load(2n);
      await codeOf(device, asked);
      return codeOf(device, { ...asked, amount: 3n });
    },
    "stale-request": () =>
      codeOf(device, { kind: "certify" }, { signedTime: bank.now() - 2 * DAY_MS }),
    "unknown-member": async () => codeOf(new TestDevice(bank), claimOf(makeCode(systemRandom))),
    "wrong-claim": () => codeOf(device, claimOf(makeCode(systemRandom))),
    "code-locked": async () => {
      const asked = claimOf(makeCode(systemRandom));
      for (let i = 0; i < limits.codeTriesMax; i++) await codeOf(device, asked);
      return codeOf(device, asked);
    },
    "claim-spent": async () => {
      const other = await bank.node.ledger.enrol("late", OTHER);
      return codeOf(new TestDevice(bank, other), claimOf(await spentCode()));
    },
    "claim-expired": async () => codeOf(device, claimOf(await expiredCode())),
  };

  it("devices hear in a signed request's reply, by every code that is described", async () => {
    expect(Object.keys(asks).toSorted()).to.deep.equal([...deskRefusals].toSorted());
    for (const [code, ask] of Object.entries(asks)) expect(await ask(), code).to.equal(code);
  });

  it("others hear as a problem, by every code that is described, in their language [N-21]", async () => {
    const described = await Promise.all(
      [bank.url, bank.gateway.staffUrl, bank.gateway.managementUrl].map(codesDescribed),
    );
    expect(Object.keys(problems).toSorted()).to.deep.equal(
      [...new Set(described.flat())].toSorted(),
    );
    for (const [code, provoke] of Object.entries(problems)) {
      const answer = await provoke();
      const problem = (await answer.json()) as object;
      expect(problem, JSON.stringify(problem)).to.include({
        code,
        ...wordsOf(code as ProblemCode, "zh"),
      });
      const status = code === "internal" ? 500 : refusalCodes[code as "busy"].status;
      expect(answer.status, code).to.equal(status);
      expect(answer.headers.get("content-language"), code).to.equal("zh");
    }
  });

  function claimOf(code: Uint8Array) {
    return { kind: "claim", code, password: PASSWORD } as const;
  }

  function load(amount: bigint) {
    return { kind: "load", id: randomBytes(16), amount, parts: [] as bigint[] } as const;
  }

  /** The code of the reply. */
  async function codeOf(who: TestDevice, ask: Ask, fields = {}): Promise<string> {
    const reply = await who.send(await who.request(ask, fields));
    return reply.outcome === "refused" ? reply.reason.code : reply.outcome;
  }

  async function enrolWith(fields: object, who = new TestDevice(bank)): Promise<string> {
    const consent = await who.key.sign(consentMessage(networkId, MEMBER));
    const credential = await bank.credential("anna");
    const plain = { kind: "enrol", consent, class: "software", label: "", credential } as const;
    return codeOf(who, { ...plain, ...fields });
  }
});

/** Every code that a server's description names. */
async function codesDescribed(origin: string): Promise<string[]> {
  const { paths } = await documentOf(origin);
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  return operations.flatMap(({ responses }: Operation) => {
    const schema = responses["default"]?.content?.["application/problem+json"]?.schema;
    const { properties } = schema as { properties: { code: { enum: string[] } } };
    return properties.code.enum;
  });
}

/** A call under a name of the caller's own, which fetch does not allow. */
async function calledBy(name: string, url: string): Promise<Response> {
  const call = httpRequest(url, { headers: { host: name, "accept-language": "zh" } }).end();
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  const text = utf8.decode(Buffer.concat(await Array.fromAsync(answer)), "answer");
  const language = String(answer.headers["content-language"]);
  return new Response(text, {
    status: answer.statusCode!,
    headers: { "content-language": language },
  });
}
