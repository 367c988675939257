/**
 * What the description of the claims' routes shows to be answered. A code is of one network, by its last
 * characters: none can be shown that is good wherever this is read.
 */
export const unlocked = { unlocked: true } as const;

export const claimView = {
  record: "0x7c9f1e44b0a35d6288c2e0f17a9b3d54e6f8a1c2b3d4e5f60718293a4b5c6d7e",
  amount: "2500",
  state: "pending",
} as const;

export const waiting = {
  claim: "0x5d0c3f6e9a1b47c28e7d60f1a2b3c4d5",
  bank: 2,
  state: "waiting",
  reason: { code: "unavailable", detail: "member 2 does not answer: it is asked again" },
} as const;
