/**
 * What PostgreSQL's errors mean to us, by SQLSTATE (its manual, appendix A): a code of five characters, of which the
 * first two are its class. The longest entry that a code begins with counts.
 */

/**
 * - `away`: the world's doing. What was asked was not done, or nobody knows, and it may be asked again later.
 * - `refused`: the operator's to mend, here or there; asked again it would be the same.
 * - `damaged`: what lies on its disk is not what was written.
 * - `ours`: a mistake of this software. The process ends, and begins anew.
 */
export type Meaning = "away" | "refused" | "damaged" | "ours";

const meanings: Readonly<Record<string, Meaning>> = {
  // The connection breaks, or never comes about.
  "08": "away",
  // It writes no more: it has become a replica, or was told to, as hosts do whose disk is nearly full.
  "25006": "away",
  // An administrator's time limit on transactions ended the connection.
  "25P": "away",
  // Who we are, which database and which schema: accounts, passwords, `pg_hba.conf`.
  "28": "refused",
  "3D": "refused",
  "3F": "refused",
  // Another's transaction was in the way, or whether ours was made is not known. Nothing of ours asks for isolation
  // or for several rows' locks, but an administrator may.
  "40": "away",
  // We lack a privilege on the table.
  "42501": "refused",
  // Disk, memory or connections are used up.
  "53": "away",
  // An administrator's time limit on locks.
  "55P03": "away",
  // A person, or a time limit of the server's, cancelled the statement: it was not made.
  "57014": "away",
  // The server stops, starts, or has crashed.
  "57P": "away",
  // The system beneath it fails: its disk cannot be read or written.
  "58": "away",
  // A page's checksum does not hold, or an index contradicts its table.
  XX001: "damaged",
  XX002: "damaged",
};

const LENGTHS = [5, 3, 2];

export function meaningOf(sqlstate: string): Meaning {
  for (const length of LENGTHS) {
    const meaning = meanings[sqlstate.slice(0, length)];
    if (meaning !== undefined) return meaning;
  }
  return "ours";
}
