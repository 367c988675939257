/**
 * The gateway of one member of a test world, spoken to in real bytes. It takes leaves in, and sequences
 * them when it is told to; what it says is signed as a member signs.
 */
import { acknowledgedRoot, signAcknowledgement } from "../../../protocol/acknowledgement.ts";
import type { Answer, RecordStatus } from "../../../protocol/answer.ts";
import { sha256 } from "#sha256";
import type { Ask, SecondFactorsAsk } from "../../../protocol/ask.ts";
import { fromHex, type Hex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { encodeDeviceReply } from "../../../protocol/device-reply.ts";
import {
  checkDeviceRequestSignature,
  checkDeviceRequestTime,
  decodeDeviceRequest,
  type SignedDeviceRequest,
} from "../../../protocol/device-request.ts";
import { signEnrolment } from "../../../protocol/enrolment.ts";
import { type Owner, ownerOf } from "../../../protocol/key.ts";
import { decodeLeaf, type Leaf, leafHash, leafId } from "../../../protocol/leaf.ts";
import type { MemberId } from "../../../protocol/output.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { type Reason, reasonOf } from "../../../protocol/reason.ts";
import { isRefusal, Refusal } from "../../../protocol/refusal.ts";
import { systemRandom } from "../../../protocol/random.ts";
import {
  sealSecret,
  type SecondFactorTerms,
  type SignedSecondFactorGrant,
  signSecondFactorGrant,
} from "../../../protocol/second-factor-grant.ts";
import { signStatement } from "../../../protocol/statement.ts";
import type { GatewayClient } from "../../../device/gateway-client.ts";
import { keyOf } from "../../support/ledger-parts.ts";
import { type Device, networkId, type World } from "./world.ts";

const verifier = new NodeVerifier();

/** What a bank has set, and which devices, by their keys, have said that they keep it. */
type TestSecondFactor = {
  readonly version: number;
  readonly from: bigint;
  readonly keepers: Map<Hex, boolean>;
};

export class TestGateway implements GatewayClient {
  readonly member: MemberId;
  /** The kinds of what was asked, in order. */
  readonly asked: string[] = [];
  /** Leaves that wait to be sequenced, by id. */
  readonly waiting = new Map<Hex, Leaf>();
  /** Why leaves did not apply. */
  readonly refused = new Map<Hex, Reason>();
  /** By device key. */
  readonly secondFactors = new Map<Hex, TestSecondFactor>();
  readonly #world: World;
  readonly #names = new Map<Owner, string>();

  /** @param names of the devices that the bank knows already. */
  constructor(world: World, member: MemberId, names: readonly string[] = []) {
    this.#world = world;
    this.member = member;
    for (const name of names) this.#names.set(ownerOf(keyOf(name).publicKey), name);
  }

  async send(bytes: Uint8Array): Promise<Uint8Array> {
    const request = decodeDeviceRequest(bytes);
    checkDeviceRequestSignature(networkId, request, verifier);
    const { nonce, ask } = request;
    this.asked.push(ask.kind);
    try {
      checkDeviceRequestTime(request, this.#world.now);
      const answer = await this.#answer(request, ask);
      return encodeDeviceReply({ nonce, outcome: "answered", answer });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const lists = isRefusal(error, "stale-request") ? await this.#world.lists() : [];
      const { kind } = ask;
      const reason = reasonOf(error);
      return encodeDeviceReply({ nonce, outcome: "refused", kind, reason, lists });
    }
  }

  /** Sets a device's second factor, anew, or takes it off. @returns the secret. */
  setSecondFactor(device: Device, from: bigint, ...others: readonly Device[]): Uint8Array {
    const keys = [device, ...others].map(({ signer }) => toHex(signer.publicKey));
    const version = (this.secondFactors.get(keys[0]!)?.version ?? 0) + 1;
    const keepers = new Map(keys.map((key) => [key, false]));
    this.secondFactors.set(keys[0]!, { version, from, keepers });
    return this.secretOf(version);
  }

  secretOf(version: number): Uint8Array {
    return sha256(utf8.encode(`secret ${this.member} ${version}`));
  }

  /** The bank's word, sealed to a key. */
  async grant(
    fields: Pick<SecondFactorTerms, "device" | "keeper" | "version" | "from">,
    reader: Uint8Array,
    changed: Partial<SecondFactorTerms> = {},
    issuer = this.#bank.issuer,
  ): Promise<SignedSecondFactorGrant> {
    const terms = { member: this.member, issued: this.#world.now, ...fields, ...changed };
    const secret = this.secretOf(terms.version);
    const sealed =
      terms.from === 0n
        ? undefined
        : await sealSecret(networkId, terms, secret, reader, systemRandom);
    return signSecondFactorGrant(networkId, { ...terms, sealed }, issuer);
  }

  /** Sequences what waits, as it came. */
  sequence(): void {
    for (const [id, leaf] of this.waiting) {
      const [outcome] = this.#world.ledger.sequence(leaf);
      if (outcome!.code === "applied" || outcome!.code === "duplicate") {
        this.waiting.delete(id);
        this.refused.delete(id);
      } else {
        this.refused.set(id, { code: outcome!.code, text: outcome!.detail });
      }
    }
  }

  async #answer(request: SignedDeviceRequest, ask: Ask): Promise<Answer> {
    const owner = ownerOf(request.deviceKey);
    const words = [...this.secondFactors.values()];
    const isWaiting = words.some(({ keepers }) => keepers.get(toHex(request.deviceKey)) === false);
    if (isWaiting && (ask.kind === "receipts" || ask.kind === "certify")) {
      throw new Refusal("second-factor-waiting", "take it first");
    }
    switch (ask.kind) {
      case "enrol": {
        const { consent } = ask;
        const { deviceKey, member } = request;
        const fields = { deviceKey, member, consent, envelope: new Uint8Array() };
        const enrolment = await signEnrolment(networkId, fields, this.#bank.issuer);
        const name = new TextDecoder().decode(ask.credential);
        this.#names.set(owner, name);
        const isEnrolled = this.#world.ledger.state.custodianOf(owner) !== undefined;
        if (!isEnrolled) this.waiting.set(leafId(networkId, enrolment), enrolment);
        const certificate = await this.#world.certificate(name, { member });
        return { kind: "enrol", enrolment, certificate: isEnrolled ? certificate : undefined };
      }
      case "certify": {
        const name = this.#names.get(owner);
        if (name === undefined) throw new Refusal("not-found", "no such device");
        const certificate = await this.#world.certificate(name, { member: this.member });
        return { kind: "certify", certificate };
      }
      case "load":
        return { kind: "load", state: "pending", receipts: [] };
      case "redeem":
        return { kind: "redeem", acknowledgement: await this.#takeIn([ask.record.bytes]) };
      case "submit":
        return { kind: "submit", acknowledgement: await this.#takeIn(ask.leaves) };
      case "status":
        return {
          kind: "status",
          records: await Promise.all(ask.ids.map((id) => this.#status(id))),
        };
      case "receipts": {
        const receipts = await this.#world.receiptsOf(owner);
        receipts.sort((a, b) => (a.outpoint < b.outpoint ? -1 : 1));
        const { outpoints } = ask;
        const asked = receipts.filter(
          ({ outpoint }) => outpoints.length === 0 || outpoints.includes(outpoint),
        );
        return { kind: "receipts", receipts: asked };
      }
      case "lists":
        return { kind: "lists", lists: await this.#world.lists() };
      case "claim":
        throw new Refusal("wrong-claim", "no money waits under codes here");
      case "second-factors":
        return { kind: "second-factors", grants: await this.#grants(request.deviceKey, ask) };
    }
  }

  async #grants(keeper: Uint8Array, ask: SecondFactorsAsk): Promise<SignedSecondFactorGrant[]> {
    const grants: SignedSecondFactorGrant[] = [];
    for (const [device, { version, from, keepers }] of this.secondFactors) {
      if (keepers.get(toHex(keeper)) !== false) continue;
      const kept = ask.kept.find((each) => each.device === device)?.version;
      const isGone = from === 0n && device !== toHex(keeper);
      if (isGone ? kept === undefined : kept === version) {
        keepers.set(toHex(keeper), true);
        continue;
      }
      grants.push(await this.grant({ device: fromHex(device), keeper, version, from }, ask.key));
    }
    return grants;
  }

  async #takeIn(leaves: readonly Uint8Array[]) {
    for (const bytes of leaves) {
      const leaf = decodeLeaf(bytes);
      this.waiting.set(leafId(networkId, leaf), leaf);
    }
    const fields = {
      root: acknowledgedRoot(leaves.map(leafHash)),
      count: leaves.length,
      received: this.#world.now,
      member: this.member,
    };
    return signAcknowledgement(networkId, fields, this.#bank.issuer);
  }

  async #status(id: Hex): Promise<RecordStatus> {
    const { history, state } = this.#world.ledger;
    const reason = this.refused.get(id);
    if (history.hasApplied(id)) {
      const fields = { id, seq: state.seq, issued: this.#world.now, member: this.member };
      const statement = await signStatement(networkId, fields, this.#bank.issuer);
      return { state: "applied", id, statement };
    }
    if (reason !== undefined) return { state: "refused", id, reason };
    return { state: this.waiting.has(id) ? "pending" : "unknown", id };
  }

  get #bank() {
    return this.#world.ledger.bank(this.member);
  }
}
