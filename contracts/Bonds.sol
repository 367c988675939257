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
 * @title Members' bonds, and the order in which they pay
 * @notice See IDisputes. Decides when a debt is paid, and never whether it is owed: that is for Disputes.
 * @dev A debt is first charged, which changes this contract's state alone, and then delivered, which
 * calls others: whoever calls back finds the books closed.
 */
abstract contract Bonds is IDisputes, AccessManaged, Initializable {
    using SafeERC20 for IERC20;

    /// The first slot is all that an ordinary report reads and writes.
    struct Account {
        uint128 bond;
        /// Sum of the debts from `head` to before `tail`; 0 if and only if there are none.
        uint128 queued;
        uint128 fines;
        uint64 head;
        uint64 tail;
        uint128 claimed;
        uint64 leavesAt;
        uint128 leaving;
    }

    /// @inheritdoc IDisputes
    IMemberRegistry public immutable registry;
    /// @inheritdoc IDisputes
    ISettlement public immutable settlement;
    /// @inheritdoc IDisputes
    IERC20 public immutable token;

    /// @inheritdoc IDisputes
    uint128 public fines;
    mapping(uint16 member => Account) internal _accounts;
    mapping(uint16 member => mapping(uint64 position => Debt)) private _queues;
    /// By coin and losing record.
    mapping(bytes32 pair => PairState) internal _pairs;
    /// Room for an upgrade: what follows in Disputes stays where it is.
    uint256[27] private _room;

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
        token.forceApprove(address(settlement), type(uint256).max);
    }

    // Bonds in and out.

    /// @inheritdoc IDisputes
    function depositBond(uint16 member, uint128 amount) external {
        if (registry.statusOf(member) == IMemberRegistry.Status.None) revert DisputesUnknownMember(member);
        if (amount == 0) revert DisputesZeroAmount();
        _accounts[member].bond += amount;
        emit BondDeposited(member, msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IDisputes
    function requestRelease(uint128 amount) external {
        uint16 member = _caller();
        Account storage account = _accounts[member];
        uint64 leavesAt = uint64(block.timestamp) + registry.parameters().claimPeriod;
        (account.leaving, account.leavesAt) = (amount, leavesAt);
        emit ReleaseRequested(member, amount, leavesAt);
    }

    /// @inheritdoc IDisputes
    function releaseBond() external {
        uint16 member = _caller();
        Account storage account = _accounts[member];
        uint256 bond = account.bond;
        if (account.leaving == 0) revert DisputesNoRelease(member);
        if (block.timestamp < account.leavesAt) revert DisputesReleaseTooEarly(account.leavesAt);
        uint256 needed = minimumOf(member) + account.queued + account.fines + account.claimed;
        if (bond <= needed) revert DisputesBondNeeded(bond, needed);

        uint128 amount = uint128(Math.min(account.leaving, bond - needed));
        account.bond -= amount;
        account.leaving = 0;
        emit BondReleased(member, msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IDisputes
    function payQueue(uint16 member, uint256 max) external {
        Account storage account = _accounts[member];
        uint256 paid = 0;
        while (account.queued > 0 && paid < max) {
            uint64 position = account.head;
            Debt memory debt = _queues[member][position];
            if (account.bond < debt.amount) break;
            delete _queues[member][position];
            account.head = position + 1;
            account.bond -= debt.amount;
            account.queued -= debt.amount;
            if (debt.loser != 0) _pairs[_pairOf(debt.id, debt.index, debt.loser)] = PairState.Restituted;
            ++paid;
            emit DebtPaid(member, position);
            _make(member, debt);
        }
        uint128 fined = _payFines(account, 0);
        if (paid == 0 && fined == 0) revert DisputesNothingToPay(member);
        if (paid > 0 && account.queued == 0) settlement.setImpaired(member, false);
    }

    /// @inheritdoc IDisputes
    function collectFines(address to) external restricted {
        uint128 amount = fines;
        if (amount == 0) revert DisputesNoFines();
        fines = 0;
        emit FinesCollected(to, amount);
        token.safeTransfer(to, amount);
    }

    // What is known.

    /// @inheritdoc IDisputes
    function bondOf(uint16 member) external view returns (Bond memory) {
        Account memory account = _accounts[member];
        return Bond({
            amount: account.bond,
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
        return guarantee + _penaltyOn(guarantee);
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

    // For Disputes.

    /// Takes a debt from the bond if nothing waits before it and the bond reaches; queues it otherwise.
    /// @return isPaid Whether it is to be delivered now.
    function _charge(uint16 payer, Debt memory debt) internal returns (bool isPaid) {
        Account storage account = _accounts[payer];
        isPaid = account.queued == 0 && account.bond >= debt.amount;
        if (debt.loser != 0) {
            _pairs[_pairOf(debt.id, debt.index, debt.loser)] = isPaid ? PairState.Restituted : PairState.Queued;
        }
        if (isPaid) {
            account.bond -= debt.amount;
        } else {
            account.queued += debt.amount;
            uint64 position = account.tail++;
            _queues[payer][position] = debt;
            emit DebtQueued(payer, position, debt);
        }
    }

    /// Makes the coin of a debt that was paid; a member whose debt had to be queued is impaired.
    function _deliver(uint16 payer, Debt memory debt, bool isPaid) internal {
        if (isPaid) _make(payer, debt);
        else if (!settlement.isImpaired(payer)) settlement.setImpaired(payer, true);
    }

    /// Fines a member for a double spend of this amount: behind the queue if the bond is short.
    function _fine(uint16 member, uint64 amount) internal {
        uint128 fine = _penaltyOn(amount);
        if (fine == 0) return;
        emit Fined(member, fine);
        _payFines(_accounts[member], fine);
    }

    /// Who calls, for a member of any status.
    function _caller() internal view returns (uint16 member) {
        member = registry.memberOf(msg.sender);
        if (member == 0) revert DisputesNotOperator(msg.sender);
    }

    function _pairOf(bytes32 id, uint8 index, bytes32 record) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, index, record));
    }

    function _make(uint16 payer, Debt memory debt) private {
        if (debt.loser == 0) settlement.award(payer, debt.owner, debt.member, debt.amount);
        else settlement.restitute(debt.id, debt.index, debt.loser, debt.owner, debt.member, debt.amount);
    }

    /// Pays fines that are owed, with `more` that just came, unless debts wait.
    function _payFines(Account storage account, uint128 more) private returns (uint128 paid) {
        uint128 owed = account.fines + more;
        if (account.queued == 0) paid = uint128(Math.min(owed, account.bond));
        if (paid > 0) {
            account.bond -= paid;
            fines += paid;
        }
        if (paid != more) account.fines = owed - paid;
    }

    function _penaltyOn(uint64 amount) private view returns (uint128) {
        return uint128(amount) * registry.parameters().penaltyPercent / 100;
    }
}
