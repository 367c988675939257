/** `tallystick gateway`: runs a member's gateway, and asks one about a customer's device. */
import { type Command, Option } from "commander";
import { GatewayProcess } from "../../gateway/gateway-process.ts";
import type { StaffApi } from "../../gateway/staff-api.ts";
import { runService } from "../../node/service/process.ts";
import type { Owner } from "../../protocol/key.ts";
import { parseMinorUnits } from "../../protocol/money.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { parseHex } from "../arguments.ts";
import { reach } from "../fetch-json.ts";
import { type Report, say, timeText } from "../report.ts";
import { staffApi, type StaffOptions, withStaffOptions } from "../staff-api.ts";
import { registerAccounts } from "./gateway-accounts.ts";
import { registerBanking } from "./gateway-banking.ts";
import { registerStaff } from "./gateway-staff.ts";
import { registerStore } from "./gateway-store.ts";

type DeviceOptions = StaffOptions & { readonly json?: true };

export function registerGateway(program: Command): void {
  const gateway = program
    .command("gateway")
    .description("run a member's gateway, for its devices and its staff, until it is stopped")
    .option("-c, --config <file>", "what to run: a YAML file (docs/OPERATORS.md)")
    .action(run);
  registerAccounts(gateway);
  registerStaff(gateway);
  registerBanking(gateway);
  registerStore(gateway);
  const device = gateway
    .command("device")
    .description("a customer's device, as the gateway's staff: see it, block it, replace it")
    .addHelpText(
      "after",
      `
<owner> names the device: 0x and 40 digits. Each may be asked again, with the same effect as once.

  tallystick gateway device lost 0x… --staff http://127.0.0.1:7301`,
    );
  about(
    device,
    "show <owner>",
    "how it stands: blocked, revoked, lost, what was taken back",
  ).action((owner: string, options: DeviceOptions) => tell(owner, options));
  about(device, "block <owner>", "block it for good: here, on the list, on the chain").action(
    (owner: string, options: DeviceOptions) => tell(owner, options, "block"),
  );
  about(
    device,
    "lost <owner>",
    "report it lost: it is blocked, and what is left on it comes back to the customer in time",
  ).action((owner: string, options: DeviceOptions) => tell(owner, options, "lost"));
  about(device, "close <owner>", "block for good an empty one that its customer gives up").action(
    (owner: string, options: DeviceOptions) => tell(owner, options, "close"),
  );
  about(device, "replace <owner>", "a credential for the device that takes a lost one's place")
    .option("--load", "load onto it what is taken back from the lost one")
    .action(replace);
  about(
    device,
    "second-factor <owner>",
    "have high amounts offline wait for a code, or not any more",
  )
    .addOption(
      new Option("--from <units>", "from which amount on, in minor units, alone or adding up")
        .argParser((text) => String(parseMinorUnits(text)))
        .conflicts("lift"),
    )
    .addOption(
      new Option("--shown-by <owner>", "the customer's other device that shows codes, if one does")
        .argParser((text) => parseHex(text, 20, "an owner"))
        .conflicts("lift"),
    )
    .option("--lift", "take it off")
    .action(guard);
}

async function run({ config }: { readonly config?: string }): Promise<void> {
  await runService(async () => {
    if (config !== undefined) return await GatewayProcess.load(config);
    throw new Refusal("bad-configuration", "say with --config which gateway to run");
  });
}

function about(parent: Command, usage: string, says: string): Command {
  return withStaffOptions(parent.command(usage))
    .description(says)
    .option("--json", "one JSON value; amounts in minor units, times in milliseconds");
}

async function tell(
  text: string,
  options: DeviceOptions,
  act?: "block" | "lost" | "close",
): Promise<void> {
  const params = { owner: parseHex(text, 20, "an owner") };
  const api = await staffApi(options);
  const route = "/v1/devices/{owner}";
  const device = await reach(options.staff, () =>
    act === undefined
      ? api.call(`GET ${route}`, { params })
      : api.call(`POST ${route}/${act}`, { params }),
  );
  say(reportOf(device), options.json ?? false);
}

async function replace(
  text: string,
  { load = false, ...options }: DeviceOptions & { readonly load?: boolean },
): Promise<void> {
  const params = { owner: parseHex(text, 20, "an owner") };
  const api = await staffApi(options);
  const data = await reach(options.staff, () =>
    api.call("POST /v1/devices/{owner}/replacement", { params, body: { load } }),
  );
  const { credential, expires, device } = data;
  const lines =
    credential === undefined
      ? [`Device ${device} takes its place already.`]
      : [
          `The new device enrols with ${credential}, by ${timeText(expires!)}.`,
          "It is shown once. Asked again, there is another, and this one counts no more.",
        ];
  say({ lines, data }, options.json ?? false);
}

async function guard(
  text: string,
  {
    from,
    shownBy,
    lift,
    ...options
  }: DeviceOptions & {
    readonly from?: string;
    readonly shownBy?: Owner;
    readonly lift?: true;
  },
): Promise<void> {
  const params = { owner: parseHex(text, 20, "an owner") };
  const api = await staffApi(options);
  const route = "/v1/devices/{owner}/second-factor";
  const body = { from: from ?? "", ...(shownBy && { shownBy }) };
  const state = await reach(options.staff, () => {
    if (lift) return api.call(`POST ${route}/lift`, { params });
    return from === undefined
      ? api.call(`GET ${route}`, { params })
      : api.call(`POST ${route}`, { params, body });
  });
  const by = state.shownBy === undefined ? "the voice line says" : `device ${state.shownBy} shows`;
  const lines = [
    state.from === "0"
      ? "No amount needs a code."
      : `From ${state.from} minor units on, alone or adding up, it needs the code that ${by}.`,
    state.isTaken
      ? "The device keeps to it."
      : "The device hears of it at its next sync; until then it gets no certificate, load or receipt.",
  ];
  say({ lines, data: state }, options.json ?? false);
}

function reportOf(device: StaffApi["GET /v1/devices/{owner}"]["reply"]): Report {
  const { owner, account, class: deviceClass, blocked, revoked, lost, doubleSpends } = device;
  const lines = [`${owner}  ${deviceClass}, account ${account}`];
  if (blocked !== undefined) lines.push(`blocked since ${timeText(blocked)}`);
  if (revoked !== undefined) lines.push(`revoked on the chain since ${timeText(revoked)}`);
  lines.push(...(lost?.sentences ?? []));
  for (const { winner, loser, winnerKind, amount, fine, stage } of doubleSpends) {
    const by = winnerKind === "reclaim" ? "the bank's reclaim" : `record ${winner}`;
    lines.push(
      `a coin of ${amount} minor units: ${by} took it, record ${loser} lost it; ${stage}, fine ${fine}`,
    );
  }
  return { lines, data: device };
}
