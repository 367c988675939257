// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditBook} from "./support/AuditBook.sol";

/**
 * @title Openings are granted by the threshold of holders and by nothing else, under any sequence of actions
 * @notice The runner calls actions of the book at random; none may be refused, and after each all holds.
 */
contract AuditLogTest {
    AuditBook private _book;

    function setUp() public {
        _book = new AuditBook();
    }

    /// Only the book acts.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_book);
    }

    function invariant_GrantsAreByTheThreshold_N10() public view {
        _book.checkGrants();
    }

    function invariant_ThresholdsCanBeReached() public view {
        _book.checkHolders();
    }

    /// Any threshold of any number of holders is reached at the last approval that it needs.
    function testFuzz_GrantedAtTheThreshold(uint8 threshold, uint8 count) public {
        _book.addEpoch(threshold, count);
        _book.ask(0, 1000);
        for (uint8 number = 0; number <= count % 32; ++number) {
            _book.checkGrants();
            _book.approve(0, number);
        }
        _book.checkGrants();
        require(_book.log().isGranted(1), "all approved");
        _book.wait(1002);
        require(!_book.log().isGranted(1), "it ended");
        _book.checkGrants();
    }

    /// Each action can have an effect: random calls do not pass because nothing happens.
    function test_EveryActionHasAnEffect() public {
        _book.addEpoch(1, 2);
        _book.replaceHolder(0, 1);
        _book.ask(0, 1000);
        _book.approve(0, 1);
        _book.wait(5);
        bytes4[5] memory actions = [
            _book.addEpoch.selector,
            _book.replaceHolder.selector,
            _book.ask.selector,
            _book.approve.selector,
            _book.wait.selector
        ];
        for (uint256 i = 0; i < actions.length; ++i) require(_book.effects(actions[i]) == 1, "idle");
        _book.checkGrants();
    }
}
