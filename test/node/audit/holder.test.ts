/** Which questions a holder answers, whatever the chain says and whenever it is asked. */
import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AnswerLog } from "../../../node/audit/answer-log.ts";
import { Holder } from "../../../node/audit/holder.ts";
import type { DisclosureEntry } from "../../../node/chain/audit-log.ts";
import {
  type DisclosureItem,
  encodeItem,
  makeItem,
  openAnswer,
  subjectOf,
} from "../../../protocol/audit/disclosure.ts";
import { isPartialOpening } from "../../../protocol/audit/partial-opening.ts";
import { transcriptHash } from "../../../protocol/audit/transcript.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { decodeEnvelope, sealEnvelope } from "../../../protocol/envelope.ts";
import { sealingKeyOf } from "../../../protocol/hpke.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { type Held, hold } from "../../../scripts/vectors/ceremonies.ts";
import { key, networkId } from "../../../scripts/vectors/keys.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

const NOW = 1_800_000_000_000;
const device = key("payer").publicKey;
const requester = sealingKeyOf(key("requester").privateKey);

describe("a holder", () => {
  const folders = temporaryFolders();
  let held: Held;
  let item: DisclosureItem;
  before(async () => {
    held = await hold(3, 2, ["a", "b", "c"]);
    item = await itemOf(3, device);
  });

  async function itemOf(epoch: number, under: Uint8Array): Promise<DisclosureItem> {
    const audit = { epoch, publicKey: held.audit.publicKey };
    const text = utf8.encode("customer 42");
    const envelope = await sealEnvelope(networkId, under, audit, text, systemRandom);
    return makeItem(under, envelope, systemRandom);
  }

  const granted = (more: Partial<DisclosureEntry> = {}): DisclosureEntry => ({
    id: 7,
    requester: `0x${"11".repeat(20)}`,
    epoch: 3,
    untilS: NOW / 1000,
    approvedBy: [1, 3],
    subject: subjectOf(networkId, item),
    legalBasis: `0x${"22".repeat(32)}`,
    requesterKey: requester.publicKey,
    isGranted: true,
    ...more,
  });

  async function holderFor(
    entry: DisclosureEntry | undefined,
    { now = NOW, log }: { now?: number; log?: AnswerLog } = {},
  ): Promise<Holder> {
    const transcript = transcriptHash(held.transcript);
    const share = { key: held.audit, share: held.shares[1]!, transcript };
    return new Holder({
      networkId,
      shares: new Map([[3, share]]),
      disclosure: async () => entry,
      log: log ?? (await AnswerLog.open(await folders())),
      now: () => now,
      random: systemRandom,
    });
  }

  it("answers what is granted, to the key that the chain names, with a proof [N-10]", async () => {
    const holder = await holderFor(granted());
    const answer = await holder.answer(7, encodeItem(item));
    const asked = { id: 7, subject: subjectOf(networkId, item) };
    const opening = await openAnswer(networkId, asked, requester, answer);
    const { ephemeral } = decodeEnvelope(item.envelope);
    assert.equal(opening.holder, 2);
    assert.ok(isPartialOpening(networkId, held.audit, ephemeral, opening));
  });

  it("refuses what is not in the log, ungranted, ended by the chain's time or by its own [N-10]", async () => {
    const wrong: [DisclosureEntry | undefined, RegExp, number?][] = [
      [undefined, /is not in the audit log/],
      [granted({ isGranted: false, approvedBy: [1] }), /has 1 approvals/],
      [granted({ isGranted: false }), /has 2 approvals/],
      [granted(), /has ended/, NOW + 1],
      [granted({ subject: `0x${"33".repeat(32)}` }), /something else/],
      [granted({ epoch: 2 }), /is for epoch 2/],
    ];
    for (const [entry, text, now] of wrong) {
      const folder = await folders();
      const log = await AnswerLog.open(folder);
      const holder = await holderFor(entry, { log, ...(now === undefined ? {} : { now }) });
      await refuses(holder.answer(7, encodeItem(item)), "not-granted", text);
      assert.deepEqual(await readdir(folder), []);
    }
  });

  it("refuses what is sealed to another epoch, or was taken from another's enrolment [N-10]", async () => {
    const holder = await holderFor(granted());
    await refuses(holder.answer(7, encodeItem(await itemOf(4, device))), "not-found", /epoch 4/);
    const lifted = { ...item, deviceKey: key("payee").publicKey };
    await refuses(holder.answer(7, encodeItem(lifted)), "bad-proof", /./);
    await refuses(holder.answer(7, new Uint8Array(10)), "malformed", /./);
  });

  it("writes an answer down once, before it leaves, and gives none that it could not write [N-10]", async () => {
    const folder = await folders();
    const log = await AnswerLog.open(folder);
    const holder = await holderFor(granted(), { log });
    await Promise.all([1, 2, 3].map(() => holder.answer(7, encodeItem(item))));
    assert.deepEqual(await readdir(folder), ["0000000000000007.json"]);
    const written = await readFile(join(folder, "0000000000000007.json"), "utf8");
    assert.deepEqual(JSON.parse(written), {
      id: 7,
      epoch: 3,
      holder: 2,
      requester: granted().requester,
      subject: granted().subject,
      legalBasis: granted().legalBasis,
      answered: NOW,
    });

    const lost = await folders();
    const gone = await AnswerLog.open(join(lost, "answers"));
    await rm(join(lost, "answers"), { recursive: true });
    await writeFile(join(lost, "answers"), "");
    const unable = await holderFor(granted(), { log: gone });
    await assert.rejects(unable.answer(7, encodeItem(item)), { code: "ENOTDIR" });
  });
});

async function refuses(work: Promise<unknown>, code: RefusalCode, text: RegExp): Promise<void> {
  await assert.rejects(
    work,
    (error: unknown) => isRefusal(error, code) && text.test(error.message),
  );
}
