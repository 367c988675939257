/**
 * Ledgers with a mistake in them, made from the public parts of the real one. Each is a mistake that
 * someone could make; the simulation is worth something if it finds every one.
 */
import { toHex } from "../../protocol/bytes.ts";
import { lock, type Output } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { memberStatus, replacementOutpoint } from "../../protocol/rules.ts";
import { makeMember } from "../../protocol/state-entry.ts";
import type { Change } from "../../node/ledger/change.ts";
import type { LedgerEvent } from "../../node/ledger/event.ts";
import { fold, type SequencedLeaf } from "../../node/ledger/fold.ts";
import { type Accounting, checkIdentities, IdentityError } from "../../node/ledger/identities.ts";
import { LedgerState, rowName, type StateChange } from "../../node/ledger/state.ts";
import { networkId } from "../support/ledger-parts.ts";
import { DisputesRefusal } from "./bonds.ts";
import { Disputes, type DoubleSpend, type SpendFacts } from "./disputes.ts";
import { realLedger, type Subject } from "./subject.ts";

/** A fold that spoils what the real one made of an event of this kind. */
function spoil<K extends LedgerEvent["kind"]>(
  kind: K,
  spoiled: (change: Change, event: Extract<LedgerEvent, { kind: K }>, state: LedgerState) => void,
): Subject {
  return {
    ...realLedger,
    fold(context, state, event, leaves, history) {
      const change = fold(context, state, event, leaves, history);
      if (event.kind === kind) spoiled(change, event as Parameters<typeof spoiled>[1], state);
      return change;
    },
  };
}

/** A fold that sees other leaves than were sequenced. */
function mistake(see: (leaf: SequencedLeaf, state: LedgerState) => SequencedLeaf): Subject {
  return {
    ...realLedger,
    fold: (context, state, event, leaves, history) =>
      fold(
        context,
        state,
        event,
        leaves.map((leaf) => see(leaf, state)),
        history,
      ),
  };
}

/** A fold that reads something else in the state than is there. */
function misread(view: (state: LedgerState) => Partial<LedgerState>): Subject {
  return {
    ...realLedger,
    fold(context, state, event, leaves, history) {
      const wrong = view(state);
      const misreading = new Proxy(state, {
        get(_target, name) {
          const value: unknown = Reflect.get(name in wrong ? wrong : state, name);
          return typeof value === "function" ? value.bind(state) : value;
        },
      });
      return fold(context, misreading, event, leaves, history);
    },
  };
}

/** A state that keeps something else than the real one. */
function remember(makeState: () => LedgerState): Subject {
  return { ...realLedger, makeState };
}

class ForgetsCommitted extends LedgerState {
  readonly #row: "revoked" | "restituted" | "windows";

  constructor(row: "revoked" | "restituted" | "windows") {
    super(1);
    this.#row = row;
  }

  override commit(change: StateChange): void {
    const { seq, inflow, boundarySupply, parameters, coins, restituted, enrolled, revoked } =
      change;
    const { members, windows, reserves, custody } = change;
    const rows = { coins, restituted, enrolled, revoked, members, windows, reserves, custody };
    super.commit({ ...rows, seq, inflow, boundarySupply, parameters, [this.#row]: new Map() });
  }
}

/** The contract for double spends without its check (d) for the winner. */
class NoSwapGuard extends Disputes {
  protected override checkPairs({ outpoint, loser }: DoubleSpend): void {
    if (this.bonds.stateOf(outpoint, loser.id) !== undefined)
      throw new DisputesRefusal("DisputesPairTaken");
  }
}

class NoReclaimWins extends Disputes {
  protected override checkWinner({ kind }: SpendFacts): void {
    if (kind !== "spend") throw new DisputesRefusal("DisputesWinnerNotSpend");
  }
}

class ForgetsCovered extends Disputes {
  protected override coveredWith({ amount }: Output): bigint {
    return amount;
  }
}

class PaysAgain extends Disputes {
  protected override checkPairs(): void {}
}

class SparesNothing extends Disputes {
  protected override canSpare(): boolean {
    return true;
  }
}

export const plantedBugs: Readonly<Record<string, Subject>> = {
  "reports can be turned round: there is no swap guard": {
    ...realLedger,
    makeDisputes: (...of) => new NoSwapGuard(...of),
  },
  "a reclaim is not accepted as a winner": {
    ...realLedger,
    makeDisputes: (...of) => new NoReclaimWins(...of),
  },
  "a pair is paid as often as it is reported": {
    ...realLedger,
    makeDisputes: (...of) => new PaysAgain(...of),
  },
  "a bank that takes coins back empties its bond by losing them": {
    ...realLedger,
    makeDisputes: (...of) => new SparesNothing(...of),
  },
  "the guarantee counts each double spend by itself": {
    ...realLedger,
    makeDisputes: (...of) => new ForgetsCovered(...of),
  },
  "replacement coins are not looked up": mistake((sequenced, state) => {
    if (sequenced.id === undefined || sequenced.leaf.kind !== "spend") return sequenced;
    const { id, hash, leaf } = sequenced;
    const isReplaced = leaf.inputs.some(
      (input) => state.coin(replacementOutpoint(networkId, input, id)) !== undefined,
    );
    return isReplaced ? { hash, id: undefined, refusal: new Refusal("spent", "lost") } : sequenced;
  }),
  "a replacement coin stays when it is taken": spoil("sequenced", (change, _event, state) => {
    for (const [outpoint, output] of change.coins) {
      const before = state.coin(outpoint);
      if (output === null && before?.lock === lock.replacement) change.coins.delete(outpoint);
    }
  }),
  "the time of a replacement coin stays when it is taken": spoil("sequenced", (change) => {
    change.restituted.clear();
  }),
  "burns are forgotten in W": spoil("sequenced", (change) => {
    for (const [name, window] of change.windows) {
      if (window !== null) change.windows.set(name, { ...window, burns: 0n });
    }
  }),
  "a burn makes a coin too": spoil("sequenced", (change) => {
    const burnt = [...change.windows].find(([, window]) => window !== null && window.burns > 0n);
    if (burnt === undefined) return;
    const [last] = [...change.coins].filter(([, output]) => output !== null);
    if (last !== undefined)
      change.makeCoin(`${last[0].slice(0, 66)}ff` as (typeof last)[0], last[1]!);
  }),
  "custody is counted at the wrong member": spoil("sequenced", (change) => {
    const [one, two] = [...change.custody.keys()];
    if (one === undefined || two === undefined) return;
    change.custody.set(one, change.custodyOf(one) + 1n);
    change.custody.set(two, change.custodyOf(two) - 1n);
  }),
  "transfers are booked with the cycle before": spoil("sequenced", (change) => {
    const { openCycle, settledCycle } = change.parameters;
    if (openCycle - 1 <= settledCycle) return;
    for (const member of change.memberIds()) {
      const window = change.windows.get(rowName(openCycle, member));
      if (window === undefined || window === null) continue;
      change.windows.set(rowName(openCycle, member), null);
      const before = change.window(openCycle - 1, member);
      const { delta, burns } = window;
      const sum = { delta: before.delta + delta, burns: before.burns + burns };
      change.windows.set(rowName(openCycle - 1, member), sum);
    }
  }),
  "supply is compared with the reserves held": {
    ...realLedger,
    check(ledger: Accounting) {
      const { supply, reserves } = checkIdentities(ledger);
      if (supply !== reserves) throw new IdentityError("I1", supply, reserves);
    },
  },
  "supply at the boundary is that of the reserves": spoil("cycle-closed", (change) => {
    change.boundarySupply = change.memberIds().reduce((sum, id) => sum + change.reserveOf(id), 0n);
  }),
  "a settled cycle is not dropped": spoil("settled", (change) => {
    change.windows.clear();
  }),
  "a settlement moves transfers and forgets burns": spoil("settled", (change, { cycle }, state) => {
    for (const member of change.memberIds()) {
      const { burns } = state.window(cycle, member);
      change.reserves.set(member, change.reserveOf(member) + burns);
    }
  }),
  "a repeated revocation moves the time": spoil("revoked", (change, { member, owner, timeS }) => {
    change.revoke(member, toHex(owner), timeS);
  }),
  "a replacement coin is reclaimed by the time of the revocation": misread(() => ({
    restitutedAtS: () => undefined,
  })),
  "a replacement coin is anyone's to name": misread((state) => ({
    coin(outpoint) {
      const coin = state.coin(outpoint);
      return coin?.lock === lock.replacement ? { ...coin, lock: lock.key } : coin;
    },
  })),
  "any member's revocation counts": misread((state) => ({
    revokedAtS(member, owner) {
      const members = [member, ...state.memberIds()];
      return members.map((id) => state.revokedAtS(id, owner)).find((time) => time !== undefined);
    },
  })),
  "a reclaim does not wait": misread((state) => ({
    revokedAtS: (member, owner) => (state.revokedAtS(member, owner) === undefined ? undefined : 0),
  })),
  "a suspended member takes no payments": misread((state) => ({
    member(id) {
      const member = state.member(id);
      return member?.status === memberStatus.active ? member : undefined;
    },
  })),
  "the issuer's signature is not checked at the leaf": {
    ...realLedger,
    fold: (context, state, event, leaves, history) =>
      fold(
        { ...context, verifier: { isKey: () => true, verify: () => true } },
        state,
        event,
        leaves,
        history,
      ),
  },
  "a key is enrolled again by another bank": spoil("sequenced", (change, _event, state) => {
    for (const { code, detail } of change.outcomes) {
      const [, owner, member] = /^(0x\w+) is enrolled with member (\d+)$/.exec(detail) ?? [];
      if (code !== "already-enrolled" || owner === undefined) continue;
      const other = state.memberIds().find((id) => id !== Number(member))!;
      change.enrolled.set(owner as `0x${string}`, other);
    }
  }),
  "past treasury keys are forgotten": spoil("member-changed", (change, { member }) => {
    change.members.set(member, makeMember({ ...change.member(member)!, pastTreasuries: [] }));
  }),
  "a record that does not apply takes the coins it found": {
    ...realLedger,
    fold(context, state, event, leaves, history) {
      const change = fold(context, state, event, leaves, history);
      leaves.forEach((sequenced, i) => {
        if (sequenced.id === undefined || sequenced.leaf.kind === "enrolment") return;
        if (change.outcomes[i]!.code !== "spent") return;
        for (const input of sequenced.leaf.inputs) {
          if (state.coin(input) !== undefined) change.coins.set(input, null);
        }
      });
      return change;
    },
  },
  "a deposit goes to the first treasury key": spoil("deposited", (change, { member }) => {
    const { treasuryOwners, pastTreasuries } = change.member(member)!;
    if (pastTreasuries.length === 0) return;
    for (const [outpoint, output] of change.coins) {
      change.coins.set(outpoint, { ...output!, owner: treasuryOwners[1]! });
    }
  }),
  "revocations are not kept": remember(() => new ForgetsCommitted("revoked")),
  "times of restitution are not kept": remember(() => new ForgetsCommitted("restituted")),
  "windows are not kept": remember(() => new ForgetsCommitted("windows")),
};
