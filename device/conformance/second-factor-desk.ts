/** What a device's bank does about its second factor: sets it, and says the codes. */
import type { SecondFactorsAsk } from "../../protocol/ask.ts";
import { toHex } from "../../protocol/bytes.ts";
import { checkDeviceRequestSignature, decodeDeviceRequest } from "../../protocol/device-request.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import {
  payeeNumber,
  SECRET_LENGTH,
  secondFactorCode,
  windowOf,
} from "../../protocol/second-factor-code.ts";
import type {
  SecondFactorTerms,
  SignedSecondFactorGrant,
} from "../../protocol/second-factor-grant.ts";
import type { Signer } from "../../protocol/signature.ts";
import { check, Finding, inOrder } from "./finding.ts";
import { OWN, type Trial } from "./trial.ts";

export class SecondFactorDesk {
  readonly #trial: Trial;
  #version = 0;
  /** Of the codes, 32 bytes. */
  #secret: Uint8Array = new Uint8Array();

  constructor(trial: Trial) {
    this.#trial = trial;
  }

  /** Of the newest word that the device has taken; 0 before the first. */
  get version(): number {
    return this.#version;
  }

  /** Has the device take a newer word, and say that it keeps it. @param from 0 takes the second factor off. */
  async set(from: Amount): Promise<void> {
    const { consortium, subject, certificate } = this.#trial;
    const secret = consortium.random(SECRET_LENGTH);
    const { key } = await this.ask();
    const { bytes, version } = await this.grant(key, { from }, consortium.issuer(OWN), secret);
    await subject.takeSecondFactors([bytes]);
    this.#version = version;
    this.#secret = secret;
    const device = toHex(certificate.deviceKey);
    const { kept } = await this.ask();
    const isKept = kept.some((each) => each.device === device && each.version === version);
    check(isKept, `the device says that it keeps version ${version} of its second factor`);
  }

  /** The device's signed question. */
  async ask(): Promise<SecondFactorsAsk> {
    const { bench, consortium, subject, certificate } = this.#trial;
    const bytes = await subject.askSecondFactors();
    return inOrder("the question for second factors", () => {
      const request = decodeDeviceRequest(bytes);
      checkDeviceRequestSignature(consortium.networkId, request, bench.verifier);
      const isOwn = toHex(request.deviceKey) === toHex(certificate.deviceKey);
      check(isOwn, "the device asks by its key");
      if (request.ask.kind === "second-factors") return request.ask;
      throw new Finding(`the device asks for second factors, not for ${request.ask.kind}`);
    });
  }

  /** The bank's next word on the device, or what looks like one. @param key of the device's question. */
  grant(
    key: Uint8Array,
    changed: Partial<SecondFactorTerms>,
    issuer: Signer = this.#trial.consortium.issuer(OWN),
    secret = this.#secret,
  ): Promise<SignedSecondFactorGrant> {
    const { consortium, certificate } = this.#trial;
    const { deviceKey } = certificate;
    const terms: SecondFactorTerms = {
      member: OWN,
      version: this.#version + 1,
      issued: consortium.now,
      device: deviceKey,
      keeper: deviceKey,
      from: 0n,
      ...changed,
    };
    return consortium.secondFactor(terms, secret, key, issuer);
  }

  /** The code for a payment. @param windows from the present one. */
  code(amount: Amount, payee: Owner, windows = 0): string {
    const { networkId, now } = this.#trial.consortium;
    const confirmed = { amount, payee: payeeNumber(payee) };
    return secondFactorCode(networkId, this.#secret, confirmed, windowOf(now) + windows);
  }

  /** One of another first digit. */
  wrongCode(amount: Amount, payee: Owner): string {
    const code = this.code(amount, payee);
    return `${(Number(code[0]) + 5) % 10}${code.slice(1)}`;
  }
}
