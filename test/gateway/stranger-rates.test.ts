/** What strangers at one address may ask, and that those at another do not suffer from it. */
import { expect } from "chai";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { limits } from "../../protocol/limits.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { keyOf, pay, spend } from "../support/ledger-parts.ts";
import { Bank } from "./support/bank.ts";

const payer = keyOf("payer");
const MANY = limits.submissionLeavesMax;

describe("strangers at an address", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  before(async () => {
    bank = await Bank.open(await folder(), {
      settings: {
        "rates.addressLeavesBurst": MANY,
        "rates.addressLeavesPerS": 2,
        "rates.addressClaimsBurst": 2,
        "rates.addressClaimsPerMin": 6,
        "devices.port": 0,
        "devices.proxies": ["127.0.0.1"],
        "intake.check": "structure",
      },
    });
    await bank.start();
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const ask = (
    path: string,
    from: string | undefined,
    type: string,
    body: string | Uint8Array<ArrayBuffer>,
  ) =>
    describedFetch(`${bank.url}${path}`, {
      method: "POST",
      headers: { "content-type": type, ...(from === undefined ? {} : { "x-forwarded-for": from }) },
      body,
    });
  const leaf = async () =>
    (
      await spend({
        signer: payer,
        inputs: [`0x${"ab".repeat(33)}`],
        outputs: [pay(payer, 1, 5n)],
      })
    ).bytes;
  const handIn = async (from: string | undefined, bytes: Uint8Array, count = 1) =>
    ask(
      "/v1/leaves",
      from,
      "application/octet-stream",
      Uint8Array.from(encodeLeaves(Array<Uint8Array>(count).fill(bytes))),
    );
  const claim = (from: string) =>
    ask(
      "/v1/claims",
      from,
      "application/json",
      JSON.stringify({ code: "0".repeat(20), password: "wrong", account: "anna" }),
    );

  it("hand in so many leaves, and then hear when to come again, while those at others are served", async () => {
    const bytes = await leaf();
    expect((await handIn("203.0.113.7", bytes, MANY)).status).to.equal(200);
    const refused = await handIn("1.1.1.1, 203.0.113.7", bytes, 20);
    expect(refused.status).to.equal(429);
    expect(await refused.json()).to.include({ code: "rate-limited" });
    expect(Number(refused.headers.get("retry-after"))).to.be.within(5, 10);
    expect((await handIn("203.0.113.8", bytes)).status).to.equal(200);
    expect((await handIn(undefined, bytes, MANY)).status, "this machine itself").to.equal(200);
    expect((await handIn(undefined, bytes, MANY)).status, "this machine itself").to.equal(200);
    bank.ahead += 11_000;
    expect((await handIn("203.0.113.7", bytes, 20)).status).to.equal(200);
  });

  it("have one share for all addresses of a customer's network", async () => {
    const bytes = await leaf();
    expect((await handIn("2001:db8:1:2::1", bytes, MANY)).status).to.equal(200);
    expect((await handIn("2001:db8:1:2:ffff::9", bytes, 20)).status).to.equal(429);
    expect((await handIn("2001:db8:1:3::1", bytes, 20)).status).to.equal(200);
  });

  it("try so few codes that they keep nobody else from claiming [N-19]", async () => {
    const codes = [];
    for (let i = 0; i < 4; i++)
      codes.push(((await (await claim("203.0.113.7")).json()) as { code: string }).code);
    expect(codes.slice(0, 2)).to.not.include("rate-limited");
    expect(codes.slice(2)).to.deep.equal(["rate-limited", "rate-limited"]);
    const late = await claim("203.0.113.7");
    expect(Number(late.headers.get("retry-after"))).to.be.within(2, 10);
    expect(await (await claim("203.0.113.8")).json()).to.not.include({ code: "rate-limited" });
  });
});
