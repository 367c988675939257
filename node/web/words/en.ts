/** What the console says, in English. */

export type Words = typeof en;

export const en = {
  ownName: "English",
  language: "Language",
  title: "Console",
  skip: "Skip to content",
  views: "Views",
  overview: "Overview",
  disputes: "Disputes",
  checkpoints: "Checkpoints",
  search: "Search",
  searchHint: "Record, coin, owner, batch:17, cycle:3 or case:2",
  searchNothing: "That is none of these. Ids start with 0x; a batch, cycle or case with its word.",
  find: "Find",
  live: "Live",
  offline: "The node does not answer. Trying again.",
  catchingUp: (seq: number, of: number) => `The index for traces is at event ${seq} of ${of}.`,
  loading: "Asking the node…",
  noToken: "This console is closed",
  noTokenHint: "Open it by the link that its operator has: it ends with #token=…",
  noAnswer: "The node does not answer. Try again in a moment.",
  tryAgain: "Try again",
  copy: "Copy",
  copied: "Copied",

  // What things are.
  member: (id: number) => `Member ${id}`,
  you: "this node",
  cycle: (number: number) => `Cycle ${number}`,
  kinds: {
    deposit: "Deposit",
    award: "Award",
    restitution: "Paid once more",
    spend: "Payment",
    claim: "Claim",
    reclaim: "Taken back",
  },
  kindOfCase: {
    "double-spend": "Double spend",
    "false-receipt": "False receipt",
    "false-certificate": "False certificate",
  } as Readonly<Record<string, string>>,
  caseStatus: {
    opened: "Waits for the answer",
    answered: "Waits for the ruling",
    ruled: "Waits to be paid",
  } as Readonly<Record<string, string>>,
  stages: {
    waiting: "Waits for the cycle",
    due: "To be reported",
    refused: "Refused for now",
    queued: "Waits for the bond",
    restituted: "Paid once more",
    paid: "Paid",
    reclaimed: "Taken back",
    void: "Void",
  },
  memberStatus: { 1: "active", 2: "suspended", 3: "removed" } as Readonly<Record<number, string>>,

  // Overview.
  supply: "Money in circulation",
  supplyHint: (coins: string) => `${coins} coins, backed one to one by reserves`,
  inProgress: "Cycle in progress",
  settledUpTo: (cycle: number) => `Settled up to cycle ${cycle}`,
  waiting: (count: string) => `${count} leaves wait`,
  eventNumber: "Last event",
  pendingCases: "Open cases",
  openConflicts: "Double spends not paid yet",
  custody: "Custody by member",
  custodyHint: "Whose customers hold the money, and what has moved since the last settlement.",
  holds: "Holds",
  reserve: "Reserve",
  change: "Since settlement",
  flows: "Between members",
  flowsHint: (cycle: number) =>
    `What records moved in cycle ${cycle}: from the row's member to the column's.`,
  flowsOff: "This node keeps no index: ask an observer, or set trace.index in its node.yaml.",
  noFlows: "Nothing has moved in this cycle yet.",
  fromTo: "From \\ to",
  throughput: "Records per cycle",
  throughputHint: (latest: number, most: number) =>
    `${latest} in the latest cycle, ${most} in the fullest of those shown.`,
  noCycles: "No cycle has ended yet.",
  health: "Members' health",
  healthHint: "As this node sees it, since it was started.",
  connected: "Connected",
  silent: "Silent",
  divergent: (cycle: number) =>
    `Came to another checkpoint than this node at the end of cycle ${cycle}: one of the two stores is wrong,`,
  since: (time: string) => `since ${time}`,
  lastBatch: "Last batch",
  never: "none yet",
  state: "State",

  // A record.
  record: "Record",
  unknownRecord:
    "The ledger here has no record of this id. It may be a deposit or a conflict: see below.",
  states: {
    applied: "Applied",
    pending: "Waits",
    refused: "Not applied",
    unknown: "Unknown",
  },
  settled: "settled",
  notSettled: "not settled yet",
  explained: "What happened",
  proof: "Proof",
  proofHint:
    "Your browser works out the root and checks the signatures. The node only hands over the bytes.",
  verify: "Verify in this browser",
  verifying: "Checking…",
  verified: "It holds",
  notVerified: "It does not hold",
  quorumHolds: (signed: number, members: number, block: number) =>
    `${signed} of ${members} validators signed checkpoint and network; the quorum holds. The validators are those of the registry after block ${block}, as this node says.`,
  inclusionHolds: (index: string, count: string, cycle: number) =>
    `The record is number ${index} of ${count} under the root of cycle ${cycle}.`,
  positionsBalance: "The positions of all members add up to zero.",
  positionsDiffer: "The positions of all members do not add up to zero.",
  otherCycle: "The record's cycle is not settled: nothing is signed for it yet.",

  // Traces.
  trace: "Where the money came from and went",
  traceTitle: "Trace",
  directions: { back: "Came from", both: "Both", forward: "Went to" },
  direction: "Direction",
  nextPage: "Next page",
  graphHint:
    "Boxes made coins, lines are coins; money flows from left to right. A box with … leads on: open it.",
  graphLabel: (nodes: number, edges: number) => `A graph of ${nodes} makers and ${edges} coins`,
  asTable: "As a table",
  step: "Step",
  what: "What",
  id: "Id",
  signer: "Signed by",
  amount: "Amount",
  event: "Event",
  time: "Time",
  forkBegan: "The forking began here",
  fork: "Fork",
  lost: "Lost its coins",
  leadsOn: "leads on",
  forkSentence: (records: number, amount: string) =>
    `One key signed ${records} records for a coin of ${amount}.`,
  first: "No other fork shown leads to it: here it began.",
  notFirst: "Another fork leads to it.",
  burnt: "burnt",
  unspent: "unspent",

  // An owner.
  owner: "Key owner",
  ownerHint:
    "A key under a false name. Who stands behind it is for the audit key's holders to open.",
  enrolledWith: "Enrolled with",
  notEnrolled: "with no member",
  balance: "Balance",
  coins: "Coins",

  // Disputes.
  doubleSpends: "Double spends",
  noDoubleSpends: "No coin was spent twice, as far as this node knows.",
  winner: "Has the coin",
  loser: "Lost it",
  custodian: "Custodian",
  stage: "Stage",
  cases: "Cases",
  noCases: "No case is open.",
  until: (time: string) => `until ${time}`,
  actions: "What can be done",
  actionsHint: "Run by whoever holds the key; this console holds none.",
  answerCase: (member: number) => `Member ${member} answers:`,
  ruleCase: "A regulator rules:",
  enforceCase: "Anyone has it paid:",
  evidenceOf: "The file for a court:",

  // Disclosures.
  disclosures: "Disclosures",
  disclosuresHint:
    "Whoever asks for the identity behind a key does so on chain, and as many holders of the audit key as open together must agree. Everyone sees how many, by whom and on which basis; nobody sees of whom.",
  disclosureCounts: (requests: string, grants: string) =>
    `Requests so far: ${requests}; granted: ${grants}.`,
  disclosure: (id: number) => `Request ${id}`,
  granted: "Granted",
  ended: "Ended",
  needs: (more: number) => (more === 1 ? "Needs 1 more approval" : `Needs ${more} more approvals`),
  approvedBy: (numbers: string) =>
    numbers === "" ? "No holder has approved" : `Approved by holders ${numbers}`,
  quorumOfHolders: (threshold: number, holders: number, epoch: number) =>
    `${threshold} of ${holders} holders of the audit key of epoch ${epoch} open together.`,
  requester: "Asked by",
  legalBasis: "Hash of the legal basis",
  subject: "Hash of what is to be opened",
  approveDisclosure: "A holder approves, having seen what and why:",

  // Checkpoints.
  noCheckpoints: "No cycle has ended yet.",
  records: (count: string) => (count === "1" ? "1 record" : `${count} records`),
  positions: "Positions",
  stateRoot: "State root",
};
