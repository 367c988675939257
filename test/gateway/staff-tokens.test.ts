/** Who may call the staff's listener where tokens are asked for, and what each may do there. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { keySetOf, kidOf } from "../../gateway/staff/key-set.ts";
import type { StaffRole } from "../../gateway/staff/roles.ts";
import { type Claims, makeToken } from "../../gateway/staff/token.ts";
import { StaffTokens } from "../../gateway/staff/token-keys.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { documentOf } from "../support/described-fetch.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { refusal } from "./support/refusal.ts";
import { claimsOf, staffCallers, staffKey, tokenOf } from "./support/staff-keys.ts";

const MINUTE_MS = 60_000;
const logger = makeLogger({ name: "test", level: "silent" });

describe("the staff's tokens", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  /** How far the clock of whoever checks tokens is ahead. */
  let aheadMs = 0;

  const now = () => Date.now() + aheadMs;
  before(async () => {
    const path = await folder();
    const token = await tokenOf(["teller"]);
    bank = await Bank.open(path, { callers: await staffCallers(path), token });
    bank.node.ledger.deposit(MEMBER, 1_000n);
    await bank.start();
    await bank.staff("/v1/accounts", { account: "anna", customer: "c-1" });
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  it("open to each role what is its own, and nothing else", async () => {
    const nobody = `0x${"00".repeat(20)}`;
    const able: Record<StaffRole, string[]> = {
      teller: [],
      operator: [],
      auditor: [],
      relay: [],
      voice: [],
    };
    const calls: Record<string, () => [string, object?]> = {
      "opens an account": () => ["/v1/accounts", { account: "bert", customer: "c-2" }],
      "sees a statement": () => ["/v1/accounts/anna/statement"],
      "burns money": () => ["/v1/vault/burns", { amount: "1" }],
      "sees the intake": () => ["/v1/intake"],
      "sees the books": () => ["/v1/books"],
      "brings a code": () => ["/v1/relay/replies", { address: "a-phone", code: "12345678" }],
      "says a code": () => [
        `/v1/devices/${nobody}/second-factor/code`,
        { amount: "1", payee: "000000000000" },
      ],
    };
    for (const role of Object.keys(able) as StaffRole[]) {
      const token = await tokenOf([role]);
      for (const [what, call] of Object.entries(calls)) {
        const [path, body] = call();
        const outcome = await bank.staff(path, body, token).catch((error: Error) => error);
        // No code is awaited, and there is no such device: who hears that may do it.
        if (outcome instanceof Error && !isRefusal(outcome, "not-found")) {
          expect(outcome).to.include({ code: "forbidden" });
        } else able[role].push(what);
      }
    }
    expect(able).to.deep.equal({
      teller: ["opens an account", "sees a statement", "sees the books"],
      operator: ["burns money", "sees the intake", "sees the books"],
      auditor: ["sees a statement", "sees the intake", "sees the books"],
      relay: ["brings a code"],
      voice: ["says a code"],
    });
  });

  it("are asked for on every route but the one that describes them", async () => {
    const { paths } = await documentOf(bank.gateway.staffUrl);
    const open = Object.entries(paths).filter(([, methods]) =>
      Object.values(methods).some((operation) => !("security" in operation)),
    );
    expect(open.map(([path]) => path)).to.deep.equal(["/openapi.json"]);
    const roles = Object.values(paths).flatMap((methods) =>
      Object.values(methods).flatMap((operation) => {
        const { security } = operation as { security?: readonly [{ token: readonly string[] }] };
        return security === undefined ? [] : [security[0].token.length];
      }),
    );
    expect(roles.length).to.be.above(15);
    expect(Math.min(...roles), "a route is for nobody").to.equal(1);
    const answer = await fetch(`${bank.gateway.staffUrl}/v1/books`);
    expect([answer.status, answer.headers.get("www-authenticate")]).to.deep.equal([401, "Bearer"]);
  });

  it("are refused with another key, time, audience or form, in words that show nothing of them", async () => {
    const good = await tokenOf(["auditor"]);
    const [header, claims, signature] = good.split(".") as [string, string, string];
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const kid = kidOf(staffKey.publicKey);
    const { exp: _, ...endless } = claimsOf(["auditor"]);
    const past = Math.floor(Date.now() / 1000) - 61;
    const bad: Record<string, string> = {
      "by another key": await tokenOf(["auditor"], {}, NodeSigner.generate()),
      "by an unknown key": await makeToken(claimsOf(["auditor"]), "another", staffKey),
      expired: await tokenOf(["auditor"], { exp: past }),
      "not valid yet": await tokenOf(["auditor"], { nbf: past + 3600 }),
      "for another service": await tokenOf(["auditor"], { aud: ["payroll"] }),
      "with other claims": `${header}.${encode(claimsOf(["operator"]))}.${signature}`,
      "with no signature": `${encode({ alg: "none", kid })}.${claims}.`,
      "of no algorithm": `${encode({ alg: "none", kid })}.${claims}.AA`,
      "of a shared secret": `${encode({ alg: "HS256", kid })}.${claims}.${signature}`,
      "with an extension": `${encode({ alg: "ES256", kid, crit: ["b64"] })}.${claims}.${signature}`,
      "without an end": await makeToken(endless as Claims, kid, staffKey),
      "of no name": await tokenOf(["auditor"], { sub: "" }),
      "with no key's name": await makeToken(claimsOf(["auditor"]), undefined as never, staffKey),
      "with half a signature": `${header}.${claims}.${signature.slice(0, 40)}`,
      "too long": `${good}${"A".repeat(9_000)}`,
      "no JSON": "e30.e.AA",
    };
    for (const [name, token] of Object.entries(bad)) {
      const { detail } = await refusal("unauthorised", bank.staff("/v1/books", undefined, token));
      expect(detail, name).to.match(/^the token [a-z]/);
      expect(detail.length, name).to.be.below(120);
      for (const part of token.split(".").filter((it) => it.length > 8)) {
        expect(detail, name).to.not.include(part);
      }
    }
    expect(await bank.staff<object>("/v1/books", undefined, good)).to.include({ total: "0" });
  });

  it("leave in the log who did what, and not what they showed", async () => {
    const token = await tokenOf(["auditor"], { sub: "the auditor Zoe" });
    await bank.staff("/v1/books", undefined, token);
    const log = bank.log.join("\n");
    expect(log).to.match(/"route":"\/v1\/books","caller":"the auditor Zoe"/);
    expect(log).to.not.include(token.split(".")[2]!);
  });

  describe("of an identity provider", () => {
    let provider: Server;
    let published: object;
    let asked = 0;

    before(async () => {
      provider = createServer((_, response) => {
        asked++;
        response.end(JSON.stringify(published));
      }).listen(0, "127.0.0.1");
      await once(provider, "listening");
    });
    after(() => provider.close());

    it("count by the keys that it publishes, also later ones; whoever invents keys does not have it asked for ever", async () => {
      const next = NodeSigner.generate();
      published = {
        keys: [
          { kty: "RSA", kid: "r", n: "AA", e: "AQAB" },
          ...keySetOf([staffKey.publicKey]).keys,
        ],
      };
      const source = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`;
      const issuer = "https://id.example";
      const parts = { source, issuer, audience: "tallystick", clock: now, logger };
      const tokens = await StaffTokens.open(parts);
      const identify = async (claims: Claims, signer: NodeSigner, kid = kidOf(signer.publicKey)) =>
        tokens.identify(`Bearer ${await makeToken(claims, kid, signer)}`);
      const claims = claimsOf(["teller"], { iss: issuer });
      expect(await identify(claims, staffKey)).to.deep.equal({ name: "anna", roles: ["teller"] });
      await refusal("unauthorised", identify(claimsOf(["teller"]), staffKey));
      published = keySetOf([next.publicKey]);
      await refusal("unauthorised", identify(claims, next));
      aheadMs = 2 * MINUTE_MS;
      expect(await identify(claims, next)).to.include({ name: "anna" });
      await refusal("unauthorised", identify(claims, staffKey));
      for (let i = 0; i < 5; i++) await refusal("unauthorised", identify(claims, next, `kid-${i}`));
      expect(asked).to.equal(2);
      aheadMs = 0;
    });

    it("count no longer by a key that it has withdrawn, ten minutes later at most", async () => {
      const next = NodeSigner.generate();
      published = keySetOf([staffKey.publicKey, next.publicKey]);
      const source = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`;
      const tokens = await StaffTokens.open({ source, audience: "tallystick", clock: now, logger });
      const token = await makeToken(claimsOf(["teller"]), kidOf(staffKey.publicKey), staffKey);
      expect(await tokens.identify(`Bearer ${token}`)).to.include({ name: "anna" });
      published = keySetOf([next.publicKey]);
      const before = asked;
      aheadMs = 10 * MINUTE_MS;
      const identified = [1, 2, 3].map(() => tokens.identify(`Bearer ${token}`));
      for (const each of identified) await refusal("unauthorised", each);
      expect(asked).to.equal(before + 1);
      aheadMs = 0;
    });

    it("are not taken where it publishes none that can be used", async () => {
      const source = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`;
      for (const keys of [
        undefined,
        [],
        [{ kty: "EC", crv: "P-256", kid: "a", x: "AA", y: "AA" }],
      ]) {
        published = { keys };
        const opened = StaffTokens.open({ source, audience: "a", clock: now, logger });
        await refusal("bad-configuration", opened);
      }
    });
  });
});
