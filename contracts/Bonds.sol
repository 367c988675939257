// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IMemberRegistry} from "./interfaces/IMemberRegistry.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";

/**
 * @title What bonds have to pay, and in which order
 * @notice See IDisputes. Decides when a debt is paid, and never whether it is owed: that is for Disputes.
 * The tokens and the amounts of the bonds are the Settlement's, which this contract tells what to move. It
 * also keeps there, beside the bond, whether anything waits: an ordinary report reads nothing of a member
 * but that one slot.
 * @dev A debt is first charged, which changes this contract's state alone, and then delivered, which
 * calls others: whoever calls back finds the books closed.
 */
abstract contract Bonds is IDisputes, AccessManaged, Initializable {
    using SafeERC20 for IERC20;

    struct Account {
        /// Owed and not paid: behind the queue.
        uint128 fines;
        uint128 claimed;
        /// Sum of the debts from `head` to before `tail`. 0 if and only if there are none.
        uint128 queued;
        uint64 head;
        uint64 tail;
        uint128 leaving;
        uint64 leavesAt;
    }

    /// @inheritdoc IDisputes
    IMemberRegistry public immutable registry;
    /// @inheritdoc IDisputes
    ISettlement public immutable settlement;
    /// @inheritdoc IDisputes
    IERC20 public immutable token;

    mapping(uint16 member => Account) internal _accounts;
    mapping(uint16 member => mapping(uint64 position => Debt)) private _queues;
    /// By coin and losing record.
    mapping(bytes32 pair => PairState) internal _pairs;
    /// Room for an upgrade: what follows in the contracts over this one stays where it is.
    uint256[28] private _room;

    /// Behind a proxy: state is set by `initialize`. An upgrade is built with the same address.
    /// @param settlement_ The Settlement's proxy, initialised.
    constructor(ISettlement settlement_) AccessManaged(address(0)) {
        settlement = settlement_;
        registry = settlement_.registry();
        token = settlement_.token();
        _disableInitializers();
    }

    /// @inheritdoc IDisputes
    function initialize(address authority_) external initializer {
        _setAuthority(authority_);
    }

    // Bonds in and out.

    /// @inheritdoc IDisputes
    function depositBond(uint16 member, uint128 amount) external {
        if (registry.statusOf(member) == IMemberRegistry.Status.None) revert DisputesUnknownMember(member);
        if (amount == 0) revert DisputesZeroAmount();
        emit BondDeposited(member, msg.sender, amount);
        settlement.fillBond(member, amount);
        token.safeTransferFrom(msg.sender, address(settlement), amount);
    }

    /// @inheritdoc IDisputes
    function requestRelease(uint128 amount) external {
        uint16 member = _caller();
        Account storage account = _accounts[member];
        (uint128 bond,) = settlement.bondOf(member);
        uint128 leaving = uint128(Math.min(amount, bond));
        uint64 leavesAt = uint64(block.timestamp) + _claimPeriod();
        (account.leaving, account.leavesAt) = (leaving, leavesAt);
        emit ReleaseRequested(member, leaving, leavesAt);
    }

    /// @inheritdoc IDisputes
    function releaseBond() external {
        uint16 member = _caller();
        Account storage account = _accounts[member];
        if (account.leaving == 0) revert DisputesNoRelease(member);
        if (block.timestamp < account.leavesAt) revert DisputesReleaseTooEarly(account.leavesAt);
        uint64 leavesUntil = account.leavesAt + _claimPeriod();
        if (block.timestamp > leavesUntil) revert DisputesReleaseTooLate(leavesUntil);
        (uint256 bond, uint256 needed) = _bondAndNeed(member, 0);
        if (bond <= needed) revert DisputesBondNeeded(bond, needed);

        uint128 amount = uint128(Math.min(account.leaving, bond - needed));
        account.leaving = 0;
        emit BondReleased(member, msg.sender, amount);
        settlement.releaseBond(member, msg.sender, amount);
    }

    /// @inheritdoc IDisputes
    function payQueue(uint16 member, uint256 max) external {
        Account storage account = _accounts[member];
        (uint128 bond, ISettlement.Standing before) = settlement.bondOf(member);
        uint256 paid = 0;
        while (account.queued > 0 && paid < max) {
            uint64 position = account.head;
            Debt memory debt = _queues[member][position];
            if (bond < debt.amount) break;
            delete _queues[member][position];
            account.head = position + 1;
            account.queued -= debt.amount;
            bond -= debt.amount;
            if (debt.loser != 0) _pairs[_pairOf(debt.id, debt.index, debt.loser)] = PairState.Restituted;
            ++paid;
            emit DebtPaid(member, position);
            _deliver(member, debt, 0, false);
        }
        uint128 fined = account.queued == 0 ? uint128(Math.min(account.fines, bond)) : 0;
        if (paid == 0 && fined == 0) revert DisputesNothingToPay(member);
        if (fined > 0) {
            account.fines -= fined;
            settlement.fine(member, fined);
        }
        if (account.queued > 0) return;
        bool isOwing = account.fines > 0;
        _stand(member, before, isOwing ? ISettlement.Standing.Fined : ISettlement.Standing.Clear);
    }

    /// @inheritdoc IDisputes
    function collectFines(address to) external restricted {
        uint128 amount = settlement.fines();
        if (amount == 0) revert DisputesNoFines();
        emit FinesCollected(to, amount);
        settlement.releaseFines(to);
    }

    // What is known.

    /// @inheritdoc IDisputes
    function bondOf(uint16 member) external view returns (Bond memory) {
        Account memory account = _accounts[member];
        (uint128 bond,) = settlement.bondOf(member);
        return Bond({
            amount: bond,
            queued: account.queued,
            fines: account.fines,
            claimed: account.claimed,
            leaving: account.leaving,
            leavesAt: account.leavesAt
        });
    }

    /// @inheritdoc IDisputes
    function minimumOf(uint16 member) public view returns (uint256) {
        uint64 guarantee = registry.guaranteeOf(member);
        return guarantee + _penaltyOn(guarantee, registry.parameters().penaltyPercent);
    }

    /// @inheritdoc IDisputes
    function fines() external view returns (uint128) {
        return settlement.fines();
    }

    /// @inheritdoc IDisputes
    function queueLength(uint16 member) external view returns (uint64) {
        return _accounts[member].tail - _accounts[member].head;
    }

    /// @inheritdoc IDisputes
    function queueOf(uint16 member, uint256 max) external view returns (Debt[] memory debts) {
        Account memory account = _accounts[member];
        debts = new Debt[](Math.min(max, account.tail - account.head));
        for (uint64 i = 0; i < debts.length; ++i) debts[i] = _queues[member][account.head + i];
    }

    /// @inheritdoc IDisputes
    function stateOf(bytes32 id, uint8 index, bytes32 record) external view returns (PairState) {
        return _pairs[_pairOf(id, index, record)];
    }

    // For what stands over this.

    /// What a bank can bring about without a judge leaves its bond as a release does: from beyond all else
    /// that the bond is there for.
    /// @return bond What the bond holds.
    /// @return needed What it has to hold for `amount` to leave it so.
    function _bondAndNeed(uint16 member, uint256 amount) internal view returns (uint128 bond, uint256 needed) {
        Account storage account = _accounts[member];
        (bond,) = settlement.bondOf(member);
        needed = minimumOf(member) + account.queued + account.fines + account.claimed + amount;
    }

    /// Charges a debt to the bond if no debt waits before it and the bond reaches; queues it otherwise.
    /// @param bond What the bond is, and `before` what waits for it.
    /// @return isPaid Whether it is to be delivered now.
    function _charge(uint16 payer, Debt memory debt, uint128 bond, ISettlement.Standing before)
        internal
        returns (bool isPaid)
    {
        isPaid = before != ISettlement.Standing.Impaired && bond >= debt.amount;
        if (debt.loser != 0) {
            _pairs[_pairOf(debt.id, debt.index, debt.loser)] = isPaid ? PairState.Restituted : PairState.Queued;
        }
        if (isPaid) return true;
        Account storage account = _accounts[payer];
        account.queued += debt.amount;
        uint64 position = account.tail++;
        _queues[payer][position] = debt;
        emit DebtQueued(payer, position, debt);
    }

    /// Adds a fine to those that a member owes, and charges the bond as far as it reaches.
    /// @param left What the bond has for fines, and `before` what waited for it.
    /// @return paid What is to be taken from the bond now.
    /// @return isOwing Whether fines are left.
    function _fine(uint16 member, uint128 amount, uint128 left, ISettlement.Standing before)
        internal
        returns (uint128 paid, bool isOwing)
    {
        bool wasClear = before == ISettlement.Standing.Clear;
        if (amount == 0) return (0, !wasClear);
        uint128 due = wasClear ? amount : amount + _accounts[member].fines;
        paid = uint128(Math.min(due, left));
        isOwing = due > paid;
        if (isOwing || !wasClear) _accounts[member].fines = due - paid;
    }

    /// Makes the coin of a debt that was charged.
    /// @param fined What is taken from the bond besides.
    /// @param isRevoked Whether the owner of the coin spent it twice.
    function _deliver(uint16 payer, Debt memory debt, uint128 fined, bool isRevoked) internal {
        if (debt.loser == 0) return settlement.award(payer, debt.owner, debt.member, debt.amount);
        settlement.restitute(
            ISettlement.Restitution({
                id: debt.id,
                loser: debt.loser,
                owner: debt.owner,
                member: debt.member,
                amount: debt.amount,
                index: debt.index
            }),
            fined,
            isRevoked
        );
    }

    /// Tells the Settlement what waits for a bond, if that changed.
    function _stand(uint16 member, ISettlement.Standing before, ISettlement.Standing standing) internal {
        if (standing != before) settlement.setStanding(member, standing);
    }

    /// Who calls, for a member of any status.
    function _caller() internal view returns (uint16 member) {
        member = registry.memberOf(msg.sender);
        if (member == 0) revert DisputesNotOperator(msg.sender);
    }

    function _claimPeriod() internal view returns (uint64) {
        return registry.parameters().claimPeriod;
    }

    function _penaltyOn(uint64 amount, uint16 percent) internal pure returns (uint128) {
        return uint128(amount) * percent / 100;
    }

    function _pairOf(bytes32 id, uint8 index, bytes32 record) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, index, record));
    }
}
