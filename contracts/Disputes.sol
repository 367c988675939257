// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DoubleSpends} from "./DoubleSpends.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IEvidence} from "./interfaces/IEvidence.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";

/**
 * @title Cases: what a report cannot decide
 * @notice See IDisputes. Decides what is ruled on, by whom and until when, and what a ruling pays.
 */
contract Disputes is DoubleSpends {
    /// As many records as a bundle has, so as many last holders as a false receipt can have in one.
    uint256 private constant AWARDS_MAX = 64;

    /// @inheritdoc IDisputes
    uint64 public caseCount;
    mapping(uint64 caseId => Case) private _cases;
    /// The last case of a claimant on a subject.
    mapping(bytes32 claim => uint64 caseId) private _caseOn;
    /// @inheritdoc IDisputes
    mapping(bytes32 subject => uint128) public awardedFor;
    /// @inheritdoc IDisputes
    mapping(bytes32 subject => uint128) public claimedFor;

    /// Behind a proxy, as Bonds says.
    /// @param settlement_ The Settlement's proxy, initialised.
    constructor(ISettlement settlement_) DoubleSpends(settlement_) {}

    // Cases.

    /// @inheritdoc IDisputes
    function openDoubleSpend(DoubleSpend calldata proof, bytes32 argument) external returns (uint64) {
        uint16 claimant = _caller();
        IEvidence.Finding memory found = _findUnreportable(proof);
        Debt[] memory debts = new Debt[](1);
        debts[0] = found.debt;

        Case memory opened;
        (opened.kind, opened.claimant, opened.accused) = (CaseKind.DoubleSpend, claimant, debts[0].member);
        (opened.winner, opened.isReclaim) = (found.winner, found.isReclaim);
        opened.subject = _pairOf(debts[0].id, debts[0].index, debts[0].loser);
        (opened.amount, opened.debts, opened.argument) = (debts[0].amount, debts, argument);
        return _open(opened);
    }

    /// @inheritdoc IDisputes
    function openFalseReceipt(Signed calldata receipt, Award[] calldata awards, bytes32 argument)
        external
        returns (uint64)
    {
        uint16 claimant = _caller();
        return _openAwards(CaseKind.FalseReceipt, claimant, evidence.readReceipt(receipt), awards, argument);
    }

    /// @inheritdoc IDisputes
    function openFalseCertificate(Signed calldata certificate, Award[] calldata awards, bytes32 argument)
        external
        returns (uint64)
    {
        uint16 claimant = _caller();
        return _openAwards(CaseKind.FalseCertificate, claimant, evidence.readCertificate(certificate), awards, argument);
    }

    /// @inheritdoc IDisputes
    function answer(uint64 caseId, bytes32 answerHash) external {
        Case storage pending = _caseIn(caseId, CaseStatus.Opened);
        if (_caller() != pending.accused) revert DisputesNotAccused(msg.sender, pending.accused);
        if (block.timestamp > pending.deadline) revert DisputesDeadlinePassed(pending.deadline);

        (pending.status, pending.answer) = (CaseStatus.Answered, answerHash);
        pending.deadline = uint64(block.timestamp) + _claimPeriod();
        emit CaseAnswered(caseId, answerHash);
    }

    /// @inheritdoc IDisputes
    function rule(uint64 caseId, bool isUpheld) external restricted {
        Case storage pending = _cases[caseId];
        bool isOpened = pending.status == CaseStatus.Opened;
        if (!isOpened && pending.status != CaseStatus.Answered) {
            revert DisputesWrongStatus(caseId, pending.status);
        }
        if (!isUpheld) return _dismiss(caseId);
        uint64 deadline = pending.deadline;
        if (isOpened) {
            if (block.timestamp <= deadline) revert DisputesDeadlineAhead(deadline);
            deadline += _claimPeriod();
        }
        if (block.timestamp > deadline) revert DisputesDeadlinePassed(deadline);

        _uphold(caseId);
    }

    /// @inheritdoc IDisputes
    function ruleUnanswered(uint64 caseId) external {
        Case storage pending = _caseIn(caseId, CaseStatus.Opened);
        if (pending.kind == CaseKind.DoubleSpend) revert DisputesNeedsRuling(caseId);
        if (block.timestamp <= pending.deadline) revert DisputesDeadlineAhead(pending.deadline);
        uint256 asked = uint256(awardedFor[pending.subject]) + claimedFor[pending.subject];
        if (asked > pending.most) revert DisputesRivalClaims(asked, pending.most);
        // What the case asks for is among what is needed.
        (uint128 bond, uint256 needed) = _bondAndNeed(pending.accused, 0);
        if (bond < needed) revert DisputesBondNeeded(bond, needed);

        _uphold(caseId);
    }

    /// @inheritdoc IDisputes
    function lapse(uint64 caseId) external {
        Case storage pending = _cases[caseId];
        uint64 deadline = pending.deadline;
        if (pending.status == CaseStatus.Opened) {
            deadline += _claimPeriod();
        } else if (pending.status != CaseStatus.Answered) {
            revert DisputesWrongStatus(caseId, pending.status);
        }
        if (block.timestamp <= deadline) revert DisputesDeadlineAhead(deadline);

        _lapse(caseId);
    }

    /// @inheritdoc IDisputes
    function enforce(uint64 caseId) external {
        Case memory ruled = _caseIn(caseId, CaseStatus.Ruled);
        bool isOvertaken = ruled.kind == CaseKind.DoubleSpend
            ? _pairs[ruled.subject] != PairState.None
            : awardedFor[ruled.subject] + ruled.amount > ruled.most;
        if (isOvertaken) return _lapse(caseId);

        _end(caseId, CaseStatus.Enforced);
        emit CaseEnforced(caseId);
        if (ruled.kind == CaseKind.DoubleSpend) {
            _restitute(ruled.debts[0], ruled.winner, ruled.isReclaim, registry.parameters().penaltyPercent);
            return;
        }
        awardedFor[ruled.subject] += ruled.amount;
        for (uint256 i = 0; i < ruled.debts.length; ++i) {
            _award(ruled.accused, ruled.debts[i]);
        }
    }

    // What is known.

    /// @inheritdoc IDisputes
    function getCase(uint64 caseId) external view returns (Case memory) {
        return _cases[caseId];
    }

    // Helpers.

    function _openAwards(
        CaseKind kind,
        uint16 claimant,
        IEvidence.Promised memory promised,
        Award[] calldata awards,
        bytes32 argument
    ) private returns (uint64) {
        Case memory opened;
        (opened.kind, opened.claimant, opened.accused) = (kind, claimant, promised.member);
        (opened.subject, opened.most, opened.argument) = (promised.subject, promised.most, argument);
        uint256 sum;
        (opened.debts, sum) = _debtsOf(awards);
        uint256 all = awardedFor[promised.subject] + sum;
        if (all > promised.most) revert DisputesAboveStatement(all, promised.most);
        opened.amount = uint64(sum);
        return _open(opened);
    }

    /// Pays or queues one award.
    function _award(uint16 payer, Debt memory debt) private {
        (uint128 bond, ISettlement.Standing before) = settlement.bondOf(payer);
        if (_charge(payer, debt, bond, before)) _deliver(payer, debt, 0, false);
        else _stand(payer, before, ISettlement.Standing.Impaired);
    }

    function _debtsOf(Award[] calldata awards) private view returns (Debt[] memory debts, uint256 sum) {
        if (awards.length == 0 || awards.length > AWARDS_MAX) revert DisputesAwardsOutOfBounds(awards.length);
        uint16 members = registry.memberCount();
        debts = new Debt[](awards.length);
        for (uint256 i = 0; i < awards.length; ++i) {
            Award calldata award = awards[i];
            if (award.member == 0 || award.member > members) revert DisputesUnknownMember(award.member);
            if (award.amount == 0) revert DisputesZeroAmount();
            debts[i].owner = award.owner;
            debts[i].member = award.member;
            debts[i].amount = award.amount;
            sum += award.amount;
        }
    }

    function _open(Case memory opened) private returns (uint64 caseId) {
        if (opened.claimant == opened.accused) revert DisputesOwnCase(opened.accused);
        bytes32 claim = keccak256(abi.encode(opened.claimant, opened.kind, opened.subject));
        uint64 last = _caseOn[claim];
        CaseStatus status = _cases[last].status;
        if (status == CaseStatus.Dismissed) revert DisputesRuledAgainst(last);
        if (last != 0 && status != CaseStatus.Enforced && status != CaseStatus.Lapsed) {
            revert DisputesCasePending(last);
        }

        opened.status = CaseStatus.Opened;
        opened.deadline = uint64(block.timestamp) + _claimPeriod();
        caseId = ++caseCount;
        _cases[caseId] = opened;
        _caseOn[claim] = caseId;
        _accounts[opened.accused].claimed += opened.amount;
        claimedFor[opened.subject] += opened.amount;
        emit CaseOpened(
            caseId, opened.kind, opened.claimant, opened.accused, opened.amount, opened.argument
        );
    }

    function _uphold(uint64 caseId) private {
        (_cases[caseId].status, _cases[caseId].deadline) = (CaseStatus.Ruled, 0);
        emit CaseRuled(caseId);
    }

    function _dismiss(uint64 caseId) private {
        _end(caseId, CaseStatus.Dismissed);
        emit CaseDismissed(caseId);
    }

    function _lapse(uint64 caseId) private {
        _end(caseId, CaseStatus.Lapsed);
        emit CaseLapsed(caseId);
    }

    /// From here on the case asks nothing of the bond.
    function _end(uint64 caseId, CaseStatus status) private {
        Case storage ended = _cases[caseId];
        (ended.status, ended.deadline) = (status, 0);
        _accounts[ended.accused].claimed -= ended.amount;
        claimedFor[ended.subject] -= ended.amount;
    }

    function _caseIn(uint64 caseId, CaseStatus status) private view returns (Case storage pending) {
        pending = _cases[caseId];
        if (pending.status != status) revert DisputesWrongStatus(caseId, pending.status);
    }
}
