/** Who may call what: every function, with its role and without, and how long a privileged call waits. */
import { expect } from "chai";
import type { BaseContract } from "ethers";
import { restrictedFunctions, roles } from "../../node/chain/abi.ts";
import {
  admissionOf,
  type Consortium,
  defaultParameters,
  keysOf,
  peerOf,
  profileOf,
  publicKey,
  seed,
} from "../../scripts/bench/consortium.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { ROOT, useConsortium } from "./support/deployment.ts";

const DELAY_S = 7 * 24 * 60 * 60;
const freshValidator = validatorAddress(seed("fresh"));

/** A call of each restricted function that its role's holder can make. */
const calls = {
  MemberRegistry: {
    setParameters: () => [defaultParameters],
    setWriter: ({ stranger }: Consortium) => [stranger.address, true],
    admit: ({ stranger }: Consortium) => [
      5,
      admissionOf({ id: 5, operator: stranger, validator: freshValidator }),
    ],
    setStatus: () => [2, 2],
    setOperator: ({ stranger }: Consortium) => [2, stranger.address],
    setProfile: () => [2, profileOf(9)],
    setQuota: () => [2, 5n],
    setGuarantee: () => [2, 5n],
    replaceKeys: () => [2, keysOf(2, freshValidator, 1)],
    replacePeer: () => [2, peerOf("moved")],
    admitObserver: () => ["Regulator", peerOf("observer")],
    removeObserver: () => ["first observer"],
  },
  ReserveToken: {
    setParticipant: ({ stranger }: Consortium) => [stranger.address, true],
    mint: ({ members }: Consortium) => [members[0]!.operator.address, 5n],
    burn: ({ members }: Consortium) => [members[0]!.operator.address, 5n],
  },
  Settlement: {
    setArbiter: ({ stranger }: Consortium) => [stranger.address, true],
  },
  Disputes: {
    collectFines: ({ members }: Consortium) => [members[0]!.operator.address],
    rule: () => [1, true],
  },
  AuditLog: {
    addEpoch: ({ stranger }: Consortium) => [1, publicKey("audit"), ROOT, 1, [stranger.address]],
    replaceHolder: ({ stranger }: Consortium) => [1, 1, stranger.address],
    request: () => [1, ROOT, ROOT, publicKey("requester"), 2 ** 32],
  },
} as const;

/** What a role's holder hears where there is nothing yet to be done: it was let through. */
const refusals: Readonly<Record<string, string>> = {
  collectFines: "DisputesNoFines",
  rule: "DisputesWrongStatus",
  replaceHolder: "AuditLogUnknownEpoch",
  request: "AuditLogUnknownEpoch",
};

/** What anyone may call: the contract itself sees to it that no harm is done. */
const open: Record<keyof typeof calls, readonly string[]> = {
  MemberRegistry: [
    "draw",
    "initialize",
    "revoke",
    "revokeFor",
    "rotateKeys",
    "setAuthority",
    "setPeer",
  ],
  ReserveToken: ["approve", "setAuthority", "transfer", "transferFrom"],
  Settlement: [
    "award",
    "closeCycle",
    "deposit",
    "fillBond",
    "fine",
    "initialize",
    "releaseBond",
    "releaseFines",
    "restitute",
    "revoke",
    "sequence",
    "setAuthority",
    "setStanding",
    "settle",
    "withdraw",
  ],
  Disputes: [
    "answer",
    "depositBond",
    "enforce",
    "initialize",
    "lapse",
    "openDoubleSpend",
    "openFalseCertificate",
    "openFalseReceipt",
    "payQueue",
    "releaseBond",
    "report",
    "requestRelease",
    "ruleUnanswered",
    "setAuthority",
  ],
  AuditLog: ["approve", "initialize", "setAuthority"],
};

function contractsOf({ registry, token, settlement, disputes, auditLog }: Consortium) {
  return {
    MemberRegistry: registry,
    ReserveToken: token,
    Settlement: settlement,
    Disputes: disputes,
    AuditLog: auditLog,
  } as unknown as Record<keyof typeof calls, BaseContract>;
}

describe("the roles", () => {
  const load = useConsortium();

  /** The consortium, with what the calls need besides their role. */
  async function prepared(): Promise<Consortium> {
    const consortium = await load();
    const { registry, token, members, authority } = consortium;
    await registry.admitObserver("First", peerOf("first observer"));
    await token.connect(members[0]!.operator).approve(authority.address, 5n);
    return consortium;
  }

  for (const name of [
    "MemberRegistry",
    "ReserveToken",
    "Settlement",
    "Disputes",
    "AuditLog",
  ] as const) {
    const byRole = Object.entries(restrictedFunctions[name]) as [keyof typeof roles, string[]][];
    const restricted = byRole.flatMap(([, functions]) => functions);

    it(`leave no function of ${name} out`, async () => {
      const consortium = await load();
      const changing: string[] = [];
      contractsOf(consortium)[name].interface.forEachFunction((each) => {
        if (!each.constant) changing.push(each.name);
      });
      expect(changing.sort()).to.deep.equal([...restricted, ...open[name]].sort());
      expect(Object.keys(calls[name]).sort()).to.deep.equal([...restricted].sort());
    });

    for (const [role, functions] of byRole) {
      for (const each of functions) {
        it(`let ${role} alone call ${name}.${each}`, async () => {
          const consortium = await prepared();
          const { authority, regulator, arbiter, stranger, members } = consortium;
          const contract = contractsOf(consortium)[name];
          const makeArguments = (calls[name] as Record<string, (c: Consortium) => unknown[]>)[
            each
          ]!;
          const holders = { AUTHORITY: authority, REGULATOR: regulator };
          const holder = holders[role as keyof typeof holders];
          const others = [
            ...Object.values(holders),
            arbiter,
            stranger,
            members[1]!.operator,
          ].filter((account) => account !== holder);
          const call = (from: typeof holder) =>
            contract.connect(from).getFunction(each)(...makeArguments(consortium));
          for (const other of others) {
            await expect(call(other))
              .to.be.revertedWithCustomError(contract, "AccessManagedUnauthorized")
              .withArgs(other.address);
          }
          const refusal = refusals[each];
          if (refusal === undefined) await call(holder);
          else await expect(call(holder)).to.be.revertedWithCustomError(contract, refusal);
        });
      }
    }

    it(`let no account appoint another authority over ${name}`, async () => {
      const consortium = await load();
      const contract = contractsOf(consortium)[name];
      for (const account of [consortium.authority, consortium.stranger]) {
        await expect(contract.connect(account).getFunction("setAuthority")(account.address))
          .to.be.revertedWithCustomError(contract, "AccessManagedUnauthorized")
          .withArgs(account.address);
      }
    });
  }

  it("make a privileged call wait for its delay, and take it only once", async () => {
    const { registry, accessManager, authority, connection } = await load();
    const { time } = connection.networkHelpers;
    await accessManager.grantRole(roles.AUTHORITY, authority.address, DELAY_S);
    await expect(registry.setQuota(2, 5n)).to.be.revertedWithCustomError(
      accessManager,
      "AccessManagerNotScheduled",
    );
    const target = await registry.getAddress();
    const data = registry.interface.encodeFunctionData("setQuota", [2, 5n]);
    await accessManager.schedule(target, data, 0);
    const ready = (await time.latest()) + DELAY_S;
    await time.setNextBlockTimestamp(ready - 1);
    await expect(registry.setQuota(2, 5n)).to.be.revertedWithCustomError(
      accessManager,
      "AccessManagerNotReady",
    );
    await time.setNextBlockTimestamp(ready);
    await registry.setQuota(2, 5n);
    expect(await registry.quotaOf(2)).to.equal(5n);
    await expect(registry.setQuota(2, 5n)).to.be.revertedWithCustomError(
      accessManager,
      "AccessManagerNotScheduled",
    );
  });

  it("are given by the administrator alone", async () => {
    const { accessManager, stranger } = await load();
    await expect(
      accessManager.connect(stranger).grantRole(roles.AUTHORITY, stranger.address, 0),
    ).to.be.revertedWithCustomError(accessManager, "AccessManagerUnauthorizedAccount");
  });
});
