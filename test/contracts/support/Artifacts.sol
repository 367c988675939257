// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {vm} from "./Vm.sol";

// What a network gets is tested as it was compiled: the bytes of the artifacts, not another compilation of the sources.

/// @param artifact As `<file>.sol:<contract>`.
/// @param arguments The constructor's, encoded.
function deployArtifact(string memory artifact, bytes memory arguments) returns (address) {
    return Create2.deploy(0, 0, bytes.concat(vm.getCode(artifact), arguments));
}

/// A contract behind a proxy of its own, initialised by a call with `data`.
function behindProxy(address implementation, address manager, bytes memory data) returns (address) {
    bytes memory arguments = abi.encode(implementation, manager, data);
    return deployArtifact("TransparentUpgradeableProxy.sol:TransparentUpgradeableProxy", arguments);
}
