/** Whom a node revokes on the chain: those its own member's signed list names, each once, and nobody else. */
import { expect } from "chai";
import type { ContractCall } from "../../node/chain/contracts.ts";
import { ChainDownError } from "../../node/chain/errors.ts";
import { Revoker } from "../../node/revoker.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { prefixOf, signRevocationList } from "../../protocol/lists.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import { keyOf, networkId } from "../support/ledger-parts.ts";
import { TestLedger } from "../support/ledger.ts";

const MEMBER = 1;

describe("a node's revoker", () => {
  const [lost, stolen] = ["lost", "stolen"].map((name) => ownerOf(keyOf(name).publicKey)) as [
    Owner,
    Owner,
  ];
  let ledger: TestLedger;
  let sent: ContractCall[];
  let isDown: boolean;
  let revoker: Revoker;

  beforeEach(() => {
    ledger = new TestLedger(1, 2);
    sent = [];
    isDown = false;
    const send = async (call: ContractCall) => {
      if (isDown) throw new ChainDownError("as told");
      sent.push(call);
      return undefined as never;
    };
    const { state } = ledger;
    const verifier = new NodeVerifier();
    revoker = new Revoker({ networkId, member: MEMBER, state, verifier, chain: { send } });
  });

  const listOf = async (owners: readonly Owner[], member = MEMBER, by = `issuer of ${member}`) => {
    const prefixes = owners.map(prefixOf).toSorted();
    const list = { member, version: 1, issued: 1, prefixes };
    return (await signRevocationList(networkId, list, keyOf(by))).bytes;
  };
  const refused = async (code: RefusalCode, work: Promise<void>) => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isRefusal(error) ? error.code : error).to.equal(code);
  };

  it("revokes those whom the member's list names, and sends nothing again", async () => {
    const list = await listOf([lost, stolen]);
    await Promise.all([revoker.revoke([lost], list), revoker.revoke([lost], list)]);
    await revoker.revoke([lost, stolen], list);
    expect(sent.map(({ method, args }) => [method, args[0]])).to.deep.equal([
      ["revoke", [lost]],
      ["revoke", [stolen]],
    ]);
    ledger.revoke(MEMBER, lost);
    await revoker.revoke([lost], list);
    expect(sent).to.have.length(2);
  });

  it("refuses whom the list does not name, another member's list, and one that the issuer has not signed", async () => {
    await refused("forbidden", revoker.revoke([stolen], await listOf([lost])));
    await refused("forbidden", revoker.revoke([lost], await listOf([lost], 2)));
    await refused("bad-signature", revoker.revoke([lost], await listOf([lost], 1, "a thief")));
    await refused("malformed", revoker.revoke([lost], Uint8Array.of(1, 2, 3)));
    const byOld = await listOf([lost]);
    ledger.changeMember(MEMBER, { issuer: keyOf("the next issuer") });
    await refused("bad-signature", revoker.revoke([lost], byOld));
    expect(sent).to.deep.equal([]);
  });

  it("says that the chain is away, and sends when asked again", async () => {
    const list = await listOf([lost]);
    isDown = true;
    await refused("unavailable", revoker.revoke([lost], list));
    isDown = false;
    await revoker.revoke([lost], list);
    expect(sent).to.have.length(1);
  });
});
