// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../../contracts/interfaces/ISettlement.sol";
import {LibraryHarness} from "../../../contracts/test/LibraryHarness.sol";
import {deployArtifact} from "./Artifacts.sol";
import {Chain} from "./Chain.sol";
import {vm} from "./Vm.sol";

/**
 * @title A ledger of sums, driven at random beside the real contracts
 * @notice Keeps for each member its coins, and for each cycle its net transfer and its burns, as every node
 * does; its checkpoints are honest, so the contracts must take each of them. Every function that can be
 * called is one action; the runner picks them.
 */
contract Ledger is Chain {
    /// By member. Index 0 is nobody.
    struct Sums {
        int256[5] delta;
        uint256[5] burnt;
    }

    uint256[5] private _coins;
    uint256[5] private _bonds;
    uint256 private _fines;
    mapping(uint64 cycle => Sums) private _sums;
    mapping(uint64 cycle => uint256) private _supply;
    uint64[5] private _batches;
    LibraryHarness private immutable _LIBRARIES = LibraryHarness(deployArtifact("LibraryHarness.sol:LibraryHarness", ""));
    /// How often each action had an effect, so that a test can show that none is idle.
    mapping(bytes4 action => uint256) public effects;

    constructor() {
        deploy();
    }

    // Actions.

    function deposit(uint16 member, uint64 amount) external {
        (member, amount) = (_member(member), _amount(amount));
        settlement.deposit(member, amount);
        _coins[member] += amount;
        ++effects[this.deposit.selector];
    }

    /// A coin that was spent twice, and a fine for it. The bond is filled as far as it has to be.
    function restitute(uint16 member, uint64 amount, uint64 fined, bytes32 id) external {
        (member, amount) = (_member(member), _amount(amount));
        _reach(member, uint256(amount) + fined);
        settlement.restitute(ISettlement.Restitution(id, id, bytes20(id), member, amount, 0), fined, fined > 0);
        _bonds[member] -= uint256(amount) + fined;
        _fines += fined;
        _coins[member] += amount;
        ++effects[this.restitute.selector];
    }

    function award(uint16 payer, uint16 member, uint64 amount, bytes20 owner) external {
        (payer, member, amount) = (_member(payer), _member(member), _amount(amount));
        _reach(payer, amount);
        settlement.award(payer, owner, member, amount);
        _bonds[payer] -= amount;
        _coins[member] += amount;
        ++effects[this.award.selector];
    }

    function bond(uint16 member, uint64 amount) external {
        (member, amount) = (_member(member), _amount(amount));
        _reach(member, _bonds[member] + amount);
        ++effects[this.bond.selector];
    }

    function releaseBond(uint16 member, uint128 amount) external {
        member = _member(member);
        if (_bonds[member] == 0) return;
        amount = uint128(1 + amount % _bonds[member]);
        settlement.releaseBond(member, operatorOf(member), amount);
        _bonds[member] -= amount;
        ++effects[this.releaseBond.selector];
    }

    function releaseFines(uint16 to) external {
        settlement.releaseFines(operatorOf(_member(to)));
        _fines = 0;
        ++effects[this.releaseFines.selector];
    }

    /// A record: coins of one custodian become coins of another.
    function pay(uint16 from, uint16 to, uint256 amount) external {
        (from, to) = (_member(from), _member(to));
        if (_coins[from] == 0) return;
        amount = 1 + amount % _coins[from];
        Sums storage open = _sums[settlement.openCycle()];
        _coins[from] -= amount;
        open.delta[from] -= int256(amount);
        _coins[to] += amount;
        open.delta[to] += int256(amount);
        ++effects[this.pay.selector];
    }

    /// A record: a member's treasury burns coins that another or itself was custodian of.
    function burn(uint16 from, uint16 member, uint256 amount) external {
        (from, member) = (_member(from), _member(member));
        if (_coins[from] == 0) return;
        amount = 1 + amount % _coins[from];
        Sums storage open = _sums[settlement.openCycle()];
        _coins[from] -= amount;
        open.delta[from] -= int256(amount);
        open.burnt[member] += amount;
        open.delta[member] += int256(amount);
        ++effects[this.burn.selector];
    }

    function sequence(uint16 member, bytes32 root) external {
        member = _member(member);
        vm.roll(block.number + 1);
        uint64 number = ++_batches[member];
        bytes32 digest = _LIBRARIES.batchDigest(settlement.domainSeparator(), member, number, 1, root);
        settlement.sequence(member, number, 1, root, signedBy(QUORUM, digest));
        ++effects[this.sequence.selector];
    }

    function closeCycle(uint16 member) external {
        uint64 open = settlement.openCycle();
        if (open - settlement.settledCycle() > 8) return;
        vm.warp(block.timestamp + 2);
        vm.prank(operatorOf(_member(member)));
        settlement.closeCycle();
        for (uint16 each = 1; each <= MEMBERS; ++each) _supply[open] += _coins[each];
        ++effects[this.closeCycle.selector];
    }

    function settle() external {
        uint64 number = settlement.settledCycle() + 1;
        if (number == settlement.openCycle()) return;
        ISettlement.Checkpoint memory checkpoint = ISettlement.Checkpoint({
            number: number,
            seq: settlement.getCycle(number).boundary,
            applied: 1,
            appliedRoot: keccak256(abi.encode("applied", number)),
            supply: uint128(_supply[number]),
            positions: _positions(number),
            stateRoot: keccak256(abi.encode("state", number))
        });
        bytes32 digest = _LIBRARIES.checkpointDigest(settlement.domainSeparator(), checkpoint);
        settlement.settle(checkpoint, signedBy(QUORUM, digest));
        ++effects[this.settle.selector];
    }

    function withdraw(uint16 member) external {
        member = _member(member);
        if (settlement.withdrawable(member) == 0) return;
        vm.prank(operatorOf(member));
        settlement.withdraw();
        ++effects[this.withdraw.selector];
    }

    // What must hold. Each compares the ledger's side with the contracts'.

    /// I1: coins and unsettled burns are the reserves.
    function checkReserves() external view {
        uint256 ledger;
        uint256 chain;
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            ledger += _coins[member] + _unsettledBurns(member);
            chain += settlement.reserveOf(member);
        }
        require(ledger == chain, "I1");
    }

    /// I2: for each member, coins and unsettled burns are its reserve and its unsettled transfers.
    function checkMembers() external view {
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            int256 ledger = int256(_coins[member] + _unsettledBurns(member));
            int256 chain = int256(uint256(settlement.reserveOf(member)));
            for (uint64 cycle = settlement.settledCycle() + 1; cycle <= settlement.openCycle(); ++cycle) {
                chain += _sums[cycle].delta[member];
            }
            require(ledger == chain, "I2");
        }
    }

    /// I3: what some gained others lost.
    function checkTransfers() external view {
        for (uint64 cycle = 1; cycle <= settlement.openCycle(); ++cycle) {
            int256 sum;
            for (uint16 member = 1; member <= MEMBERS; ++member) sum += _sums[cycle].delta[member];
            require(sum == 0, "I3");
        }
    }

    /// I4: a settled supply is the one before, plus what entered, less what was burnt.
    function checkSupply() external view {
        for (uint64 number = 1; number <= settlement.settledCycle(); ++number) {
            ISettlement.Cycle memory cycle = settlement.getCycle(number);
            uint256 supply = uint256(settlement.getCycle(number - 1).supply) + cycle.inflow;
            for (uint16 member = 1; member <= MEMBERS; ++member) supply -= _sums[number].burnt[member];
            require(supply == cycle.supply && supply == _supply[number], "I4");
        }
    }

    /// I5: the tokens are there, and what is owed is what members hold and may withdraw, bonds and fines.
    function checkTokens() external view {
        uint256 owed = _fines;
        require(settlement.fines() == _fines, "fines");
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            (uint128 held,) = settlement.bondOf(member);
            require(held == _bonds[member], "bond");
            owed += uint256(settlement.reserveOf(member)) + settlement.withdrawable(member) + held;
        }
        require(owed == settlement.owed(), "owed");
        require(token.balanceOf(address(settlement)) >= owed, "I5");
    }

    // Helpers.

    function _member(uint16 any) private pure returns (uint16) {
        return 1 + any % MEMBERS;
    }

    function _amount(uint64 any) private pure returns (uint64) {
        return any == 0 ? 1 : any;
    }

    /// Fills a bond until it reaches.
    function _reach(uint16 member, uint256 amount) private {
        if (_bonds[member] >= amount) return;
        uint128 missing = uint128(amount - _bonds[member]);
        settlement.fillBond(member, missing);
        token.transfer(address(settlement), missing);
        _bonds[member] = amount;
    }

    function _unsettledBurns(uint16 member) private view returns (uint256 sum) {
        for (uint64 cycle = settlement.settledCycle() + 1; cycle <= settlement.openCycle(); ++cycle) {
            sum += _sums[cycle].burnt[member];
        }
    }

    function _positions(uint64 cycle) private view returns (ISettlement.Position[] memory positions) {
        uint256 count;
        ISettlement.Position[] memory all = new ISettlement.Position[](MEMBERS);
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            int256 delta = _sums[cycle].delta[member];
            uint256 burnt = _sums[cycle].burnt[member];
            if (delta == 0 && burnt == 0) continue;
            all[count++] = ISettlement.Position(member, int128(delta), uint128(burnt));
        }
        positions = new ISettlement.Position[](count);
        for (uint256 i = 0; i < count; ++i) positions[i] = all[i];
    }
}
