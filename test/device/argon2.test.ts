/** The two ends of #argon2 are one function. */
import { expect } from "chai";
import fc from "fast-check";
import { argon2id } from "../../device/argon2-node.ts";
import * as portable from "../../device/argon2-portable.ts";
import { codeSecret, makeCode } from "../../protocol/claim-code.ts";
import { systemRandom } from "../../protocol/random.ts";
import { networkId } from "../support/ledger-parts.ts";

describe("the secret of a code", () => {
  it("is the same from Node's Argon2id and from the portable one [R-049]", async () => {
    expect(argon2id).to.be.a("function");
    const password = fc.string({ unit: "binary", minLength: 8, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(password, async (text) => {
        const code = makeCode(systemRandom);
        const secret = await codeSecret(networkId, code, text, argon2id);
        expect(secret).to.have.length(32);
        expect(await codeSecret(networkId, code, text, portable.argon2id)).to.deep.equal(secret);
      }),
      { numRuns: 3 },
    );
  });
});
