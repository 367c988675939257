// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @title Whose identities were asked for, by whom, on what basis, and who agreed
 * @notice Keeps the epochs of the audit key, and the requests to open what is sealed to it. A regulator
 * requests; the holders of the epoch's shares approve, each from its own account; when as many approved as
 * open together, the opening is granted until the request ends. What is opened and why stand here as hashes:
 * everyone sees how many openings there were, by whom and on which basis, and nobody sees of whom.
 *
 * The log opens nothing and keeps no secret. Honest holders answer what it shows as granted, and nothing else;
 * holders that are as many as the threshold and act together outside of it are not bound by it.
 */
interface IAuditLog {
    /// @notice An audit key, and who holds shares of it.
    struct Epoch {
        /// How many approvals grant, as many as holders open together.
        uint8 threshold;
        /// SHA-256 of the transcript of its ceremony.
        bytes32 transcript;
        /// Compressed P-256 point, 33 bytes: what is sealed to.
        bytes publicKey;
        /// By number, from 1.
        address[] holders;
    }

    /// @notice What somebody asks to have opened.
    struct Disclosure {
        /// Who asks.
        address requester;
        /// To the key of which epoch it is sealed.
        uint32 epoch;
        /// Seconds: the last at which it may be approved or answered.
        uint64 until;
        /// How many approved.
        uint8 approvals;
        /// One bit for each holder that approved, that of number 1 the lowest.
        uint32 approvedBy;
        /// Hash of what is to be opened, with a salt: who has not been shown it learns nothing from it.
        bytes32 subject;
        /// Hash of the legal basis.
        bytes32 legalBasis;
        /// Compressed P-256 point, 33 bytes: what holders seal their answers to.
        bytes requesterKey;
    }

    /// @notice The audit key has another epoch. What is sealed to earlier ones opens as before.
    /// @param epoch Its number, from 1.
    /// @param publicKey Compressed P-256 point.
    /// @param transcript SHA-256 of its ceremony's transcript.
    /// @param threshold How many holders open together.
    /// @param holders Their accounts, by number.
    event EpochAdded(
        uint32 indexed epoch, bytes publicKey, bytes32 transcript, uint8 threshold, address[] holders
    );

    /// @notice A holder approves from another account from now on.
    /// @param epoch Of which key it holds a share.
    /// @param number The holder, from 1.
    /// @param account Its account.
    event HolderReplaced(uint32 indexed epoch, uint8 indexed number, address account);

    /// @notice Somebody asks for an identity.
    /// @param id Number of the request, from 1.
    /// @param requester Who asks.
    /// @param epoch To which key it is sealed.
    /// @param subject Hash of what is to be opened.
    /// @param legalBasis Hash of the legal basis.
    /// @param requesterKey What answers are sealed to.
    /// @param until Seconds: the last at which it may be approved or answered.
    event DisclosureRequested(
        uint64 indexed id,
        address indexed requester,
        uint32 indexed epoch,
        bytes32 subject,
        bytes32 legalBasis,
        bytes requesterKey,
        uint64 until
    );

    /// @notice A holder agreed.
    /// @param id Number of the request.
    /// @param number The holder.
    /// @param account From which it approved.
    event DisclosureApproved(uint64 indexed id, uint8 indexed number, address indexed account);

    /// @notice As many agreed as open together.
    /// @param id Number of the request.
    event DisclosureGranted(uint64 indexed id);

    /// @notice Epochs follow each other without gaps.
    /// @param epoch The one given.
    /// @param next The one that is next.
    error AuditLogWrongEpoch(uint32 epoch, uint32 next);

    /// @notice There is no such epoch.
    /// @param epoch The one given.
    error AuditLogUnknownEpoch(uint32 epoch);

    /// @notice It is no compressed P-256 point.
    /// @param key The bytes given.
    error AuditLogBadKey(bytes key);

    /// @notice From 1 to 32 holders, and no more are needed than there are.
    /// @param threshold How many are to open together.
    /// @param holders How many there are.
    error AuditLogBadThreshold(uint256 threshold, uint256 holders);

    /// @notice A holder is no account, or another holder's.
    /// @param account The one given.
    error AuditLogBadHolder(address account);

    /// @notice The epoch has no holder of that number, or the caller is none of it.
    /// @param epoch The one given.
    /// @param account Who is no holder; zero where a number was given.
    error AuditLogNotHolder(uint32 epoch, address account);

    /// @notice A hash is zero: something else was meant.
    error AuditLogZeroHash();

    /// @notice A request ends after now, and at most 366 days after it.
    /// @param until The end given.
    error AuditLogBadEnd(uint64 until);

    /// @notice There is no such request.
    /// @param id The one given.
    error AuditLogUnknownRequest(uint64 id);

    /// @notice The request has ended.
    /// @param until When it did.
    error AuditLogEnded(uint64 until);

    /// @notice The holder approved before.
    /// @param id Number of the request.
    /// @param number The holder.
    error AuditLogAlreadyApproved(uint64 id, uint8 number);

    /// @notice Sets who decides about roles. Once, by the proxy's constructor.
    /// @param authority_ The AccessManager.
    function initialize(address authority_) external;

    /// @notice How many epochs there are; the last is the one to seal to.
    function epochCount() external view returns (uint32);

    /// @notice How many requests there were.
    function requestCount() external view returns (uint64);

    /// @notice How many of them were granted.
    function grantCount() external view returns (uint64);

    /// @notice An epoch of the audit key.
    /// @param epoch From 1.
    /// @return What the ceremony made, and who approves.
    function getEpoch(uint32 epoch) external view returns (Epoch memory);

    /// @notice A request.
    /// @param id From 1.
    /// @return As it stands.
    function getDisclosure(uint64 id) external view returns (Disclosure memory);

    /// @notice Whether holders may answer a request now: it was granted and has not ended.
    /// @param id Any number.
    function isGranted(uint64 id) external view returns (bool);

    /// @notice Makes a key the one to seal to. Whoever calls has verified its transcript.
    /// @param epoch The next one.
    /// @param publicKey Compressed P-256 point.
    /// @param transcript SHA-256 of its ceremony's transcript.
    /// @param threshold How many holders open together.
    /// @param holders Their accounts, by number: 1 to 32, each another.
    /// @custom:role AUTHORITY
    function addEpoch(
        uint32 epoch,
        bytes calldata publicKey,
        bytes32 transcript,
        uint8 threshold,
        address[] calldata holders
    ) external;

    /// @notice Gives a holder another account, where it lost its own or the office went to somebody else.
    /// What was approved stays approved, and is not approved again by the same holder.
    /// @param epoch Any there is.
    /// @param number The holder, from 1.
    /// @param account Of no other holder of that epoch.
    /// @custom:role AUTHORITY
    function replaceHolder(uint32 epoch, uint8 number, address account) external;

    /// @notice Asks for an opening.
    /// @param epoch To which key it is sealed.
    /// @param subject Hash of what is to be opened.
    /// @param legalBasis Hash of the legal basis.
    /// @param requesterKey Compressed P-256 point that answers are sealed to.
    /// @param until Seconds: at most 366 days from now.
    /// @return id Number of the request.
    /// @custom:role REGULATOR
    function request(
        uint32 epoch,
        bytes32 subject,
        bytes32 legalBasis,
        bytes calldata requesterKey,
        uint64 until
    ) external returns (uint64 id);

    /// @notice Agrees to a request, as a holder of its epoch. At the threshold it is granted.
    /// @param id Number of the request.
    function approve(uint64 id) external;
}
