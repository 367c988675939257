/**
 * What a maker's program looks like: two purses from the installed package pay each other, in a browser or on
 * Node. Prints what each has afterwards.
 */
import {
  collect,
  memoryTransports,
  MemoryPurseStore,
  payOver,
  portableVerifier,
  Purse,
  type Signer,
  systemRandom,
  toHex,
} from "tallystick-device";
import { Consortium, RECEIPT_LIFE_MS, Seed } from "tallystick-device/conformance";

const seed = new Seed("a maker's bench");
const consortium = new Consortium(seed);

async function openPurse(signer: Signer): Promise<Purse> {
  const purse = await Purse.open({
    networkId: toHex(consortium.networkId),
    member: 1,
    class: "software",
    signer,
    verifier: portableVerifier,
    store: new MemoryPurseStore(),
    random: systemRandom,
    clock: Date.now,
    trustKey: consortium.authority.publicKey,
    receiptLifeMs: RECEIPT_LIFE_MS,
  });
  const certificate = await consortium.certify(signer.publicKey, 1);
  await purse.refresh({ lists: await consortium.lists(), certificate });
  return purse;
}

const payer = await openPurse(seed.key("payer"));
const payee = await openPurse(seed.key("payee"));
await payer.refresh({
  receipts: [await consortium.coin(payer.identity().owner, 1, 100n)],
});

const [there, here] = memoryTransports();
const [received] = await Promise.all([collect(payee, here, 30n, "till 4"), payOver(payer, there)]);
if (received.refusal !== undefined) throw received.refusal;
const left = payer.balance().spendable;
const got = payee.balance().spendable;
console.log(`paid ${received.amount}, left ${left}, got ${got}`);
