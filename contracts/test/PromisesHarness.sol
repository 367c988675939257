// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Promises} from "../libraries/Promises.sol";
import {Records} from "../libraries/Records.sol";

/// @title The doors of what Evidence reads with, for tests. Never deployed to a network.
contract PromisesHarness {
    using Promises for Promises.Promise;

    function decodeReceipt(bytes calldata data) external pure returns (Promises.Promise memory) {
        return Promises.decodeReceipt(data);
    }

    function decodeCertificate(bytes calldata data) external pure returns (Promises.Promise memory) {
        return Promises.decodeCertificate(data);
    }

    function readInputs(bytes calldata body, Records.Outpoint calldata coin) external pure returns (uint8, bool) {
        return Records.readInputs(body, coin);
    }

    function readOutputAt(bytes calldata parent, uint8 index)
        external
        pure
        returns (Records.Output memory, uint256)
    {
        return Records.readOutputAt(parent, index);
    }
}
