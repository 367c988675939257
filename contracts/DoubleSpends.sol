// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Bonds} from "./Bonds.sol";
import {Evidence} from "./Evidence.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IEvidence} from "./interfaces/IEvidence.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";

/**
 * @title Reports of double spends
 * @notice See IDisputes. Decides whether a member owes a coin once more, by what Evidence finds and by what
 * was restituted before.
 */
abstract contract DoubleSpends is Bonds {
    using Address for address;

    /// @inheritdoc IDisputes
    IEvidence public immutable evidence;

    /// @inheritdoc IDisputes
    mapping(bytes20 owner => uint128) public coveredOf;
    /// Coins whose winner is a reclaim and that were reported, by coin.
    mapping(bytes32 coin => bool) private _reclaims;

    constructor(ISettlement settlement_) Bonds(settlement_) {
        evidence = new Evidence(settlement_);
    }

    /// @inheritdoc IDisputes
    function report(DoubleSpend calldata) external {
        _caller();
        IEvidence.Finding memory found = _find();
        Debt memory debt = found.debt;
        uint64 reportableUntil = found.settledAt + found.terms.claimPeriod;
        if (block.timestamp > reportableUntil) revert DisputesTooLate(reportableUntil);
        _checkPairs(debt, found.winner);
        if (_isCounted(found)) {
            uint256 covered = _coveredWith(debt);
            uint64 guarantee = found.terms.guarantee;
            if (covered > guarantee) revert DisputesAboveGuarantee(covered, guarantee);
            coveredOf[debt.owner] = uint128(covered);
        }
        if (found.isReclaim) {
            (uint128 bond, uint256 needed) = _bondAndNeed(debt.member, debt.amount);
            if (bond < needed) revert DisputesBondNeeded(bond, needed);
            _reclaims[_coinOf(debt.id, debt.index)] = true;
        }

        _restitute(debt, found.winner, found.isReclaim, found.terms.penaltyPercent);
    }

    /// @inheritdoc IDisputes
    function isReclaimReported(bytes32 id, uint8 index) external view returns (bool) {
        return _reclaims[_coinOf(id, index)];
    }

    /// A double spend of the bytes given that a report does not settle.
    function _findUnreportable(DoubleSpend calldata proof) internal view returns (IEvidence.Finding memory found) {
        found = evidence.findDoubleSpend(proof);
        _checkPairs(found.debt, found.winner);
        if (block.timestamp > found.settledAt + found.terms.claimPeriod) return found;
        if (_isCounted(found) && _coveredWith(found.debt) > found.terms.guarantee) return found;
        (uint128 bond, uint256 needed) = _bondAndNeed(found.debt.member, found.debt.amount);
        if (!found.isReclaim || bond >= needed) revert DisputesReportable();
    }

    /// Pays or queues what was found, and where the device did it, revokes it and fines its bank.
    function _restitute(Debt memory debt, bytes32 winner, bool isReclaim, uint16 penaltyPercent) internal {
        uint16 member = debt.member;
        (uint128 bond, ISettlement.Standing before) = settlement.bondOf(member);
        bool isPaid = _charge(member, debt, bond, before);
        uint128 fine = isReclaim ? 0 : _penaltyOn(debt.amount, penaltyPercent);
        (uint128 fined, bool isOwing) = _fine(member, fine, isPaid ? bond - debt.amount : 0, before);
        emit DoubleSpendProven(debt.loser, winner, fine);
        if (!isPaid) {
            _stand(member, before, ISettlement.Standing.Impaired);
            if (!isReclaim) settlement.revoke(member, debt.owner);
            return;
        }
        _deliver(member, debt, fined, !isReclaim);
        _stand(member, before, isOwing ? ISettlement.Standing.Fined : ISettlement.Standing.Clear);
    }

    /// What Evidence finds in the bytes of a report. They are all that the call was given, and go on as they
    /// came: decoded and encoded once more they would cost 3,500 gas.
    function _find() private view returns (IEvidence.Finding memory) {
        bytes memory question = bytes.concat(IEvidence.findDoubleSpend.selector, msg.data[4:]);
        return abi.decode(address(evidence).functionStaticCall(question), (IEvidence.Finding));
    }

    /// (d) Neither record was given the coin before: reports cannot be repeated, nor turned round.
    function _checkPairs(Debt memory debt, bytes32 winner) private view {
        _checkPair(debt, debt.loser);
        _checkPair(debt, winner);
    }

    function _checkPair(Debt memory debt, bytes32 record) private view {
        PairState state = _pairs[_pairOf(debt.id, debt.index, record)];
        if (state != PairState.None) revert DisputesPairTaken(record, state);
    }

    /// (e) Whether a restitution counts against the guarantee.
    function _isCounted(IEvidence.Finding memory found) private view returns (bool) {
        if (found.isReclaim && !_reclaims[_coinOf(found.debt.id, found.debt.index)]) return false;
        return !found.terms.isTreasury;
    }

    function _coveredWith(Debt memory debt) private view returns (uint256) {
        return uint256(coveredOf[debt.owner]) + debt.amount;
    }

    function _coinOf(bytes32 id, uint8 index) private pure returns (bytes32) {
        return keccak256(abi.encode(id, index));
    }
}
