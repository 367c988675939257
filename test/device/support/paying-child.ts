/**
 * A device as a process of its own: opens its folder, pays or collects over files, and says what it has.
 * Arguments: JSON of the role and the folders, with what a bank would have given the device.
 */
import { join } from "node:path";
import { collect, payOver } from "../../../device/exchange.ts";
import { FilePurseStore } from "../../../device/file-store.ts";
import { FileTransport } from "../../../device/file-transport.ts";
import { openDeviceKey } from "../../../device/node-keys.ts";
import { Purse } from "../../../device/purse.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { decodeCertificate } from "../../../protocol/certificate.ts";
import { portableVerifier } from "../../../protocol/signature.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { decodeReceipt } from "../../../protocol/receipt.ts";

export type ChildTask = {
  readonly role: "payer" | "payee";
  readonly folder: string;
  readonly wire: string;
  readonly amount: string;
  readonly networkId: Hex;
  readonly trustKey: Hex;
  readonly receiptLifeMs: number;
  readonly trustList: Hex;
  readonly certificate: Hex;
  readonly receipts: readonly Hex[];
};

const task = JSON.parse(process.argv[2]!) as ChildTask;

const store = await FilePurseStore.open(task.folder);
const purse = await Purse.open({
  networkId: task.networkId,
  member: 1,
  class: "software",
  signer: await openDeviceKey(join(task.folder, "device.key"), systemRandom),
  verifier: portableVerifier,
  store,
  random: systemRandom,
  clock: Date.now,
  trustKey: fromHex(task.trustKey),
  receiptLifeMs: task.receiptLifeMs,
});
await purse.refresh({
  lists: [{ kind: "trust", bytes: fromHex(task.trustList) }],
  certificate: decodeCertificate(fromHex(task.certificate)),
  receipts: task.receipts.map((receipt) => decodeReceipt(fromHex(receipt))),
});
const other = task.role === "payer" ? "payee" : "payer";
const transport = new FileTransport(task.wire, task.role, other, { pollMs: 10, timeoutMs: 30_000 });
if (task.role === "payee") await collect(purse, transport, BigInt(task.amount), "by hand");
else await payOver(purse, transport);
const { spendable } = purse.balance();
await purse.close();
process.stdout.write(`${spendable}`);
