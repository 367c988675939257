import { mkdtempSync, rmSync } from "node:fs"; import { tmpdir } from "node:os"; import { join } from "node:path"; import { randomBytes } from "node:crypto";
import { Workload } from "./workload.ts";
import { fold } from "../../node/ledger/fold.ts"; import { checkIdentities } from "../../node/ledger/identities.ts"; import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts"; import { toHex } from "../../protocol/bytes.ts";
import { LedgerState } from "../../node/ledger/state.ts"; import { LedgerStore } from "../../node/store/ledger-store.ts"; import { CheckedStore } from "../../node/service/checked-store.ts";
import { decodeLeaf, leafHash, leafId } from "../../protocol/leaf.ts"; import { depositOutpoint } from "../../protocol/deposit.ts"; import { ownerOf } from "../../protocol/key.ts";
const NET = new Uint8Array(32).fill(7); const dir = mkdtempSync(join(tmpdir(), "tb-"));
const state = new LedgerState(randomBytes(4).readInt32BE()); const files = await CheckedStore.open(join(dir, "l"), { create: true }); const store = new LedgerStore(files);
const bank = { member: 1, issuer: NodeSigner.generate(), treasury: NodeSigner.generate() }; const w = new Workload(NET, [bank], 500); const v = new NodeVerifier();
const seqd = (b: Uint8Array) => { const leaf = decodeLeaf(b); return { hash: leafHash(b), id: leafId(NET, leaf), leaf }; };
const best: Record<string, number> = {}; let measuring = false;
async function take(event: any, bytes: readonly Uint8Array[] = []) {
  let s = process.cpuUsage(); const lap = (k: string) => { const u = process.cpuUsage(s); const us = (u.user + u.system) / Math.max(1, bytes.length); if (measuring) best[k] = Math.min(best[k] ?? 1e9, us); s = process.cpuUsage(); };
  const leaves = bytes.map(seqd); lap("decode");
  const c = fold({ networkId: NET, verifier: v }, state, event, leaves, store); lap("fold");
  if (c.outcomes.some((o) => o.code !== "applied")) throw new Error(JSON.stringify(c.outcomes.find((o) => o.code !== "applied")));
  checkIdentities(c); lap("ident");
  await store.write(c, { event, place: { blockNumber: 1, blockHash: toHex(new Uint8Array(32)), logIndex: 0, blockTimeS: 0 } }, state); lap("write");
  state.commit(c); lap("commit");
}
const sq = (n: number) => ({ kind: "sequenced", seq: state.seq + 1, member: 1, number: 1, count: n, root: new Uint8Array(32), timeS: 0 });
const all = async (l: readonly Uint8Array[]) => { for (let i = 0; i < l.length; i += 4096) { const b = l.slice(i, i + 4096); await take(sq(b.length), b); } };
await take({ kind: "protocol", seq: 1, version: 1, reclaimDelayS: 1 }); await take({ kind: "member-changed", seq: 2, member: 1, status: 1, issuer: bank.issuer.publicKey, treasury: bank.treasury.publicKey });
for (const l of (await w.enrolments()).values()) await all(l);
const n = 20000; const amount = Workload.vaultAmount(n); const seq = state.seq + 1; await take({ kind: "deposited", seq, member: 1, amount });
for (const level of w.fanOut(bank, depositOutpoint(NET, { seq, output: { lock: 0, owner: ownerOf(bank.treasury.publicKey), custodian: 1, amount } }), n)) await all(level);
for (let r = 0; r < 40; r++) { const p = w.makePayments(4096); measuring = r > 2; await take(sq(p.length), p); }
console.log(JSON.stringify(Object.fromEntries(Object.entries(best).map(([k, x]) => [k, Math.round(x * 10) / 10])))); await files.close(); rmSync(dir, { recursive: true });
