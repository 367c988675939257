// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {IEvidence} from "../../../contracts/interfaces/IEvidence.sol";
import {ISettlement} from "../../../contracts/interfaces/ISettlement.sol";
import {deployArtifact} from "./Artifacts.sol";
import {Chain} from "./Chain.sol";
import {vm} from "./Vm.sol";

/**
 * @title What bonds have to pay, driven at random beside the real contracts
 * @notice Keeps the sums of what went in, what double spends made of it, and what left. Every call is one
 * that an honest member or the authority may make, so none may be refused. Evidence is told what to find: the
 * runner has no device's key to sign with.
 */
contract BondBook is Chain {
    uint64 private constant AMOUNT_MAX = 1 << 40;
    uint256 private constant PENALTY_PERCENT = 200;
    uint64 private constant GUARANTEE = 1 << 36;

    IDisputes private _disputes;
    uint256[5] private _filled;
    uint256[5] private _left;
    /// Of every double spend there was, paid or not.
    uint256[5] private _lost;
    uint256[5] private _fined;
    uint256 private _collected;
    uint256 private _count;
    /// By pair, in the order in which they came.
    uint256[][5] private _waiting;
    mapping(uint256 spend => uint64) private _amountOf;
    mapping(bytes4 action => uint256) public effects;

    constructor() {
        deploy();
        _disputes = IDisputes(deployArtifact("Disputes.sol:Disputes", abi.encode(settlement)));
        settlement.setArbiter(address(_disputes), true);
        token.approve(address(_disputes), type(uint256).max);
        for (uint16 member = 1; member <= MEMBERS; ++member) registry.setGuarantee(member, GUARANTEE);
    }

    // Actions.

    function fill(uint16 member, uint64 amount) external {
        (member, amount) = (_member(member), _amount(amount));
        _disputes.depositBond(member, amount);
        _filled[member] += amount;
        ++effects[this.fill.selector];
    }

    function spendTwice(uint16 member, uint64 amount, bool isReclaim) external {
        (member, amount) = (_member(member), _amount(amount));
        // What the bank itself took back leaves the bond from beyond all else that it is there for.
        if (isReclaim && _disputes.bondOf(member).amount < _neededOf(member) + amount) return;
        uint256 spend = ++_count;
        IEvidence.Finding memory found;
        found.debt = IDisputes.Debt({
            id: bytes32(spend),
            loser: bytes32(spend),
            owner: bytes20(uint160(spend)),
            member: member,
            amount: amount,
            index: 0
        });
        (found.winner, found.isReclaim) = (bytes32("winner"), isReclaim);
        found.terms = registry.termsOf(member, bytes32(spend));
        found.terms.guarantee = type(uint64).max;
        found.settledAt = uint64(block.timestamp);
        _report(member, found);
        _amountOf[spend] = amount;
        _lost[member] += amount;
        if (!isReclaim) _fined[member] += amount * PENALTY_PERCENT / 100;
        if (_stateOf(spend) == IDisputes.PairState.Queued) _waiting[member].push(spend);
        ++effects[this.spendTwice.selector];
    }

    function payQueue(uint16 member, uint8 max) external {
        member = _member(member);
        IDisputes.Bond memory bond = _disputes.bondOf(member);
        uint256 next = _firstQueued(member);
        bool isPayable = next == 0 ? bond.fines > 0 && bond.amount > 0 : max > 0 && bond.amount >= _amountOf[next];
        if (!isPayable) return;
        _disputes.payQueue(member, max);
        ++effects[this.payQueue.selector];
    }

    function release(uint16 member, uint64 amount) external {
        member = _member(member);
        IDisputes.Bond memory bond = _disputes.bondOf(member);
        vm.prank(operatorOf(member));
        _disputes.requestRelease(_amount(amount));
        vm.warp(block.timestamp + 30 days);
        uint256 needed = _neededOf(member);
        if (bond.amount <= needed) return;
        uint256 held = token.balanceOf(operatorOf(member));
        vm.prank(operatorOf(member));
        _disputes.releaseBond();
        _left[member] += token.balanceOf(operatorOf(member)) - held;
        require(_disputes.bondOf(member).amount >= needed, "released what is needed");
        ++effects[this.release.selector];
    }

    function collect() external {
        uint128 fines = _disputes.fines();
        if (fines == 0) return;
        settlement.releaseFines(address(this));
        _collected += fines;
        ++effects[this.collect.selector];
    }

    // What must hold.

    /// What went into a bond is in it, left it, stands behind a coin, or was a fine.
    function checkBonds() external view {
        uint256 taken = _collected + _disputes.fines();
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            IDisputes.Bond memory bond = _disputes.bondOf(member);
            uint256 made = settlement.reserveOf(member);
            uint256 paid = _fined[member] - bond.fines;
            require(_filled[member] == bond.amount + _left[member] + made + paid, "bond");
            require(_lost[member] == made + bond.queued, "every loss is paid or waits");
            taken -= paid;
        }
        require(taken == 0, "fines");
    }

    /// Debts are paid in the order in which they came, and what waits is told to the Settlement.
    function checkQueues() external view {
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            IDisputes.Bond memory bond = _disputes.bondOf(member);
            uint256 queued = 0;
            for (uint256 i = 0; i < _waiting[member].length; ++i) {
                uint256 spend = _waiting[member][i];
                bool isQueued = _stateOf(spend) == IDisputes.PairState.Queued;
                require(isQueued || queued == 0, "a debt before it waits");
                if (isQueued) queued += _amountOf[spend];
            }
            require(queued == bond.queued, "queued");
            (, ISettlement.Standing standing) = settlement.bondOf(member);
            ISettlement.Standing expected = queued > 0
                ? ISettlement.Standing.Impaired
                : bond.fines > 0 ? ISettlement.Standing.Fined : ISettlement.Standing.Clear;
            require(standing == expected, "standing");
        }
    }

    /// I5: the tokens are there, for all that is owed.
    function checkTokens() external view {
        uint256 owed = _disputes.fines();
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            owed += uint256(settlement.reserveOf(member)) + _disputes.bondOf(member).amount;
        }
        require(owed == settlement.owed(), "owed");
        require(token.balanceOf(address(settlement)) == owed, "I5");
        require(token.balanceOf(address(_disputes)) == 0, "no token stays in Disputes");
    }

    // Helpers.

    function _report(uint16 member, IEvidence.Finding memory found) private {
        IDisputes.DoubleSpend memory proof;
        address evidence = address(_disputes.evidence());
        vm.mockCall(evidence, abi.encodeCall(IEvidence.findDoubleSpend, (proof)), abi.encode(found));
        vm.prank(operatorOf(member));
        _disputes.report(proof);
    }

    /// What a bond has to hold, whoever wants something of it.
    function _neededOf(uint16 member) private view returns (uint256) {
        IDisputes.Bond memory bond = _disputes.bondOf(member);
        return _disputes.minimumOf(member) + bond.queued + bond.fines;
    }

    /// 0 if none waits.
    function _firstQueued(uint16 member) private view returns (uint256) {
        for (uint256 i = 0; i < _waiting[member].length; ++i) {
            if (_stateOf(_waiting[member][i]) == IDisputes.PairState.Queued) return _waiting[member][i];
        }
        return 0;
    }

    function _stateOf(uint256 spend) private view returns (IDisputes.PairState) {
        return _disputes.stateOf(bytes32(spend), 0, bytes32(spend));
    }

    function _member(uint16 any) private pure returns (uint16) {
        return 1 + any % MEMBERS;
    }

    function _amount(uint64 any) private pure returns (uint64) {
        return 1 + any % AMOUNT_MAX;
    }
}
