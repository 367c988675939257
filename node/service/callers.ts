/** Who calls, on a listener where not everybody may do everything: a name, and the roles that routes ask for. */
import { Refusal } from "../../protocol/refusal.ts";

export type Caller = {
  readonly name: string;
  readonly roles: readonly string[];
};

export interface Callers {
  /** @param authorization the header as it came. @throws Refusal `unauthorised`. */
  identify(authorization: string | undefined): Promise<Caller>;
}

/** @throws Refusal `forbidden`. */
export function checkRoles({ name, roles }: Caller, wanted: readonly string[]): void {
  if (wanted.some((role) => roles.includes(role))) return;
  const has = roles.length === 0 ? "none" : roles.join(", ");
  throw new Refusal("forbidden", `this takes the role ${wanted.join(" or ")}, ${name} has ${has}`);
}
