/** Which call replaces which keys of a member, and what is no rotation. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { MemberEntry } from "../../../node/chain/members.ts";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import { type RefusalCode, isRefusal } from "../../../protocol/refusal.ts";
import { validatorAddress } from "../../../protocol/typed-data.ts";
import { parseRotation, rotationCall } from "../../../scripts/admin/rotation.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { account, p256Key, plannedMember, seed, validatorKey } from "../../support/network.ts";

const { reserve: _, guarantee, ...admitted } = plannedMember(2);
const member: MemberEntry = {
  ...admitted,
  member: 2,
  status: 1,
  guarantee: { current: guarantee, next: guarantee, fromS: 0 },
  peerId: "12D3KooWD2jLEkWLGMWiLrJ5VW4grRcPqjFbqVWfSkZ6nTVCRnEK",
};
const present = {
  validator: validatorAddress(validatorKey(2)),
  issuer: toHex(p256Key("issuer 2")),
  treasury: toHex(p256Key("treasury 2")),
  intake: toHex(p256Key("intake 2")),
};
const issuer = toHex(p256Key("another issuer 2"));
const treasury = toHex(p256Key("another treasury 2"));
const peerId = "12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X";

describe("a rotation of keys", () => {
  const temporary = temporaryFolders();

  const callOf = async (args: readonly string[], byAuthority = false, addresses?: string[]) =>
    rotationCall(member, parseRotation(args, addresses), byAuthority);

  async function refuses(
    args: readonly string[],
    code: RefusalCode,
    says: RegExp,
    addresses?: string[],
  ): Promise<void> {
    await assert.rejects(callOf(args, false, addresses), (error: Error) => {
      assert.match(error.message, says);
      return isRefusal(error, code);
    });
  }

  it("names all keys that change in one call, and leaves the others as they are [N-23]", async () => {
    const { call, replacements } = await callOf(["issuer", issuer, "treasury", treasury]);
    assert.deepEqual(call, {
      contract: "registry",
      method: "rotateKeys",
      args: [{ ...present, issuer, treasury }],
    });
    assert.deepEqual(replacements, [
      { what: "issuer", from: present.issuer, to: issuer },
      { what: "treasury", from: present.treasury, to: treasury },
    ]);
  });

  it("takes a key from its file, or what is public of it, and refuses a file of another kind", async () => {
    const folder = await temporary();
    const [validator, wrong] = [join(folder, "validator.json"), join(folder, "issuer.json")];
    await createKeyFile(validator, new StoredKey("secp256k1", seed("a new validator")));
    await createKeyFile(wrong, new StoredKey("P-256", seed("a new issuer")));
    const { call } = await callOf(["validator", validator]);
    const address = validatorAddress(seed("a new validator"));
    assert.deepEqual(call!.args, [{ ...present, validator: address }]);
    assert.deepEqual((await callOf(["validator", address])).call, call);
    await refuses(
      ["validator", wrong],
      "bad-configuration",
      /P-256 key: a validator has secp256k1/,
    );
  });

  it("by the authority replaces the keys, the peer and the operator of any member [N-23]", async () => {
    const operator = account("another operator 2").address;
    const methodOf = async (args: readonly string[], addresses?: string[]) => {
      const { call } = await callOf(args, true, addresses);
      return [call!.method, ...call!.args];
    };
    assert.deepEqual(await methodOf(["issuer", issuer]), [
      "replaceKeys",
      2,
      { ...present, issuer },
    ]);
    assert.deepEqual(await methodOf(["operator", operator]), ["setOperator", 2, operator]);
    const addresses = ["/ip4/127.0.0.1/tcp/4711"];
    assert.deepEqual(await methodOf(["peer", peerId], addresses), [
      "replacePeer",
      2,
      { id: peerId, addresses },
    ]);
    await refuses(["operator", operator], "forbidden", /authority alone names another operator/);
  });

  it("of a peer keeps its addresses unless others are given, and moves a peer that keeps its key", async () => {
    const { call } = await callOf(["peer", peerId]);
    assert.deepEqual(call!.args, [{ id: peerId, addresses: member.addresses }]);
    const moved = await callOf(["peer", member.peerId], false, ["/ip4/127.0.0.1/tcp/4712"]);
    assert.deepEqual(moved.call!.args, [
      { id: member.peerId, addresses: ["/ip4/127.0.0.1/tcp/4712"] },
    ]);
  });

  it("that is made already needs no call", async () => {
    const keys = Object.entries(present).flat() as Hex[];
    for (const args of [keys, ["peer", member.peerId], ["operator", member.operator]]) {
      assert.equal((await callOf(args, true)).call, undefined);
    }
  });

  it("is refused with what is wrong with it, before anything is asked of the chain", async () => {
    await refuses(["tresury", treasury], "malformed", /"tresury" is not one of issuer, treasury/);
    await refuses(["issuer", issuer, "treasury"], "malformed", /say which treasury key/);
    await refuses(["issuer", issuer, "issuer", treasury], "malformed", /issuer key is named twice/);
    await refuses(["peer", peerId, "issuer", issuer], "malformed", /peer is replaced by a command/);
    await refuses(["issuer", issuer], "malformed", /an address belongs to a peer/, [
      "/ip4/1.1.1.1",
    ]);
  });
});
