/** Two devices as two processes that share nothing but a folder for their messages. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { openDeviceKey } from "../../device/node-keys.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { signCertificate } from "../../protocol/certificate.ts";
import { ownerOf } from "../../protocol/key.ts";
import { signTrustList } from "../../protocol/lists.ts";
import { lock } from "../../protocol/output.ts";
import { signReceipt } from "../../protocol/receipt.ts";
import { keyOf } from "../support/ledger-parts.ts";
import type { ChildTask } from "./support/paying-child.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { networkId, randomOf, RECEIPT_LIFE_MS } from "./support/world.ts";

const run = promisify(execFile);
const child = join(import.meta.dirname, "support/paying-child.ts");

describe("two devices in two processes", () => {
  const folders = temporaryFolders();
  const [authority, bank] = [keyOf("the authority"), keyOf("issuer of 1")];
  const now = Date.now();

  async function taskOf(
    role: ChildTask["role"],
    wire: string,
    trustList: Hex,
    coins: readonly bigint[],
  ): Promise<ChildTask> {
    const folder = await folders();
    const { publicKey } = await openDeviceKey(join(folder, "device.key"), randomOf(role));
    const certificate = await signCertificate(
      networkId,
      {
        deviceKey: publicKey,
        member: 1,
        class: "software",
        serial: new Uint8Array(16),
        notBefore: now,
        notAfter: now + RECEIPT_LIFE_MS,
        maxPayment: 0n,
        maxBalance: 1000n,
        maxCount: 0,
        windowS: 0,
        maxDepth: 2,
        subject: new Uint8Array(32),
        label: "",
      },
      bank,
    );
    const receipts = await Promise.all(
      coins.map((amount, i) =>
        signReceipt(
          networkId,
          {
            outpoint: `0x${"ab".repeat(32)}0${i}`,
            output: { lock: lock.key, owner: ownerOf(publicKey), custodian: 1, amount },
            seq: 1,
            issued: now,
            notAfter: now + RECEIPT_LIFE_MS,
          },
          bank,
        ),
      ),
    );
    return {
      role,
      folder,
      wire,
      amount: "30",
      networkId: toHex(networkId),
      trustKey: toHex(authority.publicKey),
      receiptLifeMs: RECEIPT_LIFE_MS,
      trustList,
      certificate: toHex(certificate.bytes),
      receipts: receipts.map(({ bytes }) => toHex(bytes)),
    };
  }

  it("pay each other by exchanging three files [R-037, R-095]", async () => {
    const member = { member: 1, status: 1, issuer: bank.publicKey, guarantee: 1000n, name: "Bank" };
    const trustList = await signTrustList(
      networkId,
      {
        version: 1,
        issued: now,
        notAfter: now + RECEIPT_LIFE_MS,
        nextTrustKey: authority.publicKey,
        members: [{ ...member, status: 1 }],
      },
      authority,
    );
    const wire = await folders();
    const tasks = [
      await taskOf("payee", wire, toHex(trustList.bytes), []),
      await taskOf("payer", wire, toHex(trustList.bytes), [70n, 50n]),
    ];
    const outcomes = await Promise.all(
      tasks.map((task) => run(process.execPath, [child, JSON.stringify(task)])),
    );
    expect(outcomes.map(({ stdout }) => stdout)).to.deep.equal(["30", "90"]);
    expect((await readdir(wire)).sort()).to.deep.equal([
      "payee-1.message",
      "payee-2.message",
      "payer-1.message",
    ]);
  });
});
