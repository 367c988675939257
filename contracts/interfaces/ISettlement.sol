// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";

/**
 * @title The order of the ledger, and the reserves behind it
 * @notice Takes reserves in, gives batches their place on the log, closes cycles, and moves reserves
 * between members as a quorum states at each cycle. It never sees a payment.
 *
 * The ledger's events are `Deposited`, `Sequenced`, `Restituted`, `Awarded`, `CycleClosed` and
 * `Settled`, each with a `seq` of the registry's counter. Logs stand in the order of their `seq`.
 *
 * Signatures are secp256k1, 65 bytes r ‖ s ‖ v with low s and v 27 or 28, over EIP-712 with the domain
 * name "Tallystick", version "1", chainId, verifyingContract this proxy, salt networkId. They are passed
 * as one byte string, ascending by signer, at least a quorum of them. Functions tagged with a role are
 * called through the AccessManager.
 *
 * Let C be the sum of coins of a member on the ledger, D its net change of custody and W its burns in a
 * cycle. Over unsettled cycles: Σ C + Σ W = Σ reserveOf [I1]; C + Σ W = reserveOf + Σ D for each member
 * [I2]; Σ D = 0 in each cycle [I3]; supply = supply before + inflow − Σ W [I4]; tokens held ≥ owed [I5].
 */
interface ISettlement {
    /// @notice What a cycle left behind. Zero where it has not come so far yet.
    struct Cycle {
        /// `seq` of the event that closed it.
        uint64 boundary;
        /// Block time of closing, in seconds. Cycle 0 closed when this contract was set up.
        uint64 closedAt;
        /// Block time of settling, in seconds.
        uint64 settledAt;
        /// Records applied in it: the size of the tree under `appliedRoot`.
        uint64 applied;
        /// Reserves that entered during it.
        uint128 inflow;
        /// Sum of all coins at its end.
        uint128 supply;
        /// RFC 6962 root over the ids of the records applied in it, in order.
        bytes32 appliedRoot;
        /// RFC 6962 root of the ledger's state at its end.
        bytes32 stateRoot;
    }

    /// @notice What a cycle did to one member.
    struct Position {
        uint16 member;
        /// Net change of custody, burns included.
        int128 delta;
        /// Coins burnt: leaves the reserve and can be withdrawn.
        uint128 withdrawn;
    }

    /// @notice The state at the end of a cycle, as a quorum signs it.
    struct Checkpoint {
        /// The cycle.
        uint64 number;
        /// Of the event that closed it.
        uint64 seq;
        uint64 applied;
        bytes32 appliedRoot;
        uint128 supply;
        /// Strictly ascending by member; members with nothing to move are left out.
        Position[] positions;
        bytes32 stateRoot;
    }

    // Events of the ledger.

    /// @notice Reserves entered and became a vault coin of a member.
    /// @param seq Place on the log.
    /// @param member Whose vault, and custodian of the coin.
    /// @param amount Minor units.
    event Deposited(uint64 indexed seq, uint16 indexed member, uint64 amount);

    /// @notice A batch has its place.
    /// @param seq Place on the log.
    /// @param member Who put it forward.
    /// @param number That member's count of batches, from 1.
    /// @param count Leaves in it.
    /// @param root RFC 6962 root over its leaves.
    /// @param time Block time in seconds.
    event Sequenced(
        uint64 indexed seq,
        uint16 indexed member,
        uint64 number,
        uint32 count,
        bytes32 root,
        uint64 time
    );

    /// @notice A coin that was spent twice exists once more, for the losing record alone.
    /// @param seq Place on the log.
    /// @param id Record that made the coin.
    /// @param index Which of its outputs.
    /// @param loser Id of the losing record.
    /// @param owner Owner of the coin.
    /// @param member Its custodian, which pays.
    /// @param amount Minor units.
    /// @param time Block time in seconds.
    event Restituted(
        uint64 indexed seq,
        bytes32 id,
        uint8 index,
        bytes32 indexed loser,
        bytes20 owner,
        uint16 indexed member,
        uint64 amount,
        uint64 time
    );

    /// @notice A ruling made a new coin.
    /// @param seq Place on the log.
    /// @param payer Member whose bond paid.
    /// @param owner Who gets the coin.
    /// @param member The coin's custodian.
    /// @param amount Minor units.
    event Awarded(uint64 indexed seq, uint16 indexed payer, bytes20 owner, uint16 indexed member, uint64 amount);

    /// @notice A cycle ended here.
    /// @param seq Place on the log.
    /// @param cycle Its number, from 1.
    event CycleClosed(uint64 indexed seq, uint64 indexed cycle);

    /// @notice A cycle's positions have moved the reserves.
    /// @param seq Place on the log.
    /// @param cycle Its number, from 1.
    event Settled(uint64 indexed seq, uint64 indexed cycle);

    // Events beside the ledger.

    /// @notice A member took out what it was owed.
    /// @param member Its id.
    /// @param to Its operator.
    /// @param amount Minor units.
    event Withdrawn(uint16 indexed member, address indexed to, uint128 amount);

    /// @notice A member's bond is short of what it has to pay, or no longer.
    /// @param member Its id.
    /// @param impaired Whether it is from now on.
    event ImpairedChanged(uint16 indexed member, bool impaired);

    // Refusals.

    /// @notice No member has this id.
    /// @param member The id given.
    error SettlementUnknownMember(uint16 member);
    /// @notice The member is suspended or removed.
    /// @param member Its id.
    /// @param status Its standing.
    error SettlementNotActive(uint16 member, IMemberRegistry.Status status);
    /// @notice The caller speaks for no member.
    /// @param caller Who called.
    error SettlementNotOperator(address caller);
    /// @notice An amount of zero.
    error SettlementZeroAmount();
    /// @notice The member would hold more than its quota.
    /// @param member Its id.
    /// @param reserve What it would hold, in minor units.
    /// @param quota Minor units.
    error SettlementQuotaExceeded(uint16 member, uint256 reserve, uint128 quota);
    /// @notice The member's bond is short.
    /// @param member Its id.
    error SettlementImpaired(uint16 member);
    /// @notice A batch has 1 to 4,096 leaves.
    /// @param count As given.
    error SettlementCountOutOfBounds(uint32 count);
    /// @notice The member's next batch has the number `expected`.
    /// @param member Its id.
    /// @param number As given.
    /// @param expected The one to give.
    error SettlementBatchNotNext(uint16 member, uint64 number, uint64 expected);
    /// @notice The member's last batch is in this very block.
    /// @param member Its id.
    /// @param blockNumber The present block.
    error SettlementBatchInBlock(uint16 member, uint256 blockNumber);
    /// @notice The cycle cannot be closed before this time.
    /// @param closableAt Unix time in seconds.
    error SettlementCycleTooShort(uint64 closableAt);
    /// @notice As many cycles wait to be settled as may.
    /// @param max How many there may be.
    error SettlementTooManyUnsettled(uint64 max);
    /// @notice The next cycle to settle is `expected`.
    /// @param number As stated.
    /// @param expected The one to settle.
    error SettlementCheckpointNotNext(uint64 number, uint64 expected);
    /// @notice The cycle is still open.
    /// @param cycle Its number, from 1.
    error SettlementCycleOpen(uint64 cycle);
    /// @notice The cycle was closed by another event.
    /// @param seq As stated.
    /// @param boundary Of the event that closed the cycle.
    error SettlementBoundaryMismatch(uint64 seq, uint64 boundary);
    /// @notice Positions ascend by member, each once.
    /// @param previous The row before, 0 for none.
    /// @param member The row that does not follow.
    error SettlementPositionsNotAscending(uint16 previous, uint16 member);
    /// @notice A position that moves nothing.
    /// @param member Its id.
    error SettlementPositionEmpty(uint16 member);
    /// @notice A member would be left with less than nothing, or more than can be counted.
    /// @param member Its id.
    /// @param reserve What it would be left with.
    error SettlementReserveOutOfRange(uint16 member, int256 reserve);
    /// @notice What some gained others did not lose [I3].
    /// @param sum Of all deltas.
    error SettlementDeltaNotZero(int256 sum);
    /// @notice The coins stated are not those of before, plus what entered, less what was burnt [I4].
    /// @param stated By the checkpoint.
    /// @param expected By what this contract saw.
    error SettlementSupplyMismatch(uint128 stated, int256 expected);
    /// @notice Nothing is owed to the member.
    /// @param member Its id.
    error SettlementNothingToWithdraw(uint16 member);

    // Setting up.

    /// @notice Opens cycle 1. Once, by the proxy.
    /// @param authority The AccessManager that decides who may call what.
    function initialize(address authority) external;

    /// @notice The registry whose members settle here.
    function registry() external view returns (IMemberRegistry);

    /// @notice The reserves that are settled.
    function token() external view returns (IERC20);

    /// @notice The EIP-712 domain separator under which validators sign here.
    function domainSeparator() external view returns (bytes32);

    // Entry points.

    /// @notice Takes reserves from the caller, which approved them, into a vault coin of an active member.
    /// @param member Whose vault.
    /// @param amount Minor units, more than 0.
    function deposit(uint16 member, uint64 amount) external;

    /// @notice Gives a batch its place on the log. Anyone may bring it: the signatures authorise it. One
    /// batch per member per block.
    /// @param member Who put it forward.
    /// @param number 1 more than that member's last.
    /// @param count Leaves in it, 1 to 4,096.
    /// @param root RFC 6962 root over its leaves.
    /// @param signatures Over `Batch(uint16 member,uint64 number,uint32 count,bytes32 root)`.
    function sequence(uint16 member, uint64 number, uint32 count, bytes32 root, bytes calldata signatures) external;

    /// @notice Ends the open cycle and begins the next. Operators of active members, `minCycle` after the
    /// last, while fewer than 8 cycles wait to be settled.
    function closeCycle() external;

    /// @notice Settles the oldest closed cycle. Anyone may bring it: the signatures authorise it.
    /// @param checkpoint The state at its end.
    /// @param signatures Over `Checkpoint(uint64 number,uint64 seq,uint64 applied,bytes32 appliedRoot,
    /// uint128 supply,Position[] positions,bytes32 stateRoot)Position(uint16 member,int128 delta,
    /// uint128 withdrawn)`.
    function settle(Checkpoint calldata checkpoint, bytes calldata signatures) external;

    /// @notice Pays the caller's member what it is owed, to the calling operator. Any status.
    function withdraw() external;

    /// @notice Makes a coin that was spent twice exist once more. Takes the amount from the caller.
    /// @param id Record that made the coin.
    /// @param index Which of its outputs.
    /// @param loser Id of the losing record.
    /// @param owner Owner of the coin.
    /// @param member Its custodian.
    /// @param amount Minor units, more than 0.
    /// @custom:role DISPUTES
    function restitute(
        bytes32 id,
        uint8 index,
        bytes32 loser,
        bytes20 owner,
        uint16 member,
        uint64 amount
    ) external;

    /// @notice Makes a new coin by a ruling. Takes the amount from the caller.
    /// @param payer Member whose bond paid.
    /// @param owner Who gets the coin.
    /// @param member The coin's custodian.
    /// @param amount Minor units, more than 0.
    /// @custom:role DISPUTES
    function award(uint16 payer, bytes20 owner, uint16 member, uint64 amount) external;

    /// @notice Says whether a member's bond is short. While it is, the member deposits nothing.
    /// @param member Its id.
    /// @param impaired Whether it is from now on.
    /// @custom:role DISPUTES
    function setImpaired(uint16 member, bool impaired) external;

    // What is known.

    /// @notice Reserves held for a member's coins.
    /// @param member Its id.
    function reserveOf(uint16 member) external view returns (uint128);

    /// @notice What a member may withdraw.
    /// @param member Its id.
    function withdrawable(uint16 member) external view returns (uint128);

    /// @notice Reserves held for all members and all that may be withdrawn [I5].
    function owed() external view returns (uint128);

    /// @notice Whether a member's bond is short.
    /// @param member Its id.
    function isImpaired(uint16 member) external view returns (bool);

    /// @notice Number of a member's last batch, 0 for none.
    /// @param member Its id.
    function batchesOf(uint16 member) external view returns (uint64);

    /// @notice The cycle that is open.
    function openCycle() external view returns (uint64);

    /// @notice The last cycle that is settled, 0 for none.
    function settledCycle() external view returns (uint64);

    /// @notice What a cycle left behind.
    /// @param cycle Its number; 0 is the set-up.
    function getCycle(uint64 cycle) external view returns (Cycle memory);

    /// @notice What proves that a record was applied in a cycle; zero where it is not settled.
    /// @param cycle Its number.
    /// @return settledAt Unix time in seconds.
    /// @return applied Records applied in it.
    /// @return appliedRoot RFC 6962 root over their ids.
    function appliedIn(uint64 cycle)
        external
        view
        returns (uint64 settledAt, uint64 applied, bytes32 appliedRoot);
}
