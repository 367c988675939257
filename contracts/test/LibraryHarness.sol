// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Inclusion} from "../libraries/Inclusion.sol";
import {PublicKey} from "../libraries/PublicKey.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {Records} from "../libraries/Records.sol";
import {Statements} from "../libraries/Statements.sol";
import {ValidatorSet} from "../libraries/ValidatorSet.sol";

/// @title The libraries' doors, for tests. Never deployed to a network.
contract LibraryHarness {
    using Records for Records.Record;

    address public set;

    function decodeRecord(bytes calldata data) external pure returns (Records.Record memory) {
        return Records.decodeRecord(data);
    }

    function decodeDeposit(bytes calldata data) external pure returns (Records.Deposit memory) {
        return Records.decodeDeposit(data);
    }

    function idOf(bytes32 networkId, bytes calldata body) external pure returns (bytes32) {
        return Records.idOf(networkId, body);
    }

    function signerOf(bytes calldata record) external pure returns (bytes20) {
        return Records.ownerOf(Records.decodeRecord(record).keyOf());
    }

    function isSigned(bytes calldata data, bytes32 networkId, bytes32 y) external view returns (bool) {
        Records.Record memory record = Records.decodeRecord(data);
        return record.isSigned(Records.idOf(networkId, data[:record.bodyLength]), y);
    }

    function spends(bytes calldata record, Records.Outpoint calldata coin) external pure returns (bool) {
        return Records.decodeRecord(record).spends(coin);
    }

    function leafHash(bytes calldata entry) external pure returns (bytes32) {
        return Inclusion.leafHash(entry);
    }

    function isIncluded(bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata path, bytes32 root)
        external
        view
        returns (bool)
    {
        return Inclusion.isIncluded(leaf, index, count, path, root);
    }

    function isCompressedPoint(bytes calldata key) external view returns (bool) {
        return PublicKey.isCompressedPoint(key);
    }

    function domainSeparator(bytes32 networkId) external view returns (bytes32) {
        return Statements.domainSeparator(networkId);
    }

    function batchDigest(bytes32 separator, uint16 member, uint64 number, uint32 count, bytes32 root)
        external
        pure
        returns (bytes32)
    {
        return Statements.batchDigest(separator, member, number, count, root);
    }

    function checkpointDigest(bytes32 separator, ISettlement.Checkpoint calldata checkpoint)
        external
        pure
        returns (bytes32)
    {
        return Statements.checkpointDigest(separator, checkpoint);
    }

    function quorumSize(uint256 members) external pure returns (uint256) {
        return Quorum.size(members);
    }

    function storeValidators(address[] calldata validators) external {
        set = ValidatorSet.store(validators);
    }

    function loadValidators() external view returns (address[] memory) {
        return ValidatorSet.load(set);
    }

    function checkQuorum(bytes32 digest, bytes calldata signatures) external view {
        Quorum.check(digest, signatures, set);
    }
}
