/** Events of the contracts as they are told to people: by name, with what they carry, and their `seq`. */
import { interfaces } from "../../node/chain/contracts.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { NetworkContracts } from "../../protocol/network-file.ts";

export type ToldEvent = {
  readonly name: string;
  /** Place on the ledger's log; absent for an event beside the ledger. */
  readonly seq?: number;
  /** The other fields, numbers in decimal. */
  readonly fields: Readonly<Record<string, string>>;
};

type Logs = {
  readonly logs: readonly {
    readonly address: Hex;
    readonly topics: readonly Hex[];
    readonly data: Hex;
  }[];
};

/** Those of the contracts that keep the ledger and who is in it, in order. */
export function toldEvents(contracts: NetworkContracts, { logs }: Logs): ToldEvent[] {
  return logs.flatMap(({ address, topics, data }) => {
    const name = (["registry", "settlement", "disputes", "auditLog"] as const).find(
      (each) => contracts[each] === address,
    );
    const parsed = name && interfaces[name].parseLog({ topics: [...topics], data });
    if (!parsed) return [];
    const { seq, ...fields } = parsed.args.toObject() as { seq?: bigint; [field: string]: unknown };
    const texts = Object.fromEntries(
      Object.entries(fields).map(([field, value]) => [field, String(value)]),
    );
    return [
      { name: parsed.name, ...(seq === undefined ? {} : { seq: Number(seq) }), fields: texts },
    ];
  });
}

/** "Deposited, event 7: member 1, amount 500". */
export function eventLine({ name, seq, fields }: ToldEvent): string {
  const place = seq === undefined ? "" : `, event ${seq}`;
  const text = Object.entries(fields).map(([field, value]) => `${field} ${value}`);
  return `${name}${place}: ${text.join(", ")}`;
}
