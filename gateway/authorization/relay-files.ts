/** What the configuration of the relays names: files beside it, and the secret in one of them. */
import { readPrivateText } from "../../node/service/given-file.ts";
import type { GatewayConfig } from "../config.ts";

type Authorization = GatewayConfig["authorization"];

/** A bearer token is a line. */
const TOKEN_SIZE_MAX = 4_096;

/** Paths as paths of the machine. */
export function relayPaths(
  { file, sms, ...relays }: Authorization["relays"],
  at: (path: string) => string,
): Authorization["relays"] {
  return {
    ...relays,
    ...(file === undefined ? {} : { file: at(file) }),
    ...(sms === undefined ? {} : { sms: { ...sms, token: at(sms.token) } }),
  };
}

/** With the SMS centre's token in place of its file. @throws Refusal `exposed-key`, `bad-configuration`. */
export async function withTokens(authorization: Authorization): Promise<Authorization> {
  const { sms, ...relays } = authorization.relays;
  if (sms === undefined) return authorization;
  const token = (await readPrivateText(sms.token, TOKEN_SIZE_MAX)).trim();
  return { ...authorization, relays: { ...relays, sms: { ...sms, token } } };
}
