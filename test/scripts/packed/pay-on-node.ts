/** The same with what the package has for Node: keys and rows in folders, messages in files. Prints what the payee has, as it is kept. */
import { join } from "node:path";
import { collect, payOver, Purse, systemRandom, toHex } from "tallystick-device";
import { Consortium, RECEIPT_LIFE_MS, Seed } from "tallystick-device/conformance";
import { FilePurseStore, FileTransport, NodeVerifier, openDeviceKey } from "tallystick-device/node";

const consortium = new Consortium(new Seed("a maker's bench"));

async function openPurse(folder: string): Promise<Purse> {
  const store = await FilePurseStore.open(folder);
  return Purse.open({
    networkId: toHex(consortium.networkId),
    member: 1,
    class: "software",
    signer: await openDeviceKey(join(folder, "device.key"), systemRandom),
    verifier: new NodeVerifier(),
    store,
    random: systemRandom,
    clock: Date.now,
    trustKey: consortium.authority.publicKey,
    receiptLifeMs: RECEIPT_LIFE_MS,
  });
}

async function certify(purse: Purse): Promise<void> {
  const certificate = await consortium.certify(purse.identity().deviceKey, 1);
  await purse.refresh({ lists: await consortium.lists(), certificate });
}

const [payer, payee] = [await openPurse("payer"), await openPurse("payee")];
await certify(payer);
await certify(payee);
await payer.refresh({ receipts: [await consortium.coin(payer.identity().owner, 1, 100n)] });
const wire = (own: string, other: string) => new FileTransport("wire", own, other, { pollMs: 5 });
await Promise.all([
  collect(payee, wire("payee", "payer"), 30n),
  payOver(payer, wire("payer", "payee")),
]);
await payee.close();
console.log(`kept ${(await openPurse("payee")).balance().spendable}`);
