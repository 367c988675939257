// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputes} from "../interfaces/IDisputes.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";

/// @title Everything about disputes in one answer, for tests. Never deployed to a network.
contract DisputesLens {
    struct Pair {
        bytes32 id;
        uint8 index;
        bytes32 record;
    }

    struct MemberView {
        IDisputes.Bond bond;
        bool isImpaired;
        uint128 reserve;
    }

    struct View {
        uint64 seq;
        uint128 fines;
        uint256 tokens;
        uint128 owed;
        uint128 inflow;
        MemberView[] members;
        IDisputes.PairState[] pairs;
        uint128[] covered;
        IDisputes.CaseStatus[] cases;
    }

    function look(IDisputes disputes, uint16 members, Pair[] calldata pairs, bytes20[] calldata owners)
        external
        view
        returns (View memory seen)
    {
        seen.seq = disputes.registry().seq();
        seen.fines = disputes.fines();
        ISettlement settlement = disputes.settlement();
        seen.tokens = disputes.token().balanceOf(address(settlement));
        seen.owed = settlement.owed();
        seen.inflow = settlement.getCycle(settlement.openCycle()).inflow;
        seen.members = new MemberView[](members);
        for (uint16 i = 0; i < members; ++i) {
            seen.members[i] = MemberView({
                bond: disputes.bondOf(i + 1),
                isImpaired: settlement.isImpaired(i + 1),
                reserve: settlement.reserveOf(i + 1)
            });
        }
        seen.pairs = new IDisputes.PairState[](pairs.length);
        for (uint256 i = 0; i < pairs.length; ++i) {
            seen.pairs[i] = disputes.stateOf(pairs[i].id, pairs[i].index, pairs[i].record);
        }
        seen.covered = new uint128[](owners.length);
        for (uint256 i = 0; i < owners.length; ++i) seen.covered[i] = disputes.coveredOf(owners[i]);
        seen.cases = new IDisputes.CaseStatus[](disputes.caseCount());
        for (uint64 i = 0; i < seen.cases.length; ++i) seen.cases[i] = disputes.getCase(i + 1).status;
    }
}
