// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IMemberRegistry} from "./interfaces/IMemberRegistry.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";

/**
 * @title The network's tokens, and whose they are
 * @notice See ISettlement. Keeps for each member its reserve, what it may withdraw, and its bond, and
 * beside them the fines. What a bond pays for a double spend becomes reserve without a token moving.
 * @dev Each entry point checks, changes its own state, draws its `seq` and writes its event, and moves
 * tokens last: a token that calls back finds everything done, so that a deposit's `seq` and its inflow
 * are of the same cycle. Where a check needs what comes with the `seq`, the draw comes first.
 */
abstract contract Reserves is ISettlement, AccessManaged, Initializable {
    using SafeERC20 for IERC20;

    /// One slot: what a report of a double spend changes for the whole network.
    struct Head {
        uint32 open;
        uint32 settled;
        /// Of the open cycle. Closing it moves this to the cycle's row.
        uint96 inflow;
        uint96 fines;
    }

    /// One slot. 80 bits hold 65,536 times the largest amount there is.
    struct Account {
        uint80 reserve;
        uint80 withdrawable;
        uint80 bond;
        Standing standing;
    }

    /// @inheritdoc ISettlement
    IMemberRegistry public immutable registry;
    /// @inheritdoc ISettlement
    IERC20 public immutable token;

    Head internal _head;
    mapping(uint64 cycle => Cycle) internal _cycles;
    mapping(uint16 member => Account) internal _accounts;
    /// @inheritdoc ISettlement
    uint128 public owed;
    /// @inheritdoc ISettlement
    mapping(address account => bool) public isArbiter;

    modifier onlyArbiter() {
        if (!isArbiter[msg.sender]) revert SettlementNotArbiter(msg.sender);
        _;
    }

    constructor(IMemberRegistry registry_, IERC20 token_) AccessManaged(address(0)) {
        registry = registry_;
        token = token_;
    }

    // Reserves in and out.

    /// @inheritdoc ISettlement
    function deposit(uint16 member, uint64 amount) external {
        IMemberRegistry.Status status = registry.statusOf(member);
        if (status == IMemberRegistry.Status.None) revert SettlementUnknownMember(member);
        if (status != IMemberRegistry.Status.Active) revert SettlementNotActive(member, status);
        Account storage account = _accounts[member];
        if (account.standing == Standing.Impaired) revert SettlementImpaired(member);
        uint128 quota = registry.quotaOf(member);
        uint256 reserve = uint256(account.reserve) + amount;
        if (reserve > quota) revert SettlementQuotaExceeded(member, reserve, quota);

        _credit(member, amount);
        owed += amount;
        (uint64 seq,,) = registry.draw();
        emit Deposited(seq, member, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc ISettlement
    function withdraw() external {
        uint16 member = _operatorOf(msg.sender);
        uint80 amount = _accounts[member].withdrawable;
        if (amount == 0) revert SettlementNothingToWithdraw(member);

        _accounts[member].withdrawable = 0;
        emit Withdrawn(member, msg.sender, amount);
        _pay(msg.sender, amount);
    }

    // Bonds, by arbiters.

    /// @inheritdoc ISettlement
    function setArbiter(address arbiter, bool allowed) external restricted {
        isArbiter[arbiter] = allowed;
        emit ArbiterChanged(arbiter, allowed);
    }

    /// @inheritdoc ISettlement
    function fillBond(uint16 member, uint128 amount) external onlyArbiter {
        _checkMember(member, registry.memberCount());
        _accounts[member].bond = _countable(member, uint256(_accounts[member].bond) + amount);
        owed += amount;
    }

    /// @inheritdoc ISettlement
    function releaseBond(uint16 member, address to, uint128 amount) external onlyArbiter {
        _takeBond(member, amount);
        _pay(to, amount);
    }

    /// @inheritdoc ISettlement
    function restitute(Restitution calldata coin, uint128 fined, bool isRevoked) external onlyArbiter {
        (uint16 member, bytes20 owner, uint64 amount) = (coin.member, coin.owner, coin.amount);
        (uint64 seq, uint16 members,) = registry.draw();
        _checkMember(member, members);
        _takeBond(member, uint256(amount) + fined);
        _credit(member, amount);
        _head.fines += uint96(fined);
        emit Restituted(seq, coin.id, coin.index, coin.loser, owner, member, amount, uint64(block.timestamp));
        if (isRevoked) registry.revokeFor(member, owner);
    }

    /// @inheritdoc ISettlement
    function award(uint16 payer, bytes20 owner, uint16 member, uint64 amount) external onlyArbiter {
        (uint64 seq, uint16 members,) = registry.draw();
        _checkMember(payer, members);
        _checkMember(member, members);
        _takeBond(payer, amount);
        _credit(member, amount);
        emit Awarded(seq, payer, owner, member, amount);
    }

    /// @inheritdoc ISettlement
    function revoke(uint16 member, bytes20 owner) external onlyArbiter {
        registry.revokeFor(member, owner);
    }

    /// @inheritdoc ISettlement
    function fine(uint16 member, uint128 amount) external onlyArbiter {
        _takeBond(member, amount);
        _head.fines += uint96(amount);
    }

    /// @inheritdoc ISettlement
    function releaseFines(address to) external onlyArbiter {
        uint96 amount = _head.fines;
        _head.fines = 0;
        _pay(to, amount);
    }

    /// @inheritdoc ISettlement
    function setStanding(uint16 member, Standing standing) external onlyArbiter {
        _checkMember(member, registry.memberCount());
        _accounts[member].standing = standing;
        emit StandingChanged(member, standing);
    }

    // What is known.

    /// @inheritdoc ISettlement
    function reserveOf(uint16 member) external view returns (uint128) {
        return _accounts[member].reserve;
    }

    /// @inheritdoc ISettlement
    function withdrawable(uint16 member) external view returns (uint128) {
        return _accounts[member].withdrawable;
    }

    /// @inheritdoc ISettlement
    function bondOf(uint16 member) external view returns (uint128 bond, Standing standing) {
        Account storage account = _accounts[member];
        return (account.bond, account.standing);
    }

    /// @inheritdoc ISettlement
    function isImpaired(uint16 member) external view returns (bool) {
        return _accounts[member].standing == Standing.Impaired;
    }

    /// @inheritdoc ISettlement
    function fines() external view returns (uint128) {
        return _head.fines;
    }

    // Helpers.

    /// Counts `amount` for coins of `member`.
    function _credit(uint16 member, uint64 amount) private {
        if (amount == 0) revert SettlementZeroAmount();
        _accounts[member].reserve = _countable(member, uint256(_accounts[member].reserve) + amount);
        _head.inflow += amount;
    }

    function _takeBond(uint16 member, uint256 amount) private {
        uint80 bond = _accounts[member].bond;
        if (bond < amount) revert SettlementBondShort(member, bond, amount);
        _accounts[member].bond = bond - uint80(amount);
    }

    /// Tokens leave, at the end of a call.
    function _pay(address to, uint128 amount) private {
        owed -= amount;
        token.safeTransfer(to, amount);
    }

    /// A sum as an account keeps it.
    function _countable(uint16 member, uint256 sum) internal pure returns (uint80) {
        if (sum > type(uint80).max) revert SettlementSumOutOfRange(member, int256(sum));
        return uint80(sum);
    }

    function _checkMember(uint16 member, uint16 members) internal pure {
        if (member == 0 || member > members) revert SettlementUnknownMember(member);
    }

    function _operatorOf(address account) internal view returns (uint16 member) {
        member = registry.memberOf(account);
        if (member == 0) revert SettlementNotOperator(account);
    }
}
