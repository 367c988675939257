// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEvidence} from "./IEvidence.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";
import {ISettlement} from "./ISettlement.sol";

/**
 * @title Bonds, double spends, and cases
 * @notice Each member keeps a bond for what its customers' devices do. When a device spent a coin
 * twice, the coin is made to exist once more, for the losing record alone, from its custodian's bond: the
 * holder who accepted the loser in good faith loses nothing. What bytes cannot prove is a case.
 *
 * Of two records that name one coin the winner is the one that was applied, and the loser the other. A
 * *pair* is a coin and a losing record; no pair is ever paid twice. Where the bond is too small the pair
 * waits in the member's queue, and the member is impaired until its queue is empty.
 *
 * This contract changes the ledger through the Settlement, which holds the bonds and writes `Restituted`
 * and `Awarded`, and has the registry write `Revoked`. Its own events stand beside the ledger. Functions
 * tagged with a role are called through the AccessManager.
 *
 * No token is ever held here.
 */
interface IDisputes {
    /// @notice What became of a pair.
    enum PairState {
        /// Neither reported nor ruled on.
        None,
        /// Waits in the queue of the coin's custodian.
        Queued,
        /// The coin existed once more.
        Restituted
    }

    /// @notice What a case is about.
    enum CaseKind {
        /// A double spend that a report does not settle: above the guarantee, after the claim period, or
        /// against a reclaim that the bond cannot spare.
        DoubleSpend,
        /// A receipt for a coin that was spent or never was.
        FalseReceipt,
        /// A certificate for a key that was never enrolled.
        FalseCertificate
    }

    /// @notice How far a case has come.
    enum CaseStatus {
        None,
        /// The accused member may answer until the deadline.
        Opened,
        /// The regulator rules until the deadline.
        Answered,
        /// Ruled for the claimant. Anyone may enforce it.
        Ruled,
        /// Paid, or queued to be.
        Enforced,
        /// Ruled against the claimant, which opens no other on the same.
        Dismissed,
        /// Ended undecided: not ruled on in time, or overtaken. A case on the same may be opened.
        Lapsed
    }

    /// @notice The proof that a coin was spent twice. Everything is bytes that devices signed.
    struct DoubleSpend {
        /// What made the coin: a record's body, or a whole deposit.
        bytes parent;
        /// Which of its outputs.
        uint8 index;
        /// The losing record, whole.
        bytes loser;
        /// The other coordinate of the loser's signer.
        bytes32 y;
        /// The body of the record that took the coin.
        bytes winner;
        /// The cycle in which the winner was applied.
        uint64 cycle;
        /// Its place among the records applied in that cycle, from 0.
        uint64 position;
        /// Sibling hashes from the winner's id up to the cycle's `appliedRoot`.
        bytes32[] path;
    }

    /// @notice Something that a member's issuer key signed.
    struct Signed {
        /// A receipt or a certificate, whole.
        bytes statement;
        /// The key that signed it, which the member has or had: a compressed point, 33 bytes.
        bytes issuer;
        /// The other coordinate of that key.
        bytes32 y;
    }

    /// @notice A coin to be made by a ruling.
    struct Award {
        /// Who gets it: first 20 bytes of SHA-256 of the compressed key.
        bytes20 owner;
        /// The coin's custodian.
        uint16 member;
        /// Minor units, more than 0.
        uint64 amount;
    }

    /// @notice What a bond has to pay: a restitution, or an award.
    struct Debt {
        /// Record that made the coin; zero for an award.
        bytes32 id;
        /// Id of the losing record; zero for an award.
        bytes32 loser;
        /// Owner of the coin.
        bytes20 owner;
        /// Its custodian.
        uint16 member;
        /// Minor units.
        uint64 amount;
        /// Which output of the record.
        uint8 index;
    }

    /// @notice All that is known of a member's bond, in minor units.
    struct Bond {
        /// Tokens held for it.
        uint128 amount;
        /// Sum of the debts in its queue.
        uint128 queued;
        /// Fines not paid yet. They come behind the queue.
        uint128 fines;
        /// Sum of what open cases ask of it.
        uint128 claimed;
        /// What is to leave, and from when on it may, for `claimPeriod`: Unix time in seconds.
        uint128 leaving;
        uint64 leavesAt;
    }

    /// @notice A case.
    struct Case {
        CaseKind kind;
        CaseStatus status;
        /// The member that opened it.
        uint16 claimant;
        /// The member whose bond pays.
        uint16 accused;
        /// Sum of its debts.
        uint64 amount;
        /// Last second in which it can be answered (opened) or ruled on (answered).
        uint64 deadline;
        /// Whether the winner of a double spend is a reclaim.
        bool isReclaim;
        /// The most that all rulings on a false statement award; zero for a double spend.
        uint64 most;
        /// The winner of a double spend; zero otherwise.
        bytes32 winner;
        /// SHA-256 of the false statement's signed part; for a double spend, the key of its pair.
        bytes32 subject;
        /// SHA-256 of what the claimant puts forward, zero for nothing but the bytes given here.
        bytes32 argument;
        /// SHA-256 of what the accused answers, zero while it has not.
        bytes32 answer;
        /// What is paid if it is ruled for the claimant.
        Debt[] debts;
    }

    // Events. None of them is the ledger's.

    /// @notice Tokens were added to a member's bond.
    /// @param member Its id.
    /// @param from Who paid.
    /// @param amount Minor units.
    event BondDeposited(uint16 indexed member, address indexed from, uint128 amount);

    /// @notice A member wants part of its bond back.
    /// @param member Its id.
    /// @param amount Minor units, no more than the bond; 0 takes an earlier request back.
    /// @param leavesAt From when on it may leave: Unix time in seconds.
    event ReleaseRequested(uint16 indexed member, uint128 amount, uint64 leavesAt);

    /// @notice Part of a bond left.
    /// @param member Its id.
    /// @param to Its operator.
    /// @param amount Minor units.
    event BondReleased(uint16 indexed member, address indexed to, uint128 amount);

    /// @notice A double spend was proven, or ruled to be paid. The coin, its owner and its custodian, which
    /// pays, stand in the `Restituted` or `DebtQueued` beside it.
    /// @param loser Id of the losing record.
    /// @param winner Id of the record that took the coin.
    /// @param fine What the custodian is fined besides, in minor units: 0 where the winner is a reclaim.
    event DoubleSpendProven(bytes32 indexed loser, bytes32 winner, uint128 fine);

    /// @notice A debt waits because the bond is short, or others wait before it.
    /// @param payer Member whose bond pays.
    /// @param position Its place in the queue, from 0 and never used again.
    /// @param debt What is to be paid.
    event DebtQueued(uint16 indexed payer, uint64 position, Debt debt);

    /// @notice A queued debt was paid.
    /// @param payer Member whose bond paid.
    /// @param position Its place in the queue.
    event DebtPaid(uint16 indexed payer, uint64 position);

    /// @notice The authority took the fines that were paid.
    /// @param to Who got them.
    /// @param amount Minor units.
    event FinesCollected(address indexed to, uint128 amount);

    /// @notice A case began.
    /// @param caseId Its number, from 1.
    /// @param kind What it is about.
    /// @param claimant The member that opened it.
    /// @param accused The member whose bond would pay.
    /// @param amount Minor units.
    /// @param argument SHA-256 of what the claimant puts forward.
    event CaseOpened(
        uint64 indexed caseId,
        CaseKind kind,
        uint16 indexed claimant,
        uint16 indexed accused,
        uint64 amount,
        bytes32 argument
    );

    /// @notice The accused answered.
    /// @param caseId Its number, from 1.
    /// @param answerHash SHA-256 of the answer.
    event CaseAnswered(uint64 indexed caseId, bytes32 answerHash);

    /// @notice A case was ruled for the claimant.
    /// @param caseId Its number, from 1.
    event CaseRuled(uint64 indexed caseId);

    /// @notice A ruling was paid, or queued to be.
    /// @param caseId Its number, from 1.
    event CaseEnforced(uint64 indexed caseId);

    /// @notice A case was ruled against the claimant.
    /// @param caseId Its number, from 1.
    event CaseDismissed(uint64 indexed caseId);

    /// @notice A case ended undecided, with nothing paid by it.
    /// @param caseId Its number, from 1.
    event CaseLapsed(uint64 indexed caseId);

    // Refusals.

    /// @notice The caller speaks for no member.
    /// @param caller Who called.
    error DisputesNotOperator(address caller);
    /// @notice No member has this id.
    /// @param member The id given.
    error DisputesUnknownMember(uint16 member);
    /// @notice An amount of zero.
    error DisputesZeroAmount();
    /// @notice The member asked for nothing back.
    /// @param member Its id.
    error DisputesNoRelease(uint16 member);
    /// @notice The bond cannot leave before this time.
    /// @param leavesAt Unix time in seconds.
    error DisputesReleaseTooEarly(uint64 leavesAt);
    /// @notice The request lapsed: ask again.
    /// @param leavesUntil Until when the bond could leave: Unix time in seconds.
    error DisputesReleaseTooLate(uint64 leavesUntil);
    /// @notice The bond is needed for other things. Of a report: pay into the bond, or open a case. (f) Of a
    /// case that nobody answered: pay into the bond, or have a regulator rule.
    /// @param bond What there is, in minor units.
    /// @param needed For the minimum, the queue, fines, open cases, and what is to be paid beside them.
    error DisputesBondNeeded(uint256 bond, uint256 needed);
    /// @notice Nothing waits that the bond can pay.
    /// @param member Its id.
    error DisputesNothingToPay(uint16 member);
    /// @notice No fines were paid since they were collected.
    error DisputesNoFines();
    /// @notice The parent has no such output. (a)
    /// @param index As given.
    /// @param count How many it has.
    error DisputesNoSuchOutput(uint8 index, uint256 count);
    /// @notice The coin is not one that its owner's key spends. (a)
    /// @param lock Its lock.
    error DisputesWrongLock(uint8 lock);
    /// @notice Only a spend loses a coin. (b)
    /// @param kind Of the record given.
    error DisputesLoserNotSpend(uint8 kind);
    /// @notice A claim takes no such coin. (c)
    /// @param kind Of the record given.
    error DisputesWinnerNotSpend(uint8 kind);
    /// @notice The record does not name the coin. (b, c)
    /// @param record Its id.
    error DisputesCoinNotNamed(bytes32 record);
    /// @notice The loser is not signed by the coin's owner: the reporter names someone else's coin. (b)
    /// @param owner Of the coin.
    /// @param signer Of the loser.
    error DisputesNotOwner(bytes20 owner, bytes20 signer);
    /// @notice A signature does not hold.
    error DisputesBadSignature();
    /// @notice Winner and loser are one record, however often it was signed. (c)
    /// @param record Its id.
    error DisputesSameRecord(bytes32 record);
    /// @notice The cycle is not settled yet: report again when it is. (c)
    /// @param cycle Its number.
    error DisputesNotSettled(uint64 cycle);
    /// @notice The winner is not among the records applied in the cycle, by this path. (c)
    /// @param winner Its id.
    /// @param cycle As given.
    error DisputesNotApplied(bytes32 winner, uint64 cycle);
    /// @notice The claim period is over: a case is left. (c)
    /// @param reportableUntil Unix time in seconds.
    error DisputesTooLate(uint64 reportableUntil);
    /// @notice The coin was restituted, or queued to be, for this record before: as a loser it has what it
    /// lost, as a winner it is none. (d)
    /// @param record Its id.
    /// @param state What became of the pair.
    error DisputesPairTaken(bytes32 record, PairState state);
    /// @notice More than the guarantee for this device: a case is left. (e)
    /// @param covered What would be paid for the device, in minor units.
    /// @param guarantee The most that is.
    error DisputesAboveGuarantee(uint256 covered, uint64 guarantee);
    /// @notice The double spend needs no ruling: report it.
    error DisputesReportable();
    /// @notice The key is and was no issuer key of the member.
    /// @param member Its id.
    /// @param issuer As given.
    error DisputesNotIssuer(uint16 member, bytes issuer);
    /// @notice A case asks for 1 to 64 awards.
    /// @param count As given.
    error DisputesAwardsOutOfBounds(uint256 count);
    /// @notice All awards for one statement are at most what it was good for.
    /// @param amount All awards with this case, in minor units.
    /// @param most The receipt's amount, or the certificate's maxBalance.
    error DisputesAboveStatement(uint256 amount, uint64 most);
    /// @notice Not all that is asked for one statement can be right: a regulator rules who lost by it.
    /// @param amount What was awarded and what cases ask that have not ended, in minor units.
    /// @param most The receipt's amount, or the certificate's maxBalance.
    error DisputesRivalClaims(uint256 amount, uint64 most);
    /// @notice No member brings a case against itself.
    /// @param member Its id.
    error DisputesOwnCase(uint16 member);
    /// @notice The member has a case on the same that has not ended.
    /// @param caseId Its number.
    error DisputesCasePending(uint64 caseId);
    /// @notice A case of the member on the same was ruled against it, once and for all.
    /// @param caseId Its number.
    error DisputesRuledAgainst(uint64 caseId);
    /// @notice The case is in another state than this call needs.
    /// @param caseId As given.
    /// @param status The state it is in.
    error DisputesWrongStatus(uint64 caseId, CaseStatus status);
    /// @notice The caller does not speak for the accused.
    /// @param caller Who called.
    /// @param accused The accused member.
    error DisputesNotAccused(address caller, uint16 accused);
    /// @notice The deadline has passed.
    /// @param deadline Unix time in seconds.
    error DisputesDeadlinePassed(uint64 deadline);
    /// @notice The deadline has not passed.
    /// @param deadline Unix time in seconds.
    error DisputesDeadlineAhead(uint64 deadline);
    /// @notice A double spend is not ruled on for want of an answer.
    /// @param caseId Its number.
    error DisputesNeedsRuling(uint64 caseId);

    // Setting up.

    /// @notice Opens this contract for bonds and reports. Once, by the proxy.
    /// @param authority The AccessManager that decides who may call what.
    function initialize(address authority) external;

    /// @notice The registry whose members keep bonds here.
    function registry() external view returns (IMemberRegistry);

    /// @notice Where coins are made to exist once more.
    function settlement() external view returns (ISettlement);

    /// @notice Who decides what bytes prove. Ask it before a report is sent.
    function evidence() external view returns (IEvidence);

    /// @notice The reserves that bonds are kept in.
    function token() external view returns (IERC20);

    // Bonds.

    /// @notice Takes tokens from the caller, which approved this contract, into a member's bond. Any status; what
    /// waits is paid by `payQueue`.
    /// @param member Whose bond.
    /// @param amount Minor units, more than 0.
    function depositBond(uint16 member, uint128 amount) external;

    /// @notice Asks for part of the caller's bond back, `claimPeriod` from now and for `claimPeriod` from
    /// then: whoever asks once cannot be gone at any later time. Replaces an earlier request.
    /// @param amount Minor units, of which what is above the bond is left out; 0 takes an earlier request back.
    function requestRelease(uint128 amount) external;

    /// @notice Pays the calling operator what was asked for, as far as the bond is not needed: for the
    /// minimum, the queue, fines, and open cases. Ends the request.
    function releaseBond() external;

    /// @notice Pays what waits in a member's queue, oldest first, as far as the bond reaches, and behind it
    /// the fines. Anyone may call. Refused if nothing can be paid.
    /// @param member Whose queue.
    /// @param max How many debts at most.
    function payQueue(uint16 member, uint256 max) external;

    /// @notice Takes the fines that were paid.
    /// @param to Who gets them.
    /// @custom:role AUTHORITY
    function collectFines(address to) external;

    // Double spends.

    /// @notice Proves that a coin was spent twice, and pays or queues its restitution. Operators of members
    /// of any status. Checked in this order: (a) the parent made the coin, of lock 0; (b) the loser is a
    /// spend that names it, signed by its owner; (c) the winner is another record, a spend or reclaim that
    /// names it, applied in a cycle settled at most `claimPeriod` ago; (d) for neither was the coin
    /// restituted or queued before; (e) with it, no more than the guarantee is paid for the device. Exempt
    /// from (e), and not counted, are treasury keys of the custodian, and the first report of a coin whose
    /// winner is a reclaim: there the bank vouched that the coin was unspent. Where the winner is a spend,
    /// the owner is revoked and the custodian fined. Where it is a reclaim, (f) the bond holds the coin beside
    /// all that it is needed for, as in a release: a bank can have a device of its own lose a coin that it took
    /// back, and has it in its vault already. For what (f) refuses the bank adds to its bond, or a case is opened.
    /// @param proof The bytes.
    function report(DoubleSpend calldata proof) external;

    // Cases: opened → answered → ruled → enforced. Each step has `claimPeriod` to be made. Whoever opens one
    // speaks for another member than the accused, and has no other case on the same that is pending or was ruled
    // against it.

    /// @notice Opens a case on a double spend that `report` refuses by (e), (f) or for being late, and by
    /// nothing else. The ruling waives those alone. Operators of members.
    /// @param proof The bytes.
    /// @param argument SHA-256 of what else is put forward.
    /// @return caseId Its number.
    function openDoubleSpend(DoubleSpend calldata proof, bytes32 argument) external returns (uint64 caseId);

    /// @notice Opens a case on a receipt, against the custodian that signed it. Operators of members.
    /// @param receipt The receipt, signed.
    /// @param awards For the holders of the last records that came from it: 1 to 64, together with those of
    /// enforced cases on it at most the receipt's amount.
    /// @param argument SHA-256 of what shows that it is false.
    /// @return caseId Its number.
    function openFalseReceipt(Signed calldata receipt, Award[] calldata awards, bytes32 argument)
        external
        returns (uint64 caseId);

    /// @notice Opens a case on a certificate of a key that was never enrolled, against the member that
    /// signed it. Operators of members.
    /// @param certificate The certificate, signed.
    /// @param awards For those who hold records that cannot apply: 1 to 64, together with those of enforced
    /// cases on it at most its maxBalance.
    /// @param argument SHA-256 of what shows that it is false.
    /// @return caseId Its number.
    function openFalseCertificate(Signed calldata certificate, Award[] calldata awards, bytes32 argument)
        external
        returns (uint64 caseId);

    /// @notice Answers a case. The accused's operator, within `claimPeriod` of its opening.
    /// @param caseId Its number.
    /// @param answerHash SHA-256 of the answer; the regulator gets the answer itself.
    function answer(uint64 caseId, bytes32 answerHash) external;

    /// @notice Rules on a case: against the claimant at any time and for good, for the claimant once it is
    /// answered or can no longer be, within `claimPeriod` from then. Where the awards alone are wrong, let it
    /// lapse: then it may be opened again with others.
    /// @param caseId Its number.
    /// @param isUpheld Whether for the claimant.
    /// @custom:role REGULATOR
    function rule(uint64 caseId, bool isUpheld) external;

    /// @notice Rules for the claimant on a false statement, for want of an answer in time. Anyone. Nobody has
    /// looked at the claim, so it must stand beside every other on the statement: who is quicker gets no award
    /// before who has lost. And the bond must hold it beside all else that it is needed for, as in a release: a
    /// bank that says nothing to an accomplice's claim gets no more than it could ask back. Where the bond is
    /// short of that, a regulator rules.
    /// @param caseId Its number.
    function ruleUnanswered(uint64 caseId) external;

    /// @notice Ends a case that was not ruled on in time: within `claimPeriod` of its answer, or of the last
    /// moment for one. Anyone.
    /// @param caseId Its number.
    function lapse(uint64 caseId) external;

    /// @notice Pays what was ruled, or queues it. Where a report was quicker, or other rulings used up what
    /// the statement was good for, the case lapses with nothing paid. Anyone.
    /// @param caseId Its number.
    function enforce(uint64 caseId) external;

    // What is known.

    /// @notice A member's bond, and what it has to pay.
    /// @param member Its id.
    function bondOf(uint16 member) external view returns (Bond memory);

    /// @notice What a bond is never released below: the most that one device can cost its bank, which is
    /// the guarantee and the penalty on it.
    /// @param member Its id.
    function minimumOf(uint16 member) external view returns (uint256);

    /// @notice How many debts wait.
    /// @param member Whose queue.
    function queueLength(uint16 member) external view returns (uint64);

    /// @notice The oldest debts that wait.
    /// @param member Whose queue.
    /// @param max How many at most.
    function queueOf(uint16 member, uint256 max) external view returns (Debt[] memory);

    /// @notice What became of a pair.
    /// @param id Record that made the coin.
    /// @param index Which of its outputs.
    /// @param record Id of the losing record.
    function stateOf(bytes32 id, uint8 index, bytes32 record) external view returns (PairState);

    /// @notice Whether a coin whose winner is a reclaim was reported: later reports of it count.
    /// @param id Record that made the coin.
    /// @param index Which of its outputs.
    function isReclaimReported(bytes32 id, uint8 index) external view returns (bool);

    /// @notice What reports have been paid or queued for a device, in minor units.
    /// @param owner First 20 bytes of SHA-256 of its compressed key.
    function coveredOf(bytes20 owner) external view returns (uint128);

    /// @notice Fines that were paid and not collected, in minor units.
    function fines() external view returns (uint128);

    /// @notice How many cases were ever opened: numbers 1 to this exist.
    function caseCount() external view returns (uint64);

    /// @notice A case.
    /// @param caseId Its number.
    function getCase(uint64 caseId) external view returns (Case memory);

    /// @notice What enforced cases have paid for one statement, in minor units.
    /// @param subject SHA-256 of its signed part.
    function awardedFor(bytes32 subject) external view returns (uint128);

    /// @notice What cases that have not ended ask for on one subject, in minor units.
    /// @param subject As in the case.
    function claimedFor(bytes32 subject) external view returns (uint128);
}
