/** Codes for payees without an account: written for people, and worth nothing without the password. */
import { expect } from "chai";
import { argon2Sync } from "node:crypto";
import fc from "fast-check";
import { fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import {
  CODE_LENGTH,
  codeSecret,
  formatCode,
  makeCode,
  parseCode,
} from "../../protocol/claim-code.ts";
import { ownerOf } from "../../protocol/key.ts";
import { digest } from "../../protocol/message.ts";
import { systemRandom } from "../../protocol/random.ts";
import { networkId, readVectors, refusalFrom, refusalOf } from "./support/vectors.ts";

type Good = {
  readonly text: string;
  readonly password: string;
  readonly expected: { readonly code: Hex; readonly secret: Hex; readonly owner: Hex };
};
type Bad = { readonly text: string; readonly expected: { readonly code: string } };

const { good, bad } = readVectors<{ good: readonly Good[]; bad: readonly Bad[] }>("claim-codes");

describe("a code", () => {
  it("leads with the password to the secret of a claim [R-049, R-162, N-19]", async () => {
    for (const { text, password, expected } of good) {
      const code = parseCode(networkId, text);
      expect(toHex(code)).to.equal(expected.code);
      expect(formatCode(networkId, code)).to.equal(text);
      const secret = await codeSecret(networkId, code, password);
      expect([toHex(secret), ownerOf(secret)]).to.deep.equal([expected.secret, expected.owner]);
    }
  });

  it("leads elsewhere with another password, and to the same with the same one typed otherwise", () => {
    const secrets = good.map(({ expected }) => expected.secret);
    expect(secrets[0]).not.to.equal(secrets[1]);
    expect(secrets[4]).to.equal(secrets[5]);
  });

  it("is what Argon2id of another maker gives", () => {
    const [{ text, password, expected }] = good as [Good];
    const nonce = digest("code", networkId, parseCode(networkId, text));
    const message = utf8.encode(password);
    const cost = { parallelism: 1, tagLength: 32, memory: 19_456, passes: 2 };
    const secret = argon2Sync("argon2id", { message, nonce, ...cost });
    expect(toHex(new Uint8Array(secret))).to.equal(expected.secret);
  });

  it("is refused when it was not copied right", () => {
    for (const { text, expected } of bad) {
      expect(refusalFrom(() => parseCode(networkId, text)).code, text).to.equal(expected.code);
    }
    const code = makeCode(systemRandom);
    expect(code).to.have.length(CODE_LENGTH);
    const text = formatCode(networkId, code).replaceAll("-", "");
    let taken = 0;
    for (let at = 0; at < text.length; at++) {
      for (const letter of "0123456789ABCDEFGHJKMNPQRSTVWXYZ") {
        if (letter === text[at]) continue;
        taken += isTaken(text.slice(0, at) + letter + text.slice(at + 1)) ? 1 : 0;
      }
    }
    // 558 slips of one letter, of which each passes by chance once in 1,024 times.
    expect(taken).to.be.below(8);
  });

  it("is read as people write it, and belongs to one network", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), (code) => {
        const text = formatCode(networkId, code);
        expect(text).to.match(/^([0-9A-Z]{6}-){2}[0-9A-Z]{6}$/);
        const typed = text
          .toLowerCase()
          .replaceAll("-", " ")
          .replaceAll("0", "o")
          .replaceAll("1", "l");
        expect(parseCode(networkId, typed)).to.deep.equal(code);
      }),
    );
    const [{ text }] = good as [Good];
    const elsewhere = fromHex(`0x${"11".repeat(32)}`);
    expect(refusalFrom(() => parseCode(elsewhere, text)).code).to.equal("malformed");
  });

  it("asks for a password of 4 to 64 bytes", async () => {
    for (const password of ["", "123", "x".repeat(65), "é".repeat(33)]) {
      const { code } = await refusalOf(() => codeSecret(networkId, new Uint8Array(10), password));
      expect(code).to.equal("malformed");
    }
  });
});

function isTaken(text: string): boolean {
  try {
    parseCode(networkId, text);
    return true;
  } catch {
    return false;
  }
}
