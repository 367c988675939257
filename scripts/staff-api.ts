/** The staff's listener of a gateway, as commands call it. */
import type { Command } from "commander";
import { ApiClient } from "../device/api-client.ts";
import type { StaffApi } from "../gateway/staff-api.ts";
import { readText } from "./arguments.ts";

export type StaffOptions = { readonly staff: string; readonly token?: string };

/** The options that say where it is, and who asks. */
export function withStaffOptions(command: Command): Command {
  return command
    .option("--staff <url>", "where the gateway's staff comes", "http://127.0.0.1:7301")
    .option("--token <file>", "the token to show, where the gateway asks for one");
}

/** @throws Refusal `bad-configuration` where the token cannot be read. */
export async function staffApi(
  { staff, token }: StaffOptions,
  timeoutMs?: number,
): Promise<ApiClient<StaffApi>> {
  return new ApiClient(staff, fetch, {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    headers: await staffHeaders(token),
  });
}

/** What shows who asks. @throws Refusal `bad-configuration` where the token cannot be read. */
export async function staffHeaders(token: string | undefined): Promise<Record<string, string>> {
  if (token === undefined) return {};
  return { authorization: `Bearer ${(await readText(token)).trim()}` };
}
