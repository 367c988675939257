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

    /// @notice What waits for a member's bond.
    enum Standing {
        /// Nothing.
        Clear,
        /// Fines alone.
        Fined,
        /// Debts, and perhaps fines behind them: the member is impaired and deposits nothing.
        Impaired
    }

    /// @notice A coin that is to exist once more, for the losing record alone.
    struct Restitution {
        /// Record that made the coin.
        bytes32 id;
        /// Id of the losing record.
        bytes32 loser;
        /// Owner of the coin.
        bytes20 owner;
        /// Its custodian, whose bond pays.
        uint16 member;
        /// Minor units, more than 0.
        uint64 amount;
        /// Which output of the record.
        uint8 index;
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

    /// @notice A contract may rule over bonds, or no longer.
    /// @param arbiter The contract.
    /// @param allowed Whether it may from now on.
    event ArbiterChanged(address indexed arbiter, bool allowed);

    /// @notice Something waits for a member's bond, or no longer.
    /// @param member Its id.
    /// @param standing What does from now on.
    event StandingChanged(uint16 indexed member, Standing standing);

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
    /// @notice A member would be left with less than nothing, or more than can be counted: 2^80 and above.
    /// @param member Its id.
    /// @param sum What it would be left with.
    error SettlementSumOutOfRange(uint16 member, int256 sum);
    /// @notice What some gained others did not lose [I3].
    /// @param sum Of all deltas.
    error SettlementDeltaNotZero(int256 sum);
    /// @notice The coins stated are not those of before, plus what entered, less what was burnt [I4].
    /// @param stated By the checkpoint.
    /// @param expected By what this contract saw.
    error SettlementSupplyMismatch(uint128 stated, int256 expected);
    /// @notice The caller is not among the contracts that rule over bonds.
    /// @param caller Who called.
    error SettlementNotArbiter(address caller);
    /// @notice The bond does not reach: an arbiter's own mistake, as it knows the bond.
    /// @param member Its id.
    /// @param bond What there is, in minor units.
    /// @param amount What was asked of it.
    error SettlementBondShort(uint16 member, uint128 bond, uint256 amount);
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

    // Bonds. Arbiters decide, and answer for it that the bond reaches.

    /// @notice Whether a contract may rule over bonds.
    /// @param account Any account.
    function isArbiter(address account) external view returns (bool);

    /// @notice Lets a contract rule over bonds, or no longer.
    /// @param arbiter The contract.
    /// @param allowed Whether it may from now on.
    /// @custom:role AUTHORITY
    function setArbiter(address arbiter, bool allowed) external;

    /// @notice Adds to a member's bond. The arbiter brings the tokens here in the same call. Arbiters.
    /// @param member Its id.
    /// @param amount Minor units.
    function fillBond(uint16 member, uint128 amount) external;

    /// @notice Pays part of a member's bond out. Arbiters.
    /// @param member Its id.
    /// @param to Who gets it.
    /// @param amount Minor units.
    function releaseBond(uint16 member, address to, uint128 amount) external;

    /// @notice Makes a coin that was spent twice exist once more, from its custodian's bond, and takes the
    /// fine for it and revokes its owner in the same call. Arbiters.
    /// @param coin The coin, and for whom.
    /// @param fined What is taken from the bond besides, in minor units: 0 where there is no fine.
    /// @param isRevoked Whether the registry writes `Revoked` for the owner behind it.
    function restitute(Restitution calldata coin, uint128 fined, bool isRevoked) external;

    /// @notice Makes a new coin by a ruling, from a bond. Arbiters.
    /// @param payer Member whose bond pays.
    /// @param owner Who gets the coin.
    /// @param member The coin's custodian.
    /// @param amount Minor units, more than 0.
    function award(uint16 payer, bytes20 owner, uint16 member, uint64 amount) external;

    /// @notice Revokes the key of a device that spent twice, by the registry's `Revoked`. Arbiters.
    /// @param member Whose customer it is.
    /// @param owner First 20 bytes of SHA-256 of the compressed key.
    function revoke(uint16 member, bytes20 owner) external;

    /// @notice Takes a fine from a member's bond. Arbiters.
    /// @param member Its id.
    /// @param amount Minor units.
    function fine(uint16 member, uint128 amount) external;

    /// @notice Pays out all fines that were taken. Arbiters.
    /// @param to Who gets them.
    function releaseFines(address to) external;

    /// @notice Says what waits for a member's bond. Arbiters.
    /// @param member Its id.
    /// @param standing What does from now on.
    function setStanding(uint16 member, Standing standing) external;

    // What is known.

    /// @notice Reserves held for a member's coins.
    /// @param member Its id.
    function reserveOf(uint16 member) external view returns (uint128);

    /// @notice What a member may withdraw.
    /// @param member Its id.
    function withdrawable(uint16 member) external view returns (uint128);

    /// @notice All that is held for anyone: reserves, what may be withdrawn, bonds, and fines [I5].
    function owed() external view returns (uint128);

    /// @notice A member's bond, in minor units, and what waits for it.
    /// @param member Its id.
    function bondOf(uint16 member) external view returns (uint128 bond, Standing standing);

    /// @notice Fines that were taken and not paid out, in minor units.
    function fines() external view returns (uint128);

    /// @notice Whether debts wait for a member's bond.
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
