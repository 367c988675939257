/**
 * What strangers may ask from one address: leaves to be checked, codes to be tried. Each address has a share of its own,
 * so that nobody uses up what others may ask, and no proxy is needed for it. Callers on this machine are not told
 * apart: they are its own programs, or come through a proxy that nobody has named (devices.proxies).
 */
import { holderOf } from "../node/service/caller-address.ts";
import { isLoopback } from "../node/service/listener.ts";
import { RateLimits } from "./rate-limits.ts";

export type StrangerRatesOptions = {
  readonly addressLeavesPerS: number;
  readonly addressLeavesBurst: number;
  readonly addressClaimsPerMin: number;
  readonly addressClaimsBurst: number;
  readonly addressesMax: number;
};

export class StrangerRates {
  readonly #leaves: RateLimits;
  readonly #claims: RateLimits;

  constructor(options: StrangerRatesOptions, clock: () => number) {
    const { addressesMax: namesMax } = options;
    const { addressLeavesPerS, addressLeavesBurst, addressClaimsPerMin, addressClaimsBurst } =
      options;
    const leaves = { perS: addressLeavesPerS, burst: addressLeavesBurst, namesMax };
    const claims = { perS: addressClaimsPerMin / 60, burst: addressClaimsBurst, namesMax };
    this.#leaves = new RateLimits(leaves, clock);
    this.#claims = new RateLimits(claims, clock);
  }

  /** @throws Refusal `rate-limited`. */
  takeLeaves(address: string, count: number): void {
    if (isLoopback(address)) return;
    this.#leaves.take(holderOf(address), "leaves come from this address", count);
  }

  /** @throws Refusal `rate-limited`. */
  takeClaim(address: string): void {
    if (isLoopback(address)) return;
    this.#claims.take(holderOf(address), "codes are tried from this address");
  }
}
