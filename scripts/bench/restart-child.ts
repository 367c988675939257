/**
 * A node's ledger as it comes up in a process of its own: opens the database in the folder named, loads the
 * state, checks the identities, answers for an owner, and says so to whoever started it.
 */
import { randomBytes } from "node:crypto";
import { checkIdentities } from "../../node/ledger/identities.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { ledgerFiles, LedgerStore } from "../../node/store/ledger-store.ts";
import { ownerOf } from "../../protocol/key.ts";

await using files = await CheckedStore.open(process.argv[2]!, ledgerFiles);
const store = new LedgerStore(files);
const state = new LedgerState(randomBytes(4).readInt32BE());
await store.load(state);
checkIdentities(state);
const member = state.member(1);
if (member === undefined || state.coinCount === 0) throw new Error("the ledger is empty");
const coins = [...state.coinsOf(ownerOf(member.treasury))].length;
const { user, system } = process.cpuUsage();
process.send!({ coins, cpuSeconds: (user + system) / 1e6 });
await store.close();
