// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Disputes} from "../../../contracts/Disputes.sol";
import {ISettlement} from "../../../contracts/interfaces/ISettlement.sol";

/// @title Disputes, told what was proven: what follows needs no signature
contract BondsHarness is Disputes {
    constructor(ISettlement settlement_) Disputes(settlement_) {}

    /// @notice Goes on as after a report whose checks held.
    function restitute(Debt calldata debt, bytes32 winner, bool isReclaim) external {
        _restitute(debt, winner, isReclaim, registry.parameters().penaltyPercent);
    }
}
