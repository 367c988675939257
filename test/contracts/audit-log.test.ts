/** The audit log: who may ask and approve, when an opening is granted, and what everyone can count. */
import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import { type Consortium, publicKey, seed } from "../../scripts/bench/consortium.ts";
import { toHex } from "../../protocol/bytes.ts";
import { plain, useConsortium } from "./support/deployment.ts";

const SUBJECT = toHex(seed("subject"));
const BASIS = toHex(seed("legal basis"));
const TRANSCRIPT = toHex(seed("transcript"));
const KEY = publicKey("audit");
const REQUESTER_KEY = publicKey("requester");
const DAY_S = 24 * 60 * 60;

describe("AuditLog", () => {
  const load = useConsortium();

  /** Two of three holders open, and a regulator has asked, for a day. */
  async function asked() {
    const consortium = await load();
    const { auditLog, regulator, members } = consortium;
    const holders = members.slice(0, 3).map(({ operator }) => operator);
    await addEpoch(consortium);
    const until = (await now(consortium)) + DAY_S;
    await auditLog.connect(regulator).request(1, SUBJECT, BASIS, REQUESTER_KEY, until);
    return { ...consortium, holders, until };
  }

  function addEpoch(
    { auditLog, members }: Consortium,
    fields: { epoch?: number; key?: string; transcript?: Hex; threshold?: number } = {},
    holders = members.slice(0, 3).map(({ operator }) => operator.address),
  ) {
    const { epoch = 1, key = KEY, transcript = TRANSCRIPT, threshold = 2 } = fields;
    return auditLog.addEpoch(epoch, key, transcript, threshold, holders);
  }

  const now = ({ connection }: Consortium) => connection.networkHelpers.time.latest();

  it("grants at the threshold of the epoch's holders, and says who asked, why and who agreed [N-10]", async () => {
    const { auditLog, regulator, holders, until } = await asked();
    expect(plain(await auditLog.getDisclosure(1))).to.deep.equal({
      requester: regulator.address,
      epoch: 1n,
      until: BigInt(until),
      approvals: 0n,
      approvedBy: 0n,
      subject: SUBJECT,
      legalBasis: BASIS,
      requesterKey: REQUESTER_KEY,
    });
    await expect(auditLog.connect(holders[2]!).approve(1))
      .to.emit(auditLog, "DisclosureApproved")
      .withArgs(1, 3, holders[2]!.address)
      .and.not.to.emit(auditLog, "DisclosureGranted");
    expect(await auditLog.isGranted(1)).to.equal(false);
    await expect(auditLog.connect(holders[0]!).approve(1))
      .to.emit(auditLog, "DisclosureGranted")
      .withArgs(1);
    expect(await auditLog.isGranted(1)).to.equal(true);
    // More may agree, and it is granted once.
    await expect(auditLog.connect(holders[1]!).approve(1)).not.to.emit(
      auditLog,
      "DisclosureGranted",
    );
    expect([await auditLog.requestCount(), await auditLog.grantCount()]).to.deep.equal([1n, 1n]);
  });

  it("writes every request down with its basis, for everyone to see [N-10]", async () => {
    const { auditLog, regulator, until } = await asked();
    const by = auditLog.connect(regulator);
    await expect(by.request(1, SUBJECT, BASIS, REQUESTER_KEY, until))
      .to.emit(auditLog, "DisclosureRequested")
      .withArgs(2, regulator.address, 1, SUBJECT, BASIS, REQUESTER_KEY, until);
    expect(await auditLog.requestCount()).to.equal(2n);
  });

  it("takes approvals of holders alone, one of each, and of asked requests alone [N-10]", async () => {
    const { auditLog, holders, members, regulator } = await asked();
    for (const account of [members[3]!.operator, regulator]) {
      await expect(auditLog.connect(account).approve(1))
        .to.be.revertedWithCustomError(auditLog, "AuditLogNotHolder")
        .withArgs(1, account.address);
    }
    const by = auditLog.connect(holders[0]!);
    await by.approve(1);
    await expect(by.approve(1))
      .to.be.revertedWithCustomError(auditLog, "AuditLogAlreadyApproved")
      .withArgs(1, 1);
    for (const id of [0, 2]) {
      await expect(by.approve(id))
        .to.be.revertedWithCustomError(auditLog, "AuditLogUnknownRequest")
        .withArgs(id);
      expect(await auditLog.isGranted(id)).to.equal(false);
    }
    expect((await auditLog.getDisclosure(1)).approvals).to.equal(1n);
  });

  it("ends: nothing is approved after that, and no grant outlives it [N-10]", async () => {
    const { auditLog, holders, until, connection } = await asked();
    const { networkHelpers } = connection;
    await auditLog.connect(holders[0]!).approve(1);
    await networkHelpers.time.setNextBlockTimestamp(until);
    await auditLog.connect(holders[1]!).approve(1);
    expect(await auditLog.isGranted(1)).to.equal(true);
    await networkHelpers.mine();
    expect(await auditLog.isGranted(1)).to.equal(false);
    await expect(auditLog.connect(holders[2]!).approve(1))
      .to.be.revertedWithCustomError(auditLog, "AuditLogEnded")
      .withArgs(until);
  });

  it("takes no request without a basis, a subject, a key, an epoch or an end", async () => {
    const consortium = await asked();
    const { auditLog, regulator, until } = consortium;
    const by = auditLog.connect(regulator);
    const zero = `0x${"00".repeat(32)}`;
    const at = (await now(consortium)) + 1;
    const wrong: [string, () => Promise<unknown>][] = [
      ["AuditLogZeroHash", () => by.request(1, zero, BASIS, REQUESTER_KEY, until)],
      ["AuditLogZeroHash", () => by.request(1, SUBJECT, zero, REQUESTER_KEY, until)],
      ["AuditLogBadKey", () => by.request(1, SUBJECT, BASIS, `0x04${"11".repeat(32)}`, until)],
      ["AuditLogUnknownEpoch", () => by.request(0, SUBJECT, BASIS, REQUESTER_KEY, until)],
      ["AuditLogUnknownEpoch", () => by.request(2, SUBJECT, BASIS, REQUESTER_KEY, until)],
      ["AuditLogBadEnd", () => by.request(1, SUBJECT, BASIS, REQUESTER_KEY, at)],
      ["AuditLogBadEnd", () => by.request(1, SUBJECT, BASIS, REQUESTER_KEY, at + 366 * DAY_S + 60)],
    ];
    for (const [error, call] of wrong) {
      await expect(call()).to.be.revertedWithCustomError(auditLog, error);
    }
    expect(await auditLog.requestCount()).to.equal(1n);
  });

  it("adds epochs in order, and keeps the holders of each: old requests go on [N-10]", async () => {
    const consortium = await asked();
    const { auditLog, holders, members } = consortium;
    const next = publicKey("audit 2");
    const account = members[3]!.operator;
    await expect(addEpoch(consortium, { epoch: 2, key: next, threshold: 1 }, [account.address]))
      .to.emit(auditLog, "EpochAdded")
      .withArgs(2, next, TRANSCRIPT, 1, [account.address]);
    expect(await auditLog.epochCount()).to.equal(2n);
    await auditLog.connect(holders[0]!).approve(1);
    await expect(auditLog.connect(account).approve(1)).to.be.revertedWithCustomError(
      auditLog,
      "AuditLogNotHolder",
    );
    expect((await auditLog.getEpoch(1)).publicKey).to.equal(KEY);
  });

  it("takes no epoch that could not grant, or in which one holder counts twice", async () => {
    const consortium = await load();
    const { auditLog, members } = consortium;
    const [first, second] = members.map(({ operator }) => operator.address);
    const none = `0x${"00".repeat(20)}`;
    const many = Array.from(
      { length: 33 },
      (_, i) => `0x${(i + 1).toString(16).padStart(40, "0")}`,
    );
    const wrong: [string, () => Promise<unknown>][] = [
      ["AuditLogWrongEpoch", () => addEpoch(consortium, { epoch: 2 })],
      ["AuditLogWrongEpoch", () => addEpoch(consortium, { epoch: 0 })],
      ["AuditLogBadKey", () => addEpoch(consortium, { key: "0x02" })],
      ["AuditLogZeroHash", () => addEpoch(consortium, { transcript: `0x${"00".repeat(32)}` })],
      ["AuditLogBadThreshold", () => addEpoch(consortium, { threshold: 0 })],
      ["AuditLogBadThreshold", () => addEpoch(consortium, { threshold: 4 })],
      ["AuditLogBadThreshold", () => addEpoch(consortium, {}, [])],
      ["AuditLogBadThreshold", () => addEpoch(consortium, {}, many)],
      ["AuditLogBadHolder", () => addEpoch(consortium, {}, [first!, second!, first!])],
      ["AuditLogBadHolder", () => addEpoch(consortium, {}, [first!, none])],
    ];
    for (const [error, call] of wrong) {
      await expect(call()).to.be.revertedWithCustomError(auditLog, error);
    }
    await addEpoch(consortium, { threshold: 32 }, many.slice(1));
    expect(await auditLog.epochCount()).to.equal(1n);
  });

  it("gives a holder another account, which neither approves twice nor twice over", async () => {
    const { auditLog, holders, members } = await asked();
    const moved = members[3]!.operator;
    await auditLog.connect(holders[0]!).approve(1);
    await expect(auditLog.replaceHolder(1, 1, moved.address))
      .to.emit(auditLog, "HolderReplaced")
      .withArgs(1, 1, moved.address);
    await expect(auditLog.connect(moved).approve(1))
      .to.be.revertedWithCustomError(auditLog, "AuditLogAlreadyApproved")
      .withArgs(1, 1);
    await expect(auditLog.connect(holders[0]!).approve(1)).to.be.revertedWithCustomError(
      auditLog,
      "AuditLogNotHolder",
    );
    for (const account of [holders[1]!.address, `0x${"00".repeat(20)}`]) {
      await expect(auditLog.replaceHolder(1, 1, account)).to.be.revertedWithCustomError(
        auditLog,
        "AuditLogBadHolder",
      );
    }
    for (const number of [0, 4]) {
      await expect(auditLog.replaceHolder(1, number, moved.address)).to.be.revertedWithCustomError(
        auditLog,
        "AuditLogNotHolder",
      );
    }
    expect((await auditLog.getEpoch(1)).holders[0]).to.equal(moved.address);
  });
});
