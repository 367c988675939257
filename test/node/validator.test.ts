/** A member signs with the key that the registry names, and with no other. */
import assert from "node:assert/strict";
import { Validator } from "../../node/validator.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { recoverValidator, validatorAddress } from "../../protocol/typed-data.ts";
import { seed, validatorKey } from "../support/network.ts";

const digest = seed("a statement");
const [present, next] = [validatorKey(1), seed("next validator 1")];
const [presentAddress, nextAddress] = [present, next].map(validatorAddress) as [Hex, Hex];

describe("the validator of a member", () => {
  let named: Hex | undefined;
  const validator = new Validator(1, [present, next], { validatorOf: () => named });

  it("signs with the key that the registry names at that moment [N-23]", () => {
    for (const address of [presentAddress, nextAddress]) {
      named = address;
      assert.equal(validator.obstacle, undefined);
      assert.equal(recoverValidator(digest, validator.sign(digest)), address);
      assert.deepEqual([...validator.beginQuorum(digest).keys()], [address]);
    }
  });

  it("signs nothing, and begins no quorum, while its member is not active or has a key that is not here", () => {
    const stranger = validatorAddress(seed("a stranger"));
    for (const [address, says] of [
      [undefined, /member 1 is not active/],
      [stranger, new RegExp(`names validator ${stranger}, whose key this node does not hold`)],
    ] as const) {
      named = address;
      assert.match(validator.obstacle!, says);
      assert.equal(validator.beginQuorum(digest).size, 0);
      assert.throws(
        () => validator.sign(digest),
        (error: Error) => isRefusal(error, "unavailable") && says.test(error.message),
      );
    }
  });
});
