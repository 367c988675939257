// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "./support/Ledger.sol";

/**
 * @title Money is conserved under any sequence of honest actions
 * @notice The runner calls actions of the ledger at random; none may be refused, and after each the
 * identities hold.
 */
contract ReservesTest {
    Ledger private _ledger;

    function setUp() public {
        _ledger = new Ledger();
    }

    /// Only the ledger acts.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_ledger);
    }

    function invariant_CoinsAndBurnsAreReserves_I1() public view {
        _ledger.checkReserves();
    }

    function invariant_EachMemberIsCovered_I2() public view {
        _ledger.checkMembers();
    }

    function invariant_TransfersCancel_I3() public view {
        _ledger.checkTransfers();
    }

    function invariant_SupplyFollowsFlows_I4() public view {
        _ledger.checkSupply();
    }

    function invariant_TokensCoverWhatIsOwed_I5() public view {
        _ledger.checkTokens();
    }

    /// Each action can have an effect: random calls do not pass because nothing happens.
    function test_EveryActionHasAnEffect() public {
        _ledger.deposit(1, 1000);
        _ledger.restitute(2, 50, 100, bytes32("id"));
        _ledger.award(1, 3, 60, bytes20("owner"));
        _ledger.restitute(2, 1, 5, bytes32("other"));
        _ledger.releaseFines(3);
        _ledger.bond(4, 9);
        _ledger.releaseBond(4, 7);
        _ledger.pay(1, 2, 300);
        _ledger.burn(1, 3, 100);
        _ledger.sequence(1, bytes32("root"));
        _ledger.closeCycle(1);
        _ledger.settle();
        _ledger.withdraw(3);
        bytes4[12] memory actions = [
            _ledger.deposit.selector,
            _ledger.restitute.selector,
            _ledger.award.selector,
            _ledger.bond.selector,
            _ledger.releaseBond.selector,
            _ledger.releaseFines.selector,
            _ledger.pay.selector,
            _ledger.burn.selector,
            _ledger.sequence.selector,
            _ledger.closeCycle.selector,
            _ledger.settle.selector,
            _ledger.withdraw.selector
        ];
        for (uint256 i = 0; i < actions.length; ++i) require(_ledger.effects(actions[i]) > 0, "idle");
        _ledger.checkReserves();
        _ledger.checkMembers();
        _ledger.checkTransfers();
        _ledger.checkSupply();
        _ledger.checkTokens();
    }
}
