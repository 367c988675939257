/** Who is in the consortium, as the registry on chain says: read anew whenever it changes. */
import type { Hex } from "../protocol/bytes.ts";
import type { MemberId } from "../protocol/output.ts";
import { memberStatus, type MemberStatus } from "../protocol/rules.ts";

/** How a member or an observer is reached. */
export type PeerRow = {
  readonly name: string;
  readonly peerId: string;
  /** Multiaddresses. */
  readonly addresses: readonly string[];
};

export type MemberPeer = PeerRow & {
  readonly member: MemberId;
  readonly status: MemberStatus;
  readonly validator: Hex;
  /** What couriers bring is sealed to it: compressed, 33 bytes. */
  readonly intake: Uint8Array;
};

export type DirectoryRows = {
  readonly members: readonly MemberPeer[];
  readonly observers: readonly PeerRow[];
};

export class Directory {
  #rows: DirectoryRows = { members: [], observers: [] };
  readonly #listeners: ((rows: DirectoryRows) => void)[] = [];

  get rows(): DirectoryRows {
    return this.#rows;
  }

  onChange(listener: (rows: DirectoryRows) => void): void {
    this.#listeners.push(listener);
  }

  update(rows: DirectoryRows): void {
    this.#rows = rows;
    for (const listener of this.#listeners) listener(rows);
  }

  /** Ascending. */
  activeMembers(): MemberId[] {
    return this.#rows.members
      .filter((row) => row.status === memberStatus.active)
      .map((row) => row.member)
      .sort((a, b) => a - b);
  }

  /** Address of the key whose signature counts for a member, lower case; none if the member is not active. */
  validatorOf(member: MemberId): Hex | undefined {
    const row = this.#member(member);
    return row?.status === memberStatus.active ? row.validator : undefined;
  }

  /** Undefined for a member that is not known yet. */
  intakeOf(member: MemberId): Uint8Array | undefined {
    return this.#member(member)?.intake;
  }

  peerIdOf(member: MemberId): string | undefined {
    return this.#member(member)?.peerId;
  }

  /** The member that a peer id belongs to; observers have none. */
  memberOf(peerId: string): MemberId | undefined {
    return this.#rows.members.find((row) => row.peerId === peerId)?.member;
  }

  #member(member: MemberId): MemberPeer | undefined {
    return this.#rows.members.find((row) => row.member === member);
  }
}
