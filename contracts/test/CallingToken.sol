// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title A token that calls a contract whenever it moves, for tests. Never deployed to a network.
contract CallingToken is ERC20 {
    address private _target;
    bytes private _call;

    constructor(address holder, uint256 amount) ERC20("Calling", "CALL") {
        _mint(holder, amount);
    }

    /// @notice From now on each movement makes this call, which must succeed.
    function callOnMove(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target != address(0)) Address.functionCall(_target, _call);
    }
}
