/** What an operator writes down for a gateway: one YAML file. Paths in it start from the file's own folder. */
import { type Static, Type } from "typebox";
import { limits } from "../protocol/limits.ts";
import { section } from "../node/service/config-file.ts";
import { bankingConfig } from "./banking/config.ts";
import { logLevels } from "../node/service/telemetry.ts";
import { tlsFiles } from "../node/service/tls-files.ts";

const path = (description: string) => Type.String({ minLength: 1, description });
const milliseconds = (normal: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 366 * 86_400_000, default: normal, description });
const minorUnits = (normal: string, description: string) =>
  Type.String({ pattern: "^[1-9][0-9]{0,19}$", default: normal, description });
const rate = (normal: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 1_000_000, default: normal, description });
const port = (normal: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: normal });

const tls = Type.Optional(tlsFiles("Needed wherever others than this machine call"));

/** A core system that keeps the accounts (core-banking/contract.ts): without it they are embedded. */
const coreSystem = Type.Object(
  {
    url: Type.String({ pattern: "^https?://", description: "Where the contract's paths start" }),
    tls: Type.Optional(tlsFiles("Needed where the core system is not on this machine")),
    timeoutMs: milliseconds(5_000, "For how long one try of a call is waited for"),
    tries: Type.Integer({
      minimum: 1,
      maximum: 10,
      default: 3,
      description: "How often a call is made before whoever asked is told to come again",
    }),
    pauseMs: milliseconds(200, "Before the second try; twice as long before each after it"),
  },
  { additionalProperties: false },
);

/** What a class of devices may do offline. */
const deviceLimits = (
  normal: { maxDepth: number; maxPayment: string; maxBalance: string },
  depthMax = 255,
) =>
  section({
    maxPayment: Type.String({
      pattern: "^(0|[1-9][0-9]{0,19})$",
      default: normal.maxPayment,
      description: "Payments are below it, in minor units; 0 is off",
    }),
    maxBalance: minorUnits(normal.maxBalance, "What the purse may hold; the guarantee bounds it"),
    maxCount: Type.Integer({ minimum: 0, maximum: 65_535, default: 0, description: "0 is off" }),
    windowS: Type.Integer({ minimum: 1, maximum: 4_294_967_295, default: 86_400 }),
    maxDepth: Type.Integer({ minimum: 0, maximum: depthMax, default: normal.maxDepth }),
  });

export const GatewayConfigSchema = Type.Object(
  {
    network: path("The network file"),
    data: Type.Optional(
      path("Folder of the gateway's database; the gateway makes it. One process has it"),
    ),
    store: Type.Optional(
      Type.Object(
        {
          postgres: Type.Object(
            {
              url: Type.String({
                pattern: "^postgres(ql)?://",
                description:
                  "User, host and database: postgres://gateway@db.bank.example/gateway1?sslmode=verify-full",
              }),
              passwordFile: Type.Optional(
                path("File of the password, which its owner alone may read"),
              ),
              authority: Type.Optional(
                path("Certificate by which the database is known; the system's by default"),
              ),
            },
            { additionalProperties: false },
          ),
        },
        {
          additionalProperties: false,
          description: "In place of data: a database that several processes of the gateway share",
        },
      ),
    ),
    peers: section({
      host: Type.String({
        default: "127.0.0.1",
        description: "Where the others reach this process while it is active",
      }),
      port: port(0),
      tls: Type.Optional(
        tlsFiles("Needed where the gateway's processes are not on one machine, in each of them"),
      ),
    }),
    member: Type.Integer({ minimum: 1, maximum: 65_535, description: "The member's number" }),
    node: Type.String({ pattern: "^https?://", description: "URL of the member's node" }),
    nodeTls: Type.Optional(tlsFiles("Needed where the node is not on this machine")),
    pages: Type.Optional(
      path("Folder of the wallet's pages; those that were built here by default"),
    ),
    keys: Type.Object(
      {
        issuer: path("Key file of the issuer (P-256)"),
        treasury: path("Key file of the treasury (P-256)"),
        intake: path("Key file that couriers' requests are sealed to (P-256)"),
        nextIssuer: Type.Optional(path("Key file of the issuer after a rotation, held beforehand")),
        nextTreasury: Type.Optional(
          path("Key file of the treasury after a rotation, held beforehand"),
        ),
      },
      { additionalProperties: false },
    ),
    authority: Type.Object(
      {
        trustKey: Type.String({
          pattern: "^0x0[23][0-9a-f]{64}$",
          description: "Public key that signs the first trust list taken here",
        }),
        lists: path("Where the authority publishes its lists: a file or a URL"),
      },
      { additionalProperties: false },
    ),
    audit: Type.Optional(
      Type.Object(
        {
          epoch: Type.Integer({ minimum: 0, maximum: 4_294_967_295 }),
          key: Type.String({ pattern: "^0x0[23][0-9a-f]{64}$" }),
        },
        { additionalProperties: false, description: "The regulators' key: identities are sealed" },
      ),
    ),
    devices: section({
      host: Type.String({ default: "127.0.0.1" }),
      port: port(7201),
      names: Type.Array(Type.String(), {
        default: [],
        description: "Names under which a proxy on this machine is asked for the gateway",
      }),
      proxies: Type.Array(Type.String(), {
        default: [],
        description:
          "Addresses of proxies, or networks as address/bits, that are believed whom they ask for",
      }),
      tls,
    }),
    staff: section({
      host: Type.String({ default: "127.0.0.1" }),
      port: port(7301),
      tls,
      access: Type.Enum(["open", "tokens"], {
        description:
          "open: whoever reaches the listener may do all; tokens: who shows a token, by role",
      }),
      tokens: Type.Optional(
        Type.Object(
          {
            keys: path("JSON Web Key Set by which tokens are signed: a file or a URL"),
            issuer: Type.Optional(path("Who must have issued them (iss)")),
            audience: Type.String({
              default: "tallystick",
              description: "Whom they are for (aud)",
            }),
          },
          { additionalProperties: false },
        ),
      ),
    }),
    management: section({
      host: Type.String({ default: "127.0.0.1" }),
      port: port(7501),
      tls,
    }),
    certificates: section({
      element: deviceLimits({ maxDepth: 8, maxPayment: "50000", maxBalance: "200000" }),
      software: deviceLimits({ maxDepth: 4, maxPayment: "20000", maxBalance: "50000" }),
      host: deviceLimits({ maxDepth: 0, maxPayment: "5000", maxBalance: "10000" }, 0),
      chip: deviceLimits({ maxDepth: 8, maxPayment: "20000", maxBalance: "100000" }),
      // What others may pay can be paid back: as much at once, and from one hop further.
      terminal: deviceLimits({ maxDepth: 9, maxPayment: "50000", maxBalance: "5000000" }),
      merchant: deviceLimits({ maxDepth: 9, maxPayment: "50000", maxBalance: "5000000" }),
    }),
    credentials: section({
      lifeMs: milliseconds(86_400_000, "How long a customer has to enrol with one"),
    }),
    accounts: section({
      suspense: Type.String({
        pattern: "^[A-Za-z0-9._:-]{1,64}$",
        default: "suspense",
        description: "Account for money that comes from nobody known here",
      }),
      recoveries: Type.String({
        pattern: "^[A-Za-z0-9._:-]{1,64}$",
        default: "recoveries",
        description: "Account for money taken back from lost devices, until it is the customers'",
      }),
      sweepMs: milliseconds(600_000, "How often all devices' balances are asked of the ledger"),
      core: Type.Optional(coreSystem),
    }),
    lost: section({
      everyMs: milliseconds(
        2_000,
        "How often lost devices are seen to that something is to be done for",
      ),
      sweepMs: milliseconds(
        600_000,
        "How often the others are looked at: payments may still come to them",
      ),
      patienceMs: milliseconds(
        86_400_000,
        "For how long a coin is left, once it can be reclaimed, to a record that waits to take it",
      ),
    }),
    loads: section({
      smallest: minorUnits("10", "No coin but the last is smaller, in minor units"),
      retryMs: milliseconds(2_000, "How often loads that met trouble are taken up again"),
    }),
    intake: section({
      check: Type.Enum(["signatures", "structure"], {
        default: "signatures",
        description: "What is checked before a leaf is acknowledged; the node checks all again",
      }),
      // Strangers may fill half, and the largest request must fit.
      leavesMax: Type.Integer({ minimum: 2 * limits.submissionLeavesMax, default: 200_000 }),
      bytesMax: Type.Integer({ minimum: 2 * limits.gatewayPayloadMax, default: 134_217_728 }),
      patienceMs: milliseconds(2_592_000_000, "For how long what cannot apply yet is tried"),
      firstLookMs: milliseconds(2_000, "How soon a leaf is asked for that no event has told of"),
    }),
    couriers: section({
      parcelsMax: Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        default: 1_000,
        description:
          "Parcels for other members that are kept until these have answered, 64 KiB each",
      }),
      keepMs: milliseconds(1_209_600_000, "For how long a parcel is kept, and then its answer"),
      retryMs: milliseconds(5_000, "How soon a member that did not answer is tried again"),
    }),
    claims: section({
      lifeMs: milliseconds(
        7_776_000_000,
        "For how long money under a code may be claimed here; then it goes back to its sender",
      ),
      sweepMs: milliseconds(600_000, "How often it is looked what money nobody has claimed"),
    }),
    authorization: section({
      page: Type.Optional(
        Type.String({
          pattern: "^https?://",
          description:
            "Address of the payment page, as customers reach it; by default the gateway's",
        }),
      ),
      codeLifeMs: milliseconds(300_000, "How long an authorization code is good"),
      codeEpochMs: milliseconds(3_600_000, "How long one key makes codes"),
      paymentLifeMs: milliseconds(900_000, "How long a customer has from password to right code"),
      patienceMs: milliseconds(120_000, "How long the vault may take to pay what is authorized"),
      keptMs: milliseconds(
        31_622_400_000,
        "For how long a payment that has ended is kept; what was refunded later still comes back",
      ),
      retryMs: milliseconds(1_000, "How often transfers that met trouble are taken up again"),
      invitationLifeMs: milliseconds(604_800_000, "How long an invitation is good"),
      relays: section({
        file: Type.Optional(path("File to which messages are written, one a line")),
        mail: Type.Optional(
          Type.Object(
            {
              host: Type.String({ minLength: 1 }),
              port: Type.Integer({ minimum: 1, maximum: 65_535 }),
              from: Type.String({ pattern: "^[^\\s<>]+@[^\\s<>]+$" }),
              isTls: Type.Boolean({ default: true, description: "Off on this machine alone" }),
            },
            { additionalProperties: false, description: "The bank's mail server" },
          ),
        ),
        sms: Type.Optional(
          Type.Object(
            {
              url: Type.String({ pattern: "^https?://" }),
              token: path("File of the bearer token"),
            },
            { additionalProperties: false, description: "The bank's SMS centre" },
          ),
        ),
      }),
    }),
    merchants: section({
      host: Type.String({ default: "127.0.0.1" }),
      port: port(7401),
      tls: Type.Optional(
        tlsFiles("Without it no merchant is listened to: each is known by its certificate"),
      ),
      orderLifeMs: milliseconds(900_000, "How long a customer has to begin to pay an order"),
      ordersKeptMs: milliseconds(
        31_622_400_000,
        "For how long an order is kept after it has ended, or was last refunded from; and payouts",
      ),
      resultsEveryMs: milliseconds(500, "How often it is looked what merchants are to be told"),
    }),
    webhooks: section({
      plainLoopback: Type.Boolean({
        default: false,
        description:
          "Whether merchants and systems on this machine may be told over plain http: for trials",
      }),
      parkAfterMs: milliseconds(
        3 * 86_400_000,
        "Nothing more is sent to who has heard nothing for so long",
      ),
      keptMax: Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        default: 100_000,
        description: "Notices kept for each receiver that does not hear; the oldest are dropped",
      }),
    }),
    rates: section({
      devicePerS: rate(50, "How often a device may ask, on the average"),
      deviceBurst: rate(500, "How often it may ask at once, after a while of silence"),
      strangersMax: rate(10_000, "Devices of others whose share is remembered"),
      memberPerS: rate(200, "How many parcels for one member are taken, on the average"),
      memberBurst: rate(2_000, "How many of them at once"),
      addressLeavesPerS: rate(1_000, "Leaves that strangers at one address may hand in a second"),
      addressLeavesBurst: Type.Integer({
        // The largest request must fit.
        minimum: limits.submissionLeavesMax,
        maximum: 1_000_000,
        default: 2 * limits.submissionLeavesMax,
        description: "How many of them at once",
      }),
      addressClaimsPerMin: rate(12, "How often codes may be tried from one address, a minute"),
      addressClaimsBurst: rate(6, "How often they may at once"),
      addressesMax: rate(10_000, "Addresses whose share is remembered"),
      claimsPerS: rate(1, "How often codes may be tried by all strangers together, on the average"),
      claimsBurst: rate(30, "How often they may at once"),
    }),
    lists: section({
      refreshMs: milliseconds(30_000, "How often published lists are asked for"),
      lifeMs: milliseconds(10_000, "How old a revocation list may be that is handed out again"),
    }),
    watch: section({
      everyMs: milliseconds(1_000, "How often the node is asked how it is, and for vault coins"),
    }),
    banking: Type.Optional(bankingConfig),
    log: section({
      level: Type.Enum(logLevels, { default: "info" }),
      file: Type.Optional(path("Log file; stderr otherwise")),
    }),
  },
  { additionalProperties: false },
);

export type GatewayConfig = Static<typeof GatewayConfigSchema>;
