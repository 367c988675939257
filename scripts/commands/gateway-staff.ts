/** `tallystick gateway staff`: the key that a bank without an identity provider signs its staff's tokens with, and the tokens. */
import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { keySetOf, kidOf } from "../../gateway/staff/key-set.ts";
import { type StaffRole, staffRoles } from "../../gateway/staff/roles.ts";
import { makeToken } from "../../gateway/staff/token.ts";
import { createKeyFile, loadKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { wholeBetween } from "../arguments.ts";
import { say, timeText } from "../report.ts";

type TokenOptions = {
  readonly key: string;
  readonly name: string;
  readonly role: readonly StaffRole[];
  readonly hours: number;
  readonly issuer?: string;
  readonly audience: string;
  readonly json?: true;
};

export function registerStaff(gateway: Command): void {
  const staff = gateway
    .command("staff")
    .description("tokens with which people and systems of the bank call the staff's listener")
    .addHelpText(
      "after",
      `
  tallystick gateway staff key --key staff.json --set staff-keys.json
  tallystick gateway staff token --key staff.json --name anna --role teller > anna.token
  tallystick gateway staff token --key staff.json --name sms-centre --role relay --hours 8784 > relay.token

In gateway.yaml: staff: { access: tokens, tokens: { keys: staff-keys.json } }`,
    );
  staff
    .command("key")
    .description("make the key, and the set of keys by which the gateway checks tokens")
    .requiredOption("--key <file>", "the key; it is made, and shown to nobody")
    .requiredOption("--set <file>", "the JSON Web Key Set, which is no secret")
    .action(makeKey);
  staff
    .command("token")
    .description("sign a token: whoever shows it may do what its roles may, until it ends")
    .requiredOption("--key <file>", "the key")
    .requiredOption("--name <name>", "who shows it, as the gateway's log will say")
    .addOption(
      new Option("--role <role...>", "what for")
        .choices(Object.keys(staffRoles))
        .makeOptionMandatory(),
    )
    .option("--hours <number>", "until when, from now", wholeBetween(1, 24 * 366), 8)
    .option("--issuer <name>", "as staff.tokens.issuer, where the gateway asks for one")
    .option("--audience <name>", "as staff.tokens.audience", "tallystick")
    .option("--json", "one JSON value")
    .action(sign);
}

async function makeKey({ key: path, set }: { readonly key: string; readonly set: string }) {
  const key = StoredKey.generate("P-256");
  await createKeyFile(path, key);
  await writeFile(set, `${JSON.stringify(keySetOf([key.publicKey]), undefined, 2)}\n`);
  const lines = [`${path} signs tokens: keep it.`, `${set} is for the gateway's configuration.`];
  say({ lines, data: { kid: kidOf(key.publicKey) } }, false);
}

async function sign(options: TokenOptions): Promise<void> {
  const { key: path, name, role: roles, hours, issuer, audience, json } = options;
  const key = await loadKeyFile(path, "P-256");
  const now = Math.floor(Date.now() / 1000);
  const expires = now + 3600 * hours;
  const claims = {
    ...(issuer === undefined ? {} : { iss: issuer }),
    sub: name,
    aud: audience,
    roles: [...roles],
    iat: now,
    exp: expires,
  };
  const signer = NodeSigner.fromScalar(key.reveal());
  const token = await makeToken(claims, kidOf(key.publicKey), signer);
  process.stderr.write(
    `${name} may act as ${roles.join(", ")} until ${timeText(1000 * expires)}\n`,
  );
  say({ lines: [token], data: { token, expires: 1000 * expires } }, json ?? false);
}
