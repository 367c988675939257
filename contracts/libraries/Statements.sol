// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";

/**
 * @title What validators sign
 * @notice EIP-712 digests of the two statements of a quorum. The domain carries the network's id as salt,
 * so that a signature is good for one chain, one contract and one network alone.
 */
library Statements {
    bytes32 private constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    );
    bytes32 private constant BATCH = keccak256("Batch(uint16 member,uint64 number,uint32 count,bytes32 root)");
    bytes32 private constant POSITION = keccak256("Position(uint16 member,int128 delta,uint128 withdrawn)");
    bytes32 private constant CHECKPOINT = keccak256(
        "Checkpoint(uint64 number,uint64 seq,uint64 applied,bytes32 appliedRoot,uint128 supply,"
        "Position[] positions,bytes32 stateRoot)Position(uint16 member,int128 delta,uint128 withdrawn)"
    );
    bytes32 private constant NAME = keccak256("Tallystick");
    bytes32 private constant VERSION = keccak256("1");

    /// @notice The separator of the calling contract in the network `networkId`, on this chain.
    function domainSeparator(bytes32 networkId) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this), networkId));
    }

    /// @notice "This batch is well formed, and I hold its bytes."
    function batchDigest(bytes32 separator, uint16 member, uint64 number, uint32 count, bytes32 root)
        internal
        pure
        returns (bytes32)
    {
        bytes32 statement = keccak256(abi.encode(BATCH, member, number, count, root));
        return MessageHashUtils.toTypedDataHash(separator, statement);
    }

    /// @notice "This is the state at the end of the cycle."
    function checkpointDigest(bytes32 separator, ISettlement.Checkpoint calldata checkpoint)
        internal
        pure
        returns (bytes32)
    {
        bytes32[] memory rows = new bytes32[](checkpoint.positions.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            rows[i] = keccak256(abi.encode(POSITION, checkpoint.positions[i]));
        }
        bytes32 statement = keccak256(
            abi.encode(
                CHECKPOINT,
                checkpoint.number,
                checkpoint.seq,
                checkpoint.applied,
                checkpoint.appliedRoot,
                checkpoint.supply,
                keccak256(abi.encodePacked(rows)),
                checkpoint.stateRoot
            )
        );
        return MessageHashUtils.toTypedDataHash(separator, statement);
    }
}
