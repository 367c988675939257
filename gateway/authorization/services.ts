/**
 * Customers' online payment services, as the bank opens and cancels them: whose it is, under which identities the
 * customer comes, the accounts that pay, the payment password, the customer's own limits, and the terminals that
 * codes go to. Whoever comes has to know the password. Tries are counted, durably, before they are compared, so
 * that no cut gives one back; the fifth wrong one locks the service until the staff unlock it.
 *
 * A stranger learns nothing here: to an unknown identity, a wrong password, a locked and a cancelled service the
 * answer is the same, and takes the same steps.
 */
import { toHex, utf8 } from "../../protocol/bytes.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { AccountId } from "../accounts.ts";
import { keys } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import { Serial } from "../serial.ts";
import type { Change, Store } from "../store.ts";
import { type Identity, identityHash, normaliseIdentity } from "./identities.ts";
import type { OnlineLimits } from "./online-limits.ts";
import type { PasswordHash, Passwords } from "./passwords.ts";
import { makeTerminal, type NewTerminal, type Terminal, TERMINALS_MAX } from "./terminals.ts";

export type ServicesParts = {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly random: Random;
  readonly clock: () => number;
  /** Told of a service that wrong tries have locked just now. */
  readonly onLocked: (service: Service) => void;
};

/** A number of ten digits that the bank assigns; it is an identity, too. */
export type ServiceId = string;

/** Where an opening, a change or a cancellation came from. */
export const serviceChannels = ["counter", "network", "terminal"] as const;
export type ServiceChannel = (typeof serviceChannels)[number];

export type Service = {
  readonly id: ServiceId;
  /** The bank's own reference to its customer: the real identity. */
  readonly customer: string;
  readonly identities: readonly Identity[];
  readonly accounts: readonly AccountId[];
  readonly limits: OnlineLimits;
  readonly terminals: readonly Terminal[];
  /** Whether a code may go where nothing is registered; off unless the customer switches it on. */
  readonly mayDesignate: boolean;
  readonly opened: { readonly time: number; readonly by: ServiceChannel };
  readonly cancelled?: { readonly time: number; readonly by: ServiceChannel };
  /** Wrong passwords since the last right one, and wrong codes. Either locks the service. */
  readonly wrongTries: number;
  readonly wrongCodes: number;
};

export type NewService = {
  readonly customer: string;
  readonly accounts: readonly AccountId[];
  /** Beside the one that the bank assigns. */
  readonly identities: readonly Identity[];
  readonly terminals: readonly NewTerminal[];
  readonly password: string;
};

type ServiceRow = Omit<Service, "limits"> & {
  readonly limits: { readonly perPayment?: string; readonly perDay?: string };
  readonly password: PasswordHash;
};

/** What a customer, or the staff on the customer's behalf, changes. */
export type ServiceChange = {
  readonly limits?: OnlineLimits;
  readonly mayDesignate?: boolean;
  readonly password?: string;
};

export const WRONG_TRIES_MAX = 5;
/** Of one payment's codes, all tries; of 10^8 codes, next to none. */
export const WRONG_CODES_MAX = 9;
const IDENTITIES_MAX = 8;
const ACCOUNTS_MAX = 16;

/** The row that is compared and written where there is none: so a stranger waits as long. */
const NOBODY_ID = "nobody";

export class Services {
  readonly #parts: ServicesParts;
  readonly #serial = new Serial();
  readonly #nobody: PasswordHash;

  private constructor(parts: ServicesParts, nobody: PasswordHash) {
    this.#parts = parts;
    this.#nobody = nobody;
  }

  static async open(parts: ServicesParts): Promise<Services> {
    return new Services(parts, await parts.passwords.hash(toHex(parts.random(16))));
  }

  /** @throws Refusal `malformed`; `conflict` if an identity is another's. */
  async add(
    service: NewService,
    by: ServiceChannel,
    also: readonly Change[] = [],
  ): Promise<Service> {
    const { passwords, random, clock } = this.#parts;
    checkCounts(service);
    const password = await passwords.hash(service.password);
    return this.#serial.run(async () => {
      const id = assignedNumber(random);
      const own = [...service.identities, { kind: "assigned", text: id } as const];
      const row: ServiceRow = {
        id,
        customer: service.customer,
        identities: own.map(normaliseIdentity),
        accounts: [...new Set(service.accounts)],
        limits: {},
        terminals: service.terminals.map((each) => makeTerminal(each, random)),
        mayDesignate: false,
        opened: { time: clock(), by },
        wrongTries: 0,
        wrongCodes: 0,
        password,
      };
      await this.#checkFree(row.identities);
      await this.#parts.store.write([
        { key: keys.onlineService(id), value: encodeRow(row), old: null },
        ...row.identities.map(({ text }) => ({
          key: keys.onlineIdentity(identityHash(text)),
          value: utf8.encode(id),
          old: null,
        })),
        ...also,
      ]);
      return serviceOf(row);
    });
  }

  /** @throws Refusal `not-found`. */
  async get(id: ServiceId): Promise<Service> {
    return serviceOf(await this.#row(id));
  }

  /** The service that an identity leads to, for the staff. @throws Refusal `not-found`. */
  async find(identity: string): Promise<Service> {
    const id = await this.#idOf(identity);
    if (id === undefined) throw new Refusal("not-found", "no service has this identity");
    return this.get(id);
  }

  /**
   * Whose identity and password these are.
   * @throws Refusal `wrong-credentials`, in the same words whatever is wrong; `busy`.
   */
  async authenticate(identity: string, password: string): Promise<Service> {
    const { passwords } = this.#parts;
    const id = (await this.#idOf(identity)) ?? NOBODY_ID;
    const before = await this.#countTry(id);
    const known = before?.password ?? this.#nobody;
    const isRight = await passwords.isRight(password, known);
    const isOpen = before !== undefined && !isLocked(before) && before.cancelled === undefined;
    if (!isRight && before?.wrongTries === WRONG_TRIES_MAX - 1) {
      this.#parts.onLocked(serviceOf(before));
    }
    if (!isRight || !isOpen) throw wrongCredentials();
    return this.#change(id, (row) => ({ ...row, wrongTries: 0 }));
  }

  /** Counts a wrong code: who has the password and guesses codes is stopped, however many payments it begins. */
  async countWrongCode(id: ServiceId): Promise<void> {
    const counted = await this.#change(id, (row) => ({ ...row, wrongCodes: row.wrongCodes + 1 }));
    if (counted.wrongCodes === WRONG_CODES_MAX) this.#parts.onLocked(counted);
  }

  async forgetWrongCodes(id: ServiceId): Promise<void> {
    await this.#change(id, (row) => ({ ...row, wrongCodes: 0 }));
  }

  /** @throws Refusal `not-found`, `malformed`; `conflict` if it is cancelled. */
  async change(id: ServiceId, change: ServiceChange): Promise<Service> {
    const password =
      change.password === undefined
        ? {}
        : { password: await this.#parts.passwords.hash(change.password) };
    const { mayDesignate, limits } = change;
    return this.#changeOpen(id, (row) => ({
      ...row,
      ...password,
      ...(mayDesignate === undefined ? {} : { mayDesignate }),
      ...(limits === undefined ? {} : { limits: limitsRow(limits) }),
    }));
  }

  /** @throws Refusal `not-found`, `malformed`; `conflict` if it is cancelled or has as many as it may. */
  async addTerminal(id: ServiceId, terminal: NewTerminal): Promise<Service> {
    const made = makeTerminal(terminal, this.#parts.random);
    return this.#changeOpen(id, (row) => {
      if (row.terminals.length >= TERMINALS_MAX) {
        throw new Refusal("conflict", `a service has at most ${TERMINALS_MAX} terminals`);
      }
      return { ...row, terminals: [...row.terminals, made] };
    });
  }

  /** @throws Refusal `not-found`; `conflict` if the service is cancelled. */
  async removeTerminal(id: ServiceId, terminal: string): Promise<Service> {
    return this.#changeOpen(id, (row) => ({
      ...row,
      terminals: row.terminals.filter((each) => each.id !== terminal),
    }));
  }

  /** Takes the lock off that wrong tries have put on. @throws Refusal `not-found`. */
  async unlock(id: ServiceId): Promise<Service> {
    return this.#change(id, (row) => ({ ...row, wrongTries: 0, wrongCodes: 0 }));
  }

  /** Ends a service: its identities are free again. Again, it changes nothing. @throws Refusal `not-found`. */
  async cancel(id: ServiceId, by: ServiceChannel): Promise<Service> {
    return this.#serial.run(async () => {
      const row = await this.#row(id);
      if (row.cancelled !== undefined) return serviceOf(row);
      const cancelled: ServiceRow = { ...row, cancelled: { time: this.#parts.clock(), by } };
      await this.#parts.store.write([
        { key: keys.onlineService(id), value: encodeRow(cancelled) },
        ...row.identities.map(({ text }) => ({
          key: keys.onlineIdentity(identityHash(text)),
          value: null,
        })),
      ]);
      return serviceOf(cancelled);
    });
  }

  /** One try less, on the disk. @returns the service as it was before it; none for nobody. */
  #countTry(id: ServiceId): Promise<ServiceRow | undefined> {
    return this.#serial.run(async () => {
      const key = keys.onlineService(id);
      const value = await this.#parts.store.get(key);
      if (id === NOBODY_ID) {
        await this.#parts.store.write([{ key, value: encodeRow({ time: this.#parts.clock() }) }]);
        return undefined;
      }
      const row = decodeRow<ServiceRow>(value!);
      const counted: ServiceRow = { ...row, wrongTries: row.wrongTries + 1 };
      await this.#parts.store.write([{ key, value: encodeRow(counted) }]);
      return row;
    });
  }

  #changeOpen(id: ServiceId, change: (row: ServiceRow) => ServiceRow): Promise<Service> {
    return this.#change(id, (row) => {
      if (row.cancelled !== undefined) throw new Refusal("conflict", "the service is cancelled");
      return change(row);
    });
  }

  #change(id: ServiceId, change: (row: ServiceRow) => ServiceRow): Promise<Service> {
    return this.#serial.run(async () => {
      const row = change(await this.#row(id));
      await this.#parts.store.write([{ key: keys.onlineService(id), value: encodeRow(row) }]);
      return serviceOf(row);
    });
  }

  async #checkFree(identities: readonly Identity[]): Promise<void> {
    for (const { text } of identities) {
      if ((await this.#idOf(text)) === undefined) continue;
      throw new Refusal("conflict", "an identity is taken: choose another");
    }
  }

  async #idOf(identity: string): Promise<ServiceId | undefined> {
    const value = await this.#parts.store.get(keys.onlineIdentity(identityHash(identity)));
    return value === undefined ? undefined : utf8.decode(value, "service");
  }

  async #row(id: ServiceId): Promise<ServiceRow> {
    const value = await this.#parts.store.get(keys.onlineService(id));
    if (value === undefined || id === NOBODY_ID) {
      throw new Refusal("not-found", "there is no such service");
    }
    return decodeRow<ServiceRow>(value);
  }
}

export function isLocked(row: Pick<Service, "wrongTries" | "wrongCodes">): boolean {
  return row.wrongTries >= WRONG_TRIES_MAX || row.wrongCodes >= WRONG_CODES_MAX;
}

function wrongCredentials(): Refusal {
  return new Refusal("wrong-credentials", "no open service has this identity and this password");
}

/** @throws Refusal `malformed`. */
function checkCounts({ accounts, identities, terminals }: NewService): void {
  const counted = [
    [accounts.length, 1, ACCOUNTS_MAX, "accounts"],
    [identities.length, 0, IDENTITIES_MAX, "identities"],
    [terminals.length, 1, TERMINALS_MAX, "terminals"],
  ] as const;
  for (const [count, min, max, what] of counted) {
    if (count >= min && count <= max) continue;
    throw new Refusal("malformed", `a service has ${min} to ${max} ${what}, not ${count}`);
  }
}

/** Ten digits, the first of them not zero. */
function assignedNumber(random: Random): ServiceId {
  const number = BigInt(toHex(random(16))) % 9_000_000_000n;
  return (1_000_000_000n + number).toString();
}

function limitsRow({ perPayment, perDay }: OnlineLimits): ServiceRow["limits"] {
  return {
    ...(perPayment === undefined ? {} : { perPayment: String(perPayment) }),
    ...(perDay === undefined ? {} : { perDay: String(perDay) }),
  };
}

function serviceOf(row: ServiceRow): Service {
  const { password: _, limits, ...shown } = row;
  const { perPayment, perDay } = limits;
  return {
    ...shown,
    limits: {
      ...(perPayment === undefined ? {} : { perPayment: BigInt(perPayment) }),
      ...(perDay === undefined ? {} : { perDay: BigInt(perDay) }),
    },
  };
}
