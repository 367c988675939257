// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/**
 * @title Central-bank reserves as a permissioned token
 * @notice Stands where an existing tokenised reserve would. The authority issues and retires it; only
 * participants hold and receive it. A transfer moves exactly its amount.
 */
interface IReserveToken is IERC20Metadata {
    /// @notice An account may hold and receive reserves, or no longer.
    /// @param account Whose part it is.
    /// @param allowed Whether it may from now on.
    event ParticipantChanged(address indexed account, bool allowed);

    /// @notice The account takes no part in the reserve system.
    /// @param account Sender or receiver.
    error ReserveTokenNotParticipant(address account);

    /// @notice Whether an account may send and receive reserves.
    /// @param account Any account.
    function isParticipant(address account) external view returns (bool);

    /// @notice Lets an account take part, or no longer. What it holds stays where it is.
    /// @param account Whose part it is.
    /// @param allowed Whether it may from now on.
    /// @custom:role AUTHORITY
    function setParticipant(address account, bool allowed) external;

    /// @notice Issues reserves to a participant.
    /// @param to Who receives them.
    /// @param amount Minor units.
    /// @custom:role AUTHORITY
    function mint(address to, uint256 amount) external;

    /// @notice Retires reserves of a holder that approved the caller for the amount.
    /// @param from Whose they are.
    /// @param amount Minor units.
    /// @custom:role AUTHORITY
    function burn(address from, uint256 amount) external;
}
