/** The bytes of what made coins, by its id: records that applied, deposits and awards. */
import type { Hex } from "../../protocol/bytes.ts";
import type { LeafStore } from "./leaf-store.ts";
import type { AppliedRow } from "./history-rows.ts";
import type { LedgerStore } from "./ledger-store.ts";

export type ParentStores = {
  readonly store: Pick<LedgerStore, "applied" | "deposit" | "leafPlaces">;
  readonly leaves: Pick<LeafStore, "leavesAt">;
};

/** Where it stands: of a record that applied, its row. */
export type StoredParent = { readonly bytes: Uint8Array; readonly row: AppliedRow | undefined };

/** In the order of `ids`. An enrolment that applied has its bytes here too. @throws DamagedStoreError. */
export async function parentsOf(
  { store, leaves }: ParentStores,
  ids: readonly Hex[],
): Promise<(StoredParent | undefined)[]> {
  const rows = await store.applied(ids);
  const places = await store.leafPlaces(rows.filter((row) => row !== undefined));
  const found = (await leaves.leavesAt(places)).values();
  return await Promise.all(
    rows.map(async (row, i) => {
      const bytes = row === undefined ? await store.deposit(ids[i]!) : found.next().value;
      return bytes === undefined ? undefined : { bytes, row };
    }),
  );
}
