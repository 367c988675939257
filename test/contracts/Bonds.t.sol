// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BondBook} from "./support/BondBook.sol";

/**
 * @title Bonds pay what they owe, in order, under any sequence of honest actions
 * @notice The runner calls actions of the book at random; none may be refused, and after each all sums hold.
 */
contract BondsTest {
    BondBook private _book;

    function setUp() public {
        _book = new BondBook();
    }

    /// Only the book acts.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_book);
    }

    function invariant_EveryLossIsPaidOrWaits() public view {
        _book.checkBonds();
    }

    function invariant_DebtsAreOldestFirstAndImpair() public view {
        _book.checkQueues();
    }

    function invariant_TokensCoverBondsAndFines_I5() public view {
        _book.checkTokens();
    }

    /// Whatever a bond holds, it pays the coin first, then the fine, and waits with what is left.
    function testFuzz_ABondThatIsShort(uint64 bond, uint64 amount) public {
        _book.fill(1, bond);
        _book.spendTwice(1, amount, false);
        _book.spendTwice(1, amount, false);
        _book.fill(1, type(uint64).max - 1);
        _book.payQueue(1, 1);
        _book.payQueue(1, 2);
        _book.spendTwice(1, amount, true);
        _book.checkBonds();
        _book.checkQueues();
        _book.checkTokens();
    }

    /// Each action can have an effect: random calls do not pass because nothing happens.
    function test_EveryActionHasAnEffect() public {
        _book.spendTwice(1, 10, false);
        _book.fill(1, 1 << 39);
        _book.payQueue(1, 9);
        _book.release(1, 5);
        _book.collect();
        bytes4[5] memory actions = [
            _book.fill.selector,
            _book.spendTwice.selector,
            _book.payQueue.selector,
            _book.release.selector,
            _book.collect.selector
        ];
        for (uint256 i = 0; i < actions.length; ++i) require(_book.effects(actions[i]) == 1, "idle");
        _book.checkBonds();
        _book.checkQueues();
        _book.checkTokens();
    }
}
