/** The row that says where the fold stands: written with every event. */
import { fromHex, Reader, toHex, Writer } from "../../protocol/bytes.ts";
import type { ChainPlace } from "../ledger/event.ts";
import type { Accounts } from "../ledger/state.ts";

export type Cursor = { readonly accounts: Accounts; readonly place: ChainPlace };

export function encodeCursor({ accounts, place }: Cursor): Uint8Array {
  return new Writer(112)
    .safe(accounts.seq)
    .u128(accounts.inflow)
    .u128(accounts.boundarySupply)
    .safe(place.blockNumber)
    .fixed(fromHex(place.blockHash), 32)
    .u32(place.logIndex)
    .safe(place.blockTimeS)
    .done();
}

export function decodeCursor(bytes: Uint8Array): Cursor {
  const reader = new Reader(bytes);
  const accounts: Accounts = {
    seq: reader.safe("seq"),
    inflow: reader.u128("inflow"),
    boundarySupply: reader.u128("boundarySupply"),
  };
  const place: ChainPlace = {
    blockNumber: reader.safe("blockNumber"),
    blockHash: toHex(reader.take(32, "blockHash")),
    logIndex: reader.u32("logIndex"),
    blockTimeS: reader.safe("blockTime"),
  };
  reader.end("cursor");
  return { accounts, place };
}
