/** The parts of a gateway, put together: the only place where they meet. Nothing runs yet. */
import { fromHex, type Hex } from "../protocol/bytes.ts";
import type { SealingKey } from "../protocol/hpke.ts";
import type { Owner } from "../protocol/key.ts";
import type { NetworkFile } from "../protocol/network-file.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Random } from "../protocol/random.ts";
import type { Signer, Verifier } from "../protocol/signature.ts";
import type { NodeClient } from "../node/client.ts";
import type { Callers } from "../node/service/callers.ts";
import type { TlsMaterial } from "../node/service/listener.ts";
import type { Logger, Metrics } from "../node/service/telemetry.ts";
import type { Accounts } from "./accounts.ts";
import { Argon2Threads } from "./argon2-threads.ts";
import { Banking } from "./banking/banking.ts";
import { Certificates, limitsOf } from "./certificates.ts";
import { ClaimBook } from "./claims/claim-book.ts";
import { openClaims } from "./claims/claiming.ts";
import { ForeignClaimBook } from "./claims/foreign-claim-book.ts";
import { ForeignClaims } from "./claims/foreign-claims.ts";
import { UnclaimedBook } from "./claims/unclaimed-book.ts";
import { Closings } from "./closings.ts";
import type { GatewayConfig } from "./config.ts";
import { Credentials } from "./credentials.ts";
import { DeviceBalances } from "./device-balances.ts";
import { DeviceDesk } from "./device-desk.ts";
import { Devices } from "./devices.ts";
import { DoubleSpends } from "./double-spends.ts";
import { EmbeddedAccounts } from "./embedded-accounts.ts";
import { EmergencyProfiles } from "./emergency-profiles.ts";
import { Explanations } from "./explanations.ts";
import { ForeignLists } from "./foreign-lists.ts";
import { Forwarder } from "./forwarder.ts";
import { Intake } from "./intake.ts";
import { Lists } from "./lists.ts";
import { Loads } from "./loads.ts";
import { LostDevices } from "./lost-devices.ts";
import type { NodeWatch } from "./node-watch.ts";
import { Nonces } from "./nonces.ts";
import { Onboarding } from "./onboarding.ts";
import { openOnline, openPayees } from "./online-payments.ts";
import { Parcels } from "./parcels.ts";
import { Presentations } from "./presentations.ts";
import { PresentKey } from "./present-key.ts";
import { RateLimits } from "./rate-limits.ts";
import { Reasons } from "./reasons.ts";
import { Reclaims } from "./reclaims.ts";
import { RecordEvents } from "./record-events.ts";
import { Receipts } from "./receipts.ts";
import { RecordStatuses } from "./record-status.ts";
import { Redemptions } from "./redemptions.ts";
import { Revocations } from "./revocations.ts";
import { SecondFactors } from "./second-factors.ts";
import { StaffReplays } from "./staff/replays.ts";
import type { Store } from "./store.ts";
import { StrangerRates } from "./stranger-rates.ts";
import { TieOut } from "./tie-out.ts";
import type { Transfers } from "./transfers.ts";
import { TrustLists } from "./trust-lists.ts";
import { Vault } from "./vault.ts";
import { Events } from "./webhooks/events.ts";

export type GatewayParts = {
  readonly network: NetworkFile;
  readonly keys: {
    readonly issuer: Signer;
    readonly treasury: Signer;
    /** What is to take their places, held before the registry is told. */
    readonly nextIssuer?: Signer | undefined;
    readonly nextTreasury?: Signer | undefined;
    readonly intake: SealingKey;
  };
  readonly store: Store;
  /** Whether other processes stand by, and take leaves in. */
  readonly isShared?: boolean;
  readonly node: NodeClient;
  /** What a core system keeps; without it accounts are embedded. */
  readonly accounts?: Accounts;
  readonly verifier: Verifier;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Shown by the staff's listener. */
  readonly metrics: Metrics;
  /** Says who of the staff calls; without it, whoever reaches their listener may do all. */
  readonly callers?: Callers | undefined;
};

/** What the configuration says, with its files read. */
export type GatewayOptions = Omit<
  GatewayConfig,
  "network" | "data" | "store" | "peers" | "node" | "nodeTls" | "keys" | "log"
> & {
  readonly tls: {
    readonly devices?: TlsMaterial;
    readonly staff?: TlsMaterial;
    readonly merchants?: TlsMaterial;
    readonly management?: TlsMaterial;
  };
};

/** Devices of the member's that ask at one time: some 10 MB, if they ever do. */
const OWN_MAX = 100_000;
/** As many as a member's number can say. */
const MEMBERS_MAX = 65_536;

export type Assembly = Awaited<ReturnType<typeof assemble>>;

/**
 * @param watch started: what it says of the node is asked whenever it matters.
 * @param page address of the payment page, once customers are listened to.
 */
export async function assemble(
  parts: GatewayParts,
  options: GatewayOptions,
  watch: NodeWatch,
  page: () => string,
) {
  const { issuer, nextIssuer, treasury, nextTreasury, intake: intakeKey } = parts.keys;
  const { member } = options;
  const networkId = fromHex(parts.network.networkId, 32);
  const { trustKey: firstTrustKey, lists: source } = options.authority;
  const trustKey = fromHex(firstTrustKey as Hex, 33);
  const emergency = await EmergencyProfiles.open({ ...parts, networkId });
  const trust = await TrustLists.open({ ...parts, networkId, trustKey, source, emergency });
  const issuers = [issuer, nextIssuer];
  const common = {
    ...parts,
    trust,
    emergency,
    // What devices check goes by the trust list that they have; what the ledger checks, by the ledger.
    issuer: new PresentKey(issuers, () => [...trust.issuersOf(member), watch.issuerOf(member)]),
    ledgerIssuer: new PresentKey(issuers, () => [watch.issuerOf(member)]),
    treasury: new PresentKey([treasury, nextTreasury], () => [watch.treasuryOf(member)]),
    intakeKey,
    networkId,
    member,
    receiptLifeMs: () => watch.receiptLifeMs(),
    threads: new Argon2Threads(),
  };
  const money = await openMoney(common, options, watch, page);
  const knowledge = await openKnowledge({ ...common, ...money }, options, watch);
  const online = await openOnline({ ...common, ...money }, options, watch);
  const { transfers } = online;
  const claiming = openClaims({ ...common, ...money, ...knowledge, transfers }, options, watch);
  const known = { ...common, ...money, ...knowledge, ...claiming, transfers };
  const service = await openService(known, options, watch);
  const foreignClaims = await ForeignClaims.open({
    ...common,
    ...money,
    ...service,
    ...options.couriers,
    intakeOf: (id) => watch.intakeOf(id),
  });
  const { treasury: vaultKey, ledgerIssuer } = common;
  const opened = { ...online, ...money, ...knowledge, ...service, ...claiming, foreignClaims };
  const strangerRates = new StrangerRates(options.rates, common.clock);
  return { ...opened, strangerRates, trust, vaultKey, ledgerIssuer };
}

type Common = Omit<GatewayParts, "keys"> & {
  readonly trust: TrustLists;
  readonly emergency: EmergencyProfiles;
  readonly issuer: PresentKey;
  readonly ledgerIssuer: PresentKey;
  readonly treasury: PresentKey;
  readonly intakeKey: SealingKey;
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly receiptLifeMs: () => number;
  readonly threads: Argon2Threads;
};

/** The books, the devices, what was taken in, and the vault. */
async function openMoney(
  common: Common,
  options: GatewayOptions,
  watch: NodeWatch,
  page: () => string,
) {
  const { store, clock, member, treasury, verifier } = common;
  const { suspense, recoveries, sweepMs } = options.accounts;
  const embedded =
    common.accounts === undefined ? await EmbeddedAccounts.open(store, clock) : undefined;
  // A core system has accounts of these names, opened by the bank.
  await embedded?.openAccount(suspense, "suspense");
  await embedded?.openAccount(recoveries, "recoveries");
  const accounts: Accounts = common.accounts ?? embedded!;
  const devices = await Devices.open(store);
  const reasons = await Reasons.open(store);
  const intake = await Intake.open({
    ...common,
    ...options.intake,
    reasons,
    verifier: options.intake.check === "signatures" ? verifier : undefined,
  });
  const balances = new DeviceBalances({ ...common, accounts, devices, sweepMs });
  const isVault = (owner: Owner) =>
    treasury.owners.includes(owner) || watch.isTreasury(member, owner);
  const books = { accounts, devices, balances, intake };
  const expecting = await openPayees({ ...common, accounts }, options, page);
  const claimBook = new ClaimBook(store, accounts, clock);
  const foreignClaimBook = new ForeignClaimBook({ ...common, accounts });
  const payees = [expecting.orders, expecting.book, claimBook, foreignClaimBook];
  const receiving = { ...books, payees, suspense, recoveries };
  const redemptions = new Redemptions({ ...common, ...receiving, isVault });
  const vault = await Vault.open({
    ...common,
    intake,
    account: (ids) => redemptions.received(ids),
  });
  const events = new Events({ ...expecting, redeemed: (leaf) => redemptions.redeemed(leaf) });
  const forwarder = new Forwarder({
    ...common,
    events,
    ...options.intake,
    intake,
    reasons,
    checkNode: () => watch.check(),
  });
  const reclaims = await Reclaims.open({
    ...common,
    ...books,
    ...options.lost,
    vault,
    recoveries,
    reclaimDelayMs: () => watch.reclaimDelayMs(),
    claimPeriodMs: () => watch.claimPeriodMs(),
  });
  const penaltyPercent = () => watch.penaltyPercent();
  const doubleSpends = new DoubleSpends({ ...common, ...books, reclaims, penaltyPercent });
  const looked = {
    claimBook,
    foreignClaimBook,
    unclaimedBook: await UnclaimedBook.open({ store, events }),
    embedded,
    reasons,
    redemptions,
    vault,
    reclaims,
    doubleSpends,
    forwarder,
    events,
  };
  return { ...books, ...expecting, ...looked };
}

/** What devices are given to know. */
async function openKnowledge(
  common: Common & { readonly devices: Devices; readonly unclaimedBook: UnclaimedBook },
  options: GatewayOptions,
  watch: NodeWatch,
) {
  const { member, network, trust, devices, unclaimedBook } = common;
  const { lifeMs: listLifeMs, refreshMs } = options.lists;
  const blocked = () => new Map([...devices.blocked, ...unclaimedBook.expired]);
  const blockings = () => devices.blocked.size + unclaimedBook.changes;
  const revocations = await Revocations.open({ ...common, blocked, blockings, listLifeMs });
  const foreign = new ForeignLists({
    ...common,
    gateways: network.gateways.filter((gateway) => gateway.member !== member),
    issuersOf: (id) => [watch.issuerOf(id) ?? [], trust.issuersOf(id)].flat(),
  });
  const lists = new Lists({ ...common, revocations, foreign, refreshMs });
  return { revocations, lists };
}

/** What devices ask for. */
async function openService(
  common: Common &
    Awaited<ReturnType<typeof openMoney>> &
    Awaited<ReturnType<typeof openKnowledge>> &
    ReturnType<typeof openClaims> & { readonly transfers: Transfers },
  options: GatewayOptions,
  watch: NodeWatch,
) {
  const { store, random, clock, member, trust, revocations, network } = common;
  const { audit, loads: loading } = options;
  const certificates = new Certificates({
    ...common,
    limits: limitsOf(options.certificates),
    guarantee: () => trust.guaranteeOf(member),
  });
  const credentials = new Credentials(store, random, clock);
  const auditKey =
    audit === undefined
      ? undefined
      : { epoch: audit.epoch, publicKey: fromHex(audit.key as Hex, 33) };
  const onboarding = new Onboarding({
    ...common,
    issuer: common.ledgerIssuer,
    auditKey,
    credentials,
    certificates,
  });
  const receipts = new Receipts({
    ...common,
    checkNode: () => watch.checkCurrent(),
    isRevoked: (owner) => revocations.isRevoked(owner),
  });
  const loads = await Loads.open({
    ...common,
    onboarding,
    certificates,
    receipts,
    smallest: BigInt(loading.smallest),
    retryMs: loading.retryMs,
  });
  const lost = await LostDevices.open({
    ...common,
    ...options.lost,
    credentials,
    credentialLifeMs: options.credentials.lifeMs,
    loads,
    checkNode: () => watch.checkCurrent(),
    reclaimDelayMs: () => watch.reclaimDelayMs(),
  });
  const closings = new Closings({
    ...common,
    loads,
    lost,
    checkNode: () => watch.checkCurrent(),
  });
  const tieOut = new TieOut({ ...common, holders: [loads, common.transfers] });
  const banking =
    options.banking === undefined
      ? undefined
      : new Banking(
          {
            ...common,
            currency: network.currency,
            networkId: network.networkId,
            everyMs: options.watch.everyMs,
          },
          options.banking,
        );
  const { lifeMs } = options.claims;
  const explanations = new Explanations({ ...common, lifeMs });
  const recordEvents = new RecordEvents((id) => explanations.of(id));
  const { devicePerS, deviceBurst, strangersMax, memberPerS, memberBurst } = options.rates;
  const device = { perS: devicePerS, burst: deviceBurst };
  const presentations = new Presentations({
    ...common,
    rates: new RateLimits({ ...device, namesMax: strangersMax }, clock),
  });
  const secondFactors = await SecondFactors.open(common);
  const desk = new DeviceDesk({
    ...common,
    secondFactors,
    rates: {
      own: new RateLimits({ ...device, namesMax: OWN_MAX }, clock),
      strangers: new RateLimits({ ...device, namesMax: strangersMax }, clock),
    },
    nonces: new Nonces(store, clock),
    onboarding,
    certificates,
    loads,
    statuses: new RecordStatuses({ ...common, currency: network.currency }),
    receipts,
  });
  const parcels = await Parcels.open({
    ...common,
    ...options.couriers,
    rates: new RateLimits({ perS: memberPerS, burst: memberBurst, namesMax: MEMBERS_MAX }, clock),
    desk,
    gateways: network.gateways,
  });
  const replays = await StaffReplays.open(store, clock, random);
  return {
    credentials,
    loads,
    lost,
    closings,
    tieOut,
    banking,
    explanations,
    presentations,
    recordEvents,
    secondFactors,
    desk,
    parcels,
    replays,
  };
}
