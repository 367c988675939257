// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Reserves} from "./Reserves.sol";
import {IMemberRegistry} from "./interfaces/IMemberRegistry.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {Statements} from "./libraries/Statements.sol";

/**
 * @title The order of the ledger, and the reserves behind it
 * @notice See ISettlement. Gives batches their place, and moves reserves as a quorum states at each cycle.
 */
contract Settlement is Reserves {
    struct LastBatch {
        uint64 number;
        uint64 blockNumber;
    }

    /// What peers fetch, check and store as one step.
    uint32 private constant LEAVES_MAX = 4096;
    /// Nodes keep the positions of each cycle until it settles.
    uint64 private constant UNSETTLED_MAX = 8;

    bytes32 private immutable _NETWORK_ID;

    mapping(uint16 member => LastBatch) private _batches;

    /// Behind a proxy: state is set by `initialize`. An upgrade is built with the same two addresses.
    /// @param registry_ The registry's proxy, initialised.
    /// @param token_ The reserves. A transfer must move exactly its amount.
    constructor(IMemberRegistry registry_, IERC20 token_) Reserves(registry_, token_) {
        _NETWORK_ID = registry_.networkId();
        _disableInitializers();
    }

    /// @inheritdoc ISettlement
    function initialize(address authority_) external initializer {
        _setAuthority(authority_);
        _head.open = 1;
        _cycles[0].closedAt = uint64(block.timestamp);
    }

    // The log's order.

    /// @inheritdoc ISettlement
    function sequence(uint16 member, uint64 number, uint32 count, bytes32 root, bytes calldata signatures)
        external
    {
        if (count == 0 || count > LEAVES_MAX) revert SettlementCountOutOfBounds(count);
        LastBatch storage last = _batches[member];
        if (number != last.number + 1) revert SettlementBatchNotNext(member, number, last.number + 1);
        if (last.blockNumber == block.number) revert SettlementBatchInBlock(member, block.number);
        (uint64 seq, uint16 members, address validators) = registry.draw();
        _checkMember(member, members);
        Quorum.check(
            Statements.batchDigest(domainSeparator(), member, number, count, root), signatures, validators
        );

        (last.number, last.blockNumber) = (number, uint64(block.number));
        emit Sequenced(seq, member, number, count, root, uint64(block.timestamp));
    }

    // Cycles.

    /// @inheritdoc ISettlement
    function closeCycle() external {
        uint16 member = _operatorOf(msg.sender);
        IMemberRegistry.Status status = registry.statusOf(member);
        if (status != IMemberRegistry.Status.Active) revert SettlementNotActive(member, status);
        Head memory head = _head;
        uint64 closableAt = _cycles[head.open - 1].closedAt + registry.parameters().minCycle;
        if (block.timestamp < closableAt) revert SettlementCycleTooShort(closableAt);
        if (head.open - head.settled > UNSETTLED_MAX) revert SettlementTooManyUnsettled(UNSETTLED_MAX);

        (uint64 seq,,) = registry.draw();
        Cycle storage cycle = _cycles[head.open];
        (cycle.boundary, cycle.closedAt, cycle.inflow) = (seq, uint64(block.timestamp), head.inflow);
        (_head.open, _head.inflow) = (head.open + 1, 0);
        emit CycleClosed(seq, head.open);
    }

    /// @inheritdoc ISettlement
    function settle(Checkpoint calldata checkpoint, bytes calldata signatures) external {
        Head memory head = _head;
        uint64 number = checkpoint.number;
        if (number != head.settled + 1) revert SettlementCheckpointNotNext(number, head.settled + 1);
        if (number == head.open) revert SettlementCycleOpen(number);
        Cycle memory cycle = _cycles[number];
        if (checkpoint.seq != cycle.boundary) revert SettlementBoundaryMismatch(checkpoint.seq, cycle.boundary);
        (uint64 seq, uint16 members, address validators) = registry.draw();
        Quorum.check(Statements.checkpointDigest(domainSeparator(), checkpoint), signatures, validators);

        uint256 withdrawn = _move(checkpoint.positions, members);
        int256 supply = int256(uint256(_cycles[number - 1].supply) + cycle.inflow) - int256(withdrawn);
        if (supply != int256(uint256(checkpoint.supply))) {
            revert SettlementSupplyMismatch(checkpoint.supply, supply);
        }
        cycle.settledAt = uint64(block.timestamp);
        cycle.applied = checkpoint.applied;
        cycle.supply = checkpoint.supply;
        cycle.appliedRoot = checkpoint.appliedRoot;
        cycle.stateRoot = checkpoint.stateRoot;
        _cycles[number] = cycle;
        _head.settled = uint32(number);
        emit Settled(seq, number);
    }

    // What is known.

    /// @inheritdoc ISettlement
    function batchesOf(uint16 member) external view returns (uint64) {
        return _batches[member].number;
    }

    /// @inheritdoc ISettlement
    function openCycle() external view returns (uint64) {
        return _head.open;
    }

    /// @inheritdoc ISettlement
    function settledCycle() external view returns (uint64) {
        return _head.settled;
    }

    /// @inheritdoc ISettlement
    function getCycle(uint64 cycle) external view returns (Cycle memory) {
        Cycle memory row = _cycles[cycle];
        if (cycle == _head.open) row.inflow = _head.inflow;
        return row;
    }

    /// @inheritdoc ISettlement
    function appliedIn(uint64 cycle) external view returns (uint64, uint64, bytes32) {
        Cycle storage row = _cycles[cycle];
        return (row.settledAt, row.applied, row.appliedRoot);
    }

    /// @inheritdoc ISettlement
    function domainSeparator() public view returns (bytes32) {
        return Statements.domainSeparator(_NETWORK_ID);
    }

    // Helpers.

    /// Moves reserves as the positions say: nothing appears or vanishes among members [I3].
    /// @return withdrawn What left the reserves to be withdrawn.
    function _move(Position[] calldata positions, uint16 members) private returns (uint256 withdrawn) {
        int256 sum = 0;
        uint16 previous = 0;
        for (uint256 i = 0; i < positions.length; ++i) {
            Position calldata position = positions[i];
            uint16 member = position.member;
            if (member <= previous) revert SettlementPositionsNotAscending(previous, member);
            _checkMember(member, members);
            if (position.delta == 0 && position.withdrawn == 0) revert SettlementPositionEmpty(member);

            Account memory account = _accounts[member];
            int256 reserve =
                int256(uint256(account.reserve)) + position.delta - int256(uint256(position.withdrawn));
            if (reserve < 0) revert SettlementSumOutOfRange(member, reserve);
            account.reserve = _countable(member, uint256(reserve));
            account.withdrawable = _countable(member, uint256(account.withdrawable) + position.withdrawn);
            _accounts[member] = account;

            sum += position.delta;
            withdrawn += position.withdrawn;
            previous = member;
        }
        if (sum != 0) revert SettlementDeltaNotZero(sum);
    }
}
