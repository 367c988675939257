/**
 * Creates a network's contracts as the first ten transactions of an account made for it. A contract's
 * address follows from its creator and the creator's nonce, so the chain itself says how far a
 * deployment came: nothing else needs to be remembered, and nothing can be created twice.
 */
import { getCreateAddress } from "ethers";
import type { ChainAccount } from "../../node/chain/account.ts";
import { encodeCall } from "../../node/chain/contracts.ts";
import { parametersFor } from "../../node/chain/members.ts";
import type { ChainRpc } from "../../node/chain/rpc.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { NetworkContracts } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { type ArtifactName, creationOf, isCodeOf } from "./artifact.ts";
import type { DeployPlan } from "./plan.ts";

type Creation = {
  readonly name: ArtifactName;
  readonly address: Hex;
  readonly args: readonly unknown[];
};

/** A deployment leaves no contract out. */
export type DeployedContracts = Required<NetworkContracts>;

/** More than the largest contract there may be (EIP-170) costs. */
const CREATION_GAS = 8_000_000n;

/** Where the contracts of a deployer stand, or will. */
export function contractsOf(deployer: Hex): DeployedContracts {
  return {
    accessManager: addressAt(deployer, 0),
    registry: addressAt(deployer, 2),
    token: addressAt(deployer, 3),
    settlement: addressAt(deployer, 5),
    disputes: addressAt(deployer, 7),
    auditLog: addressAt(deployer, 9),
  };
}

/**
 * Creates what is missing. They are sent together: those of one account are included in their order.
 * @throws Refusal `conflict` when the account sent anything else, or created other contracts.
 */
export async function createContracts(
  rpc: ChainRpc,
  account: ChainAccount,
  plan: DeployPlan,
  signal: AbortSignal,
): Promise<void> {
  const wanted = creations(account.address, plan);
  const [used, ...codes] = await Promise.all([
    rpc.call<Hex>("eth_getTransactionCount", [account.address, "latest"]),
    ...wanted.map(({ address }) => rpc.call<Hex>("eth_getCode", [address, "latest"])),
  ]);
  const missing = wanted.filter(({ name, address }, nonce) => {
    const code = codes[nonce]!;
    if (code === "0x" && nonce < Number(used))
      throw conflict(account.address, `its transaction ${nonce} did not create ${name}`);
    if (code !== "0x" && !isCodeOf(name, code))
      throw conflict(
        account.address,
        `the ${name} at ${address} is not the one that was compiled here`,
      );
    return code === "0x";
  });
  await Promise.all(
    missing.map(({ name, args }) =>
      account.send({ data: creationOf(name, args), gas: CREATION_GAS }, signal),
    ),
  );
}

/** The order that contracts/README.md gives. */
function creations(deployer: Hex, { parameters, currency }: DeployPlan): readonly Creation[] {
  const { accessManager, registry, token, settlement } = contractsOf(deployer);
  const initialize = (
    contract: "registry" | "settlement" | "disputes" | "auditLog",
    ...args: readonly unknown[]
  ) => encodeCall({ contract, method: "initialize", args });
  const proxied = (implementation: number, open: Hex) => [
    addressAt(deployer, implementation),
    accessManager,
    open,
  ];
  const openRegistry = initialize("registry", accessManager, parametersFor(parameters));
  const tokenArgs = [accessManager, `${currency.code} reserves`, currency.code, currency.digits];
  return (
    [
      ["AccessManager", [deployer]],
      ["MemberRegistry", []],
      ["TransparentUpgradeableProxy", proxied(1, openRegistry)],
      ["ReserveToken", tokenArgs],
      ["Settlement", [registry, token]],
      ["TransparentUpgradeableProxy", proxied(4, initialize("settlement", accessManager))],
      ["Disputes", [settlement]],
      ["TransparentUpgradeableProxy", proxied(6, initialize("disputes", accessManager))],
      ["AuditLog", []],
      ["TransparentUpgradeableProxy", proxied(8, initialize("auditLog", accessManager))],
    ] as const
  ).map(([name, args], nonce) => ({ name, args, address: addressAt(deployer, nonce) }));
}

function addressAt(deployer: Hex, nonce: number): Hex {
  return getCreateAddress({ from: deployer, nonce }).toLowerCase() as Hex;
}

function conflict(deployer: Hex, detail: string): Refusal {
  return new Refusal(
    "conflict",
    `${deployer} cannot deploy this network: ${detail}; use an account that has sent nothing`,
  );
}
