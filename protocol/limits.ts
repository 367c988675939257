/** Every bound on what a stranger may send, with its reason. Lengths are in bytes. */
export const limits = {
  // Records.
  /** Fan-in and fan-out of a record: enough to merge a purse's small coins, small enough to check in a card. */
  inputsMax: 16,
  outputsMax: 16,
  /** A sealed identity or a memo; anything longer belongs beside the payment, not in it. */
  envelopeMax: 512,
  /** The secret of a claim is a SHA-256 preimage of one block. */
  preimageLength: 32,
  /** Kinds 0 to 15 are version 1. */
  kindMax: 15,

  // Codes for payees without an account.
  /** A password that a finder of the code does not guess within the tries a gateway grants. */
  passwordMin: 4,
  /** A sentence; and Argon2id reads all of it. */
  passwordMax: 64,
  /** Written with hyphens and spaces as people like. */
  codeTextMax: 40,
  /** As cards do: enough for slips, and half a percent a year of four digits for a finder. */
  codeTriesMax: 5,

  // Online payments.
  /** Where a customer goes back to: a shop's address and the number of an order. */
  returnUrlMax: 255,

  // Batches.
  /** A batch of two-output records stays within half the byte bound, and its tree within 12 levels. */
  batchLeavesMax: 4096,
  /** What peers fetch, check and sync as one step. */
  batchBytesMax: 2 * 1024 * 1024,

  // What devices show each other.
  /** A payer's screen shows the label in one line. */
  labelMax: 32,
  /** An order number or a place code. */
  referenceMax: 64,
  /** More ancestry than this means that it is time to sync. */
  bundleRecordsMax: 64,
  /** One animated QR of a few seconds, one NFC exchange of about two. */
  bundleBytesMax: 32_768,
  /** Counts travel as u8; a bundle has at most a signer and a handful of inputs a record. */
  bundleCertificatesMax: 64,
  bundleReceiptsMax: 255,
  /** The lists a request names: those of the members a purse met last. */
  listVersionsMax: 16,
  /** A revocation list that rides in a handshake; longer ones come from gateways. */
  listInHandshakeMax: 512,
  /** A trust list that rides in a handshake: some forty members. */
  trustInHandshakeMax: 4096,
  /** All lists of one message: a trust list and the revocation lists of a few members. */
  listsBytesMax: 8192,
  /** Lists in one message: revocation, trust and emergency profile, the first for a few members. */
  listsMax: 16,
  /** A revocation list as a gateway serves it: 65,535 prefixes of 8 bytes. */
  revocationsMax: 65_535,
  /** Places of one emergency profile, and the length of each: a profile rides in a handshake. */
  profilePlacesMax: 16,
  placeMax: 24,
  /** Members in a trust list. */
  trustMembersMax: 1024,
  nameMax: 32,

  // Transports between devices.
  /** Message 2 with the longest bundle and the most lists: a shorter bound would leave it no way over the air. */
  messageBytesMax: 43_520,
  /** Of 256 shares at least half are repair frames; of 340 bytes each, 128 are the longest message. */
  codePartsMax: 128,
  /** Messages whose frames are collected at the same time: the one wanted, and what a screen showed before it. */
  codeMessagesAtOnceMax: 4,
  /** What a card takes or gives in one command, in however many pieces: a message, or a gateway's reply without long lists. */
  cardDataMax: 65_535,

  // Tills of one shop among themselves.
  /** Fits the frame of any local network, whatever tunnels it passes. */
  alarmDatagramMax: 1200,
  /** Tills of a shop whose logs are followed: a beat names them all in one datagram. */
  alarmTillsMax: 64,
  /** Coins that a till remembers others to have taken: days of a large shop, some 20 MiB. */
  alarmCoinsMax: 65_536,

  // Services.
  /** One request to a gateway: a bundle, or records as many as a batch holds bytes. */
  gatewayPayloadMax: 2 * 1024 * 1024,
  /** What a device takes as one answer: every member's list of revocations would fit, at their usual size. */
  gatewayAnswerMax: 2 * 1024 * 1024,
  /** The token by which a bank knows its customer again: a signed token of its own identity system fits. */
  credentialMax: 1024,
  /** Coins of one load: the outputs of one record. */
  loadPartsMax: 16,
  /** Ids or outpoints in one question: 1,024 receipts are 152 KiB. */
  askedMax: 1024,
  /** Keys revoked by one transaction: some 3 million gas. */
  revokedAtOnceMax: 128,
  /** Lists in one answer: one a member, and the trust lists between the device's and the present one. */
  answeredListsMax: 2048,
  /** Why something was refused, in a sentence or two. */
  reasonMax: 255,
  /** What a parcel seals, in powers of two: a payment with all its ancestors fits the larger, one of a first hop the smaller. */
  parcelBytesMin: 1024,
  parcelBytesMax: 65_536,
  /** What a courier carries for others: a phone's spare room. It cannot tell good parcels from bad, and lets go of all in time. */
  courierParcelsMax: 256,
  courierBytesMax: 4 * 1024 * 1024,
  courierKeptMs: 14 * 24 * 60 * 60 * 1000,
  /** How far a request's signed time may be from the gateway's clock, either way. */
  requestLagMaxMs: 24 * 60 * 60 * 1000,
  /** How long a nonce is remembered: from a day ahead of the clock to a day behind it. */
  nonceKeptMs: 2 * 24 * 60 * 60 * 1000,
  /** Second factors that one device keeps: its own, and those of the devices that a family has it show codes for. */
  secondFactorsMax: 16,
  /** Leaves in one submission to a node or a gateway. */
  submissionLeavesMax: 4096,
  /** A body over HTTP where a route names no other bound: questions are JSON of a few KiB. */
  requestBodyMax: 1024 * 1024,
  /** Time for a whole request to arrive: two megabytes over a bad mobile link. Slower ones hold a connection for nothing. */
  requestArrivalMaxMs: 30_000,
  /** Leaves that wait at a gateway to be checked, of strangers: some 10 MB, and a second's work of a fast core. */
  leavesWaitingMax: 16_384,
  /** How long they may wait: well below the patience of whoever asks. */
  checkWaitMaxMs: 500,
  /** Connections to one server: some 20 MiB of sockets. */
  connectionsMax: 1000,
  /** Streams of events from one server: consoles and gateways, each for hours. */
  eventStreamsMax: 100,

  // Members among themselves: gossip and streams.
  /** The largest leaf: a record of 16 inputs, 16 outputs and a full envelope. */
  leafBytesMax: 1703,
  /** One gossip frame. Throughput stops growing with the frame at about 100 KB; the rest is room for the last leaf. */
  frameBytesMax: 128 * 1024,
  /** More leaves than this do not fit a frame: the smallest has 168 bytes. */
  frameLeavesMax: 1024,
  /** One answer to a fetch: the leaves of the largest batch, each with its length. */
  pageBytesMax: 2 * 1024 * 1024 + 4 * 4096 + 2,
  /** Leaves that an endorser names when it refuses a batch; the proposer learns of the others the next time. */
  objectionsMax: 64,
  /** Length of a version of the software, such as "1.2.3-rc.1". */
  softwareVersionMax: 32,
  /** Questions that one peer may have open on one stream: pipelining needs a few, memory forbids many. */
  requestsInFlightMax: 16,
  /** The same for questions that are answered with megabytes. */
  pagesInFlightMax: 4,
  /** Frames of gossip in verification at a time, from all peers: a third of a second of one core. */
  framesInFlightMax: 16,
  /** Leaves that wait for a verifier: over a second of one core. More would only be late. */
  verifierQueueMax: 32_768,

  // Evidence of double spends.
  /** Losing records of one coin that a node keeps for customers of others; its own members' are all kept. More than any guarantee pays for. */
  losersPerCoinMax: 1024,
  /** Validators under one checkpoint: the registry admits 256 members. */
  validatorsMax: 256,
  /** A checkpoint in which all of 256 members moved. */
  checkpointMax: 16 * 1024,
  /** A loser of 16 coins, each taken by another record in another cycle, under the signatures of 256 members. */
  evidenceFileMax: 4 * 1024 * 1024,
  /** An entry of the state: a coin's key is the longest, the value of a member with a hundred past treasury keys. */
  stateKeyMax: 34,
  stateValueMax: 4096,
  /** Who asks to be shown a payment, what for, and a number never used before. */
  showingWordsMax: 200,
  /** A showing with the longest words and two certificates. */
  showingMax: 1024,

  /** Records and deposits in the history of one coin: with the largest of them the file is within its bound. */
  historyMax: 1024,

  // The audit key.
  /** Authorities of a country that share an audit key. Each deals to each, so what they check grows with the square. */
  shareHoldersMax: 32,
  /** What 32 holders say at a ceremony, each to each. */
  transcriptMax: 512 * 1024,

  // Traces.
  /** Nodes in one answer: what a screen can show, some 500 KB with their coins, found in a quarter of a second. */
  traceNodesMax: 512,
  /** Steps from where a trace starts: a coin that changes hands every day for two months. */
  traceDepthMax: 64,
  /** Rows in one page of an export: some 2 MB of JSON. */
  exportRowsMax: 4096,

  // What a core system answers.
  /** A page of 1,000 entries of an account, each with a reference of thousands of characters. */
  coreAnswerMax: 4 * 1024 * 1024,

  // What a gateway remembers of its staff's calls.
  /** Under keys of their own, a day or two: a bank's systems ask once a second all day, 50 MB in the store. */
  replayKeysMax: 100_000,

  // Webhooks.
  /** Systems of the bank's that hear of events: each event is stored once for each. */
  subscriptionsMax: 16,

  // Network files.
  /** A gateway for each of 256 members, with room. */
  networkFileMax: 256 * 1024,
  /** Ways to one chain: each is tried in turn. */
  networkUrlsMax: 16,
  /** One for each member; the registry admits 256. */
  networkGatewaysMax: 256,
  /** What browsers and proxies take. */
  urlMax: 512,
} as const;
