// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IReserveToken} from "./interfaces/IReserveToken.sol";

/**
 * @title Central-bank reserves as a permissioned token
 * @notice See IReserveToken.
 */
contract ReserveToken is IReserveToken, ERC20, AccessManaged {
    /// @inheritdoc IReserveToken
    mapping(address account => bool) public isParticipant;
    uint8 private immutable _DECIMALS;

    /// @param authority The AccessManager that decides who may call what.
    /// @param name_ As ERC-20 has it.
    /// @param symbol_ As ERC-20 has it.
    /// @param decimals_ Digits of the currency's minor unit.
    constructor(address authority, string memory name_, string memory symbol_, uint8 decimals_)
        ERC20(name_, symbol_)
        AccessManaged(authority)
    {
        _DECIMALS = decimals_;
    }

    /// @inheritdoc IReserveToken
    function setParticipant(address account, bool allowed) external restricted {
        isParticipant[account] = allowed;
        emit ParticipantChanged(account, allowed);
    }

    /// @inheritdoc IReserveToken
    function mint(address to, uint256 amount) external restricted {
        _mint(to, amount);
    }

    /// @inheritdoc IReserveToken
    function burn(address from, uint256 amount) external restricted {
        _spendAllowance(from, msg.sender, amount);
        _burn(from, amount);
    }

    /// @inheritdoc IERC20Metadata
    function decimals() public view override(ERC20, IERC20Metadata) returns (uint8) {
        return _DECIMALS;
    }

    /// Moves, issues (`from` zero) and retires (`to` zero), between participants alone.
    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0) && !isParticipant[from]) revert ReserveTokenNotParticipant(from);
        if (to != address(0) && !isParticipant[to]) revert ReserveTokenNotParticipant(to);
        super._update(from, to, amount);
    }
}
