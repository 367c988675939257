// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @title The members of a network, its parameters and its one counter
 * @notice Decides who belongs to the consortium, by which keys it is known, and under which parameters
 * the ledger is read. It also holds the counter that numbers every event of the ledger: whatever changes
 * the ledger is an event with a `seq`, drawn here, without gaps.
 *
 * The ledger's events of this contract are `Protocol`, `MemberChanged` and `Revoked`. Its other events
 * carry no `seq` and change nothing on the ledger.
 *
 * Functions tagged with a role are called through the AccessManager, after that role's delay. The build
 * writes these tags into the table that a deployment sets up.
 */
interface IMemberRegistry {
    /// @notice A member's standing. Every member that was ever admitted keeps its row.
    enum Status {
        None,
        Active,
        Suspended,
        Removed
    }

    /// @notice What a network agrees on. Durations are in seconds unless the name says otherwise.
    struct Parameters {
        /// Version of the ledger's rules and formats, from 1. A node that does not know it stops.
        uint16 version;
        /// Fine for a double spend, in percent of the amount: 200 is twice.
        uint16 penaltyPercent;
        /// Blocks on top of an event's block before a node reads it: 0 where blocks are final at once.
        uint16 confirmations;
        /// The chain's block period in milliseconds.
        uint32 blockPeriodMs;
        /// Shortest cycle.
        uint32 minCycle;
        /// Longest life of a receipt and of a certificate.
        uint32 receiptLife;
        /// From a revocation to the first reclaim. More than `receiptLife`.
        uint32 reclaimDelay;
        /// How long after its cycle settled a double spend may be reported.
        uint32 claimPeriod;
        /// How long members serve the batches they folded. At least `claimPeriod`.
        uint32 retention;
    }

    /// @notice Under what name an institution is known.
    struct Profile {
        /// 1 to 32 bytes of UTF-8.
        string name;
        /// Business Identifier Code, 8 or 11 characters (ISO 9362).
        string bic;
        /// Legal Entity Identifier, 20 characters (ISO 17442).
        string lei;
    }

    /// @notice The keys of a member. P-256 keys are compressed points, 33 bytes.
    struct Keys {
        /// Address of the secp256k1 key that endorses batches and signs checkpoints.
        address validator;
        /// P-256 key that signs enrolments, certificates and receipts.
        bytes issuer;
        /// P-256 key that owns the vault.
        bytes treasury;
        /// P-256 key to which device requests are sealed.
        bytes intake;
    }

    /// @notice Where a node is reached.
    struct Peer {
        /// libp2p peer id, 1 to 128 bytes of text.
        string id;
        /// Multiaddresses: at most 8, each of 1 to 256 bytes.
        string[] addresses;
    }

    /// @notice The most that is paid per device for double spends, in minor units.
    struct Guarantee {
        /// In force before `from`.
        uint64 current;
        /// In force from `from` on.
        uint64 next;
        /// Unix time in seconds.
        uint64 from;
    }

    /// @notice On what terms a member answers for a key that spent twice.
    struct Terms {
        /// The most that is paid for the device, in minor units.
        uint64 guarantee;
        /// How long after its cycle settled a double spend may be reported, in seconds.
        uint32 claimPeriod;
        /// The fine, in percent of the amount.
        uint16 penaltyPercent;
        /// The key is or was a treasury key of the member, which the guarantee does not bound.
        bool isTreasury;
    }

    /// @notice What the authority states about a member when it admits it.
    struct Admission {
        address operator;
        Profile profile;
        Keys keys;
        Peer peer;
        uint128 quota;
        uint64 guarantee;
    }

    /// @notice All that is known of a member.
    struct Member {
        uint16 id;
        Status status;
        /// The account that speaks for the member on this chain. One member each.
        address operator;
        /// How much reserve the member may hold for issuance, in minor units.
        uint128 quota;
        Guarantee guarantee;
        Profile profile;
        Keys keys;
        Peer peer;
    }

    /// @notice A node without a vote: a central bank, a regulator, an auditor.
    struct Observer {
        /// 1 to 32 bytes of UTF-8.
        string name;
        Peer peer;
    }

    // Events of the ledger.

    /// @notice What the ledger reads from outside. The first has seq 1 and opens the log.
    /// @param seq Place on the log.
    /// @param version Version of rules and formats.
    /// @param reclaimDelay Seconds from a revocation to the first reclaim.
    event Protocol(uint64 indexed seq, uint16 version, uint64 reclaimDelay);

    /// @notice A member was admitted, or its status or keys are now these.
    /// @param seq Place on the log.
    /// @param member Its id.
    /// @param status Its standing.
    /// @param issuer Compressed P-256 key, 33 bytes.
    /// @param treasury Compressed P-256 key, 33 bytes.
    event MemberChanged(uint64 indexed seq, uint16 indexed member, Status status, bytes issuer, bytes treasury);

    /// @notice A member revoked a device key. A repetition keeps the first time.
    /// @param seq Place on the log.
    /// @param member The member that revokes.
    /// @param owner First 20 bytes of SHA-256 of the compressed key.
    /// @param time Block time in seconds.
    event Revoked(uint64 indexed seq, uint16 indexed member, bytes20 indexed owner, uint64 time);

    // Events beside the ledger.

    /// @notice The account that speaks for a member is now this one.
    /// @param member Its id.
    /// @param operator The account.
    event OperatorChanged(uint16 indexed member, address operator);

    /// @notice A member goes by another name.
    /// @param member Its id.
    event ProfileChanged(uint16 indexed member);

    /// @notice A member's node is reached elsewhere.
    /// @param member Its id.
    event PeerChanged(uint16 indexed member);

    /// @notice How much reserve a member may hold is now this.
    /// @param member Its id.
    /// @param quota Minor units.
    event QuotaChanged(uint16 indexed member, uint128 quota);

    /// @notice A member's guarantee is this from that time on.
    /// @param member Its id.
    /// @param guarantee Minor units.
    /// @param from Unix time in seconds.
    event GuaranteeChanged(uint16 indexed member, uint64 guarantee, uint64 from);

    /// @notice An observer was admitted.
    /// @param peerId Its libp2p peer id.
    event ObserverAdmitted(string peerId);

    /// @notice An observer was removed.
    /// @param peerId Its libp2p peer id.
    event ObserverRemoved(string peerId);

    /// @notice A contract may draw from the counter, or no longer.
    /// @param writer The contract.
    /// @param allowed Whether it may from now on.
    event WriterChanged(address indexed writer, bool allowed);

    // Refusals.

    /// @notice The caller is not among the contracts that write the log.
    /// @param caller Who called.
    error MemberRegistryNotWriter(address caller);
    /// @notice The caller speaks for no member.
    /// @param caller Who called.
    error MemberRegistryNotOperator(address caller);
    /// @notice The member is suspended or removed.
    /// @param member Its id.
    /// @param status Its standing.
    error MemberRegistryNotActive(uint16 member, Status status);
    /// @notice No member has this id.
    /// @param member The id given.
    error MemberRegistryUnknownMember(uint16 member);
    /// @notice Ids are given in order; `next` is the one to give.
    /// @param member The id given.
    /// @param next The id to give.
    error MemberRegistryNotNext(uint16 member, uint16 next);
    /// @notice The network has as many members as it may have.
    /// @param max How many there may be.
    error MemberRegistryFull(uint256 max);
    /// @notice The status cannot follow the present one: none is final, removed stays removed.
    /// @param member Its id.
    /// @param from What it is.
    /// @param to What it was to become.
    error MemberRegistryStatusRefused(uint16 member, Status from, Status to);
    /// @notice The account already speaks for a member.
    /// @param operator The account.
    /// @param member Whom it speaks for.
    error MemberRegistryOperatorTaken(address operator, uint16 member);
    /// @notice The validator belongs or belonged to another member.
    /// @param validator Its address.
    /// @param member Whose it is or was.
    error MemberRegistryValidatorTaken(address validator, uint16 member);
    /// @notice The treasury key belongs or belonged to another member.
    /// @param treasury The key, 33 bytes.
    /// @param member Whose it is or was.
    error MemberRegistryTreasuryTaken(bytes treasury, uint16 member);
    /// @notice The member has had as many treasury keys as it may have.
    /// @param member Its id.
    /// @param max How many there may be.
    error MemberRegistryTreasuriesExhausted(uint16 member, uint256 max);
    /// @notice The peer id is in use.
    /// @param peerId Its libp2p peer id.
    error MemberRegistryPeerTaken(string peerId);
    /// @notice The zero address cannot stand for `field`.
    /// @param field Which part of the input.
    error MemberRegistryZeroAddress(string field);
    /// @notice `field` is not a compressed point of P-256.
    /// @param field Which part of the input.
    /// @param key What was given.
    error MemberRegistryInvalidKey(string field, bytes key);
    /// @notice `field` has a length outside its bounds.
    /// @param field Which part of the input.
    /// @param length In bytes; of `addresses`, how many.
    error MemberRegistryInvalidLength(string field, uint256 length);
    /// @notice No observer has this peer id.
    /// @param peerId Its libp2p peer id.
    error MemberRegistryUnknownObserver(string peerId);
    /// @notice Versions are counted from 1.
    error MemberRegistryVersionZero();
    /// @notice A reclaim must wait until every receipt has run out.
    /// @param reclaimDelay Seconds, as given.
    /// @param receiptLife Seconds, which it must exceed.
    error MemberRegistryReclaimDelayTooShort(uint32 reclaimDelay, uint32 receiptLife);
    /// @notice Batches must be served for as long as they may be disputed.
    /// @param retention Seconds, as given.
    /// @param claimPeriod Seconds, which it must reach.
    error MemberRegistryRetentionTooShort(uint32 retention, uint32 claimPeriod);

    // The network.

    /// @notice Opens the network: computes its id and writes `Protocol` as event 1. Once, by the proxy.
    /// @param authority The AccessManager that decides who may call what.
    /// @param parameters_ The network's first parameters.
    function initialize(address authority, Parameters calldata parameters_) external;

    /// @notice SHA-256("tallystick/network/v1" ‖ chainId u64 ‖ this address 20 ‖ anchor 32).
    function networkId() external view returns (bytes32);

    /// @notice Hash of the block before the one that opened the network.
    function anchor() external view returns (bytes32);

    /// @notice Place of the last event on the log.
    function seq() external view returns (uint64);

    /// @notice The parameters in force.
    function parameters() external view returns (Parameters memory);

    /// @notice Sets all parameters and writes `Protocol`.
    /// @param parameters_ All of them; those that stay are repeated.
    /// @custom:role AUTHORITY
    function setParameters(Parameters calldata parameters_) external;

    // The counter.

    /// @notice Takes the next place on the log. The caller emits its event with it in the same call.
    /// @return seq_ The place taken.
    /// @return members How many members were ever admitted: ids 1 to this exist.
    /// @return validators Where the active validators are read: see the library ValidatorSet.
    function draw() external returns (uint64 seq_, uint16 members, address validators);

    /// @notice Whether a contract may draw.
    /// @param account Any account.
    function isWriter(address account) external view returns (bool);

    /// @notice Lets a contract write the log, or no longer.
    /// @param writer The contract.
    /// @param allowed Whether it may from now on.
    /// @custom:role AUTHORITY
    function setWriter(address writer, bool allowed) external;

    // Members, by the authority.

    /// @notice Admits an active member and writes `MemberChanged`.
    /// @param member Its id: 1 more than the last one given, so that a repeated call is refused.
    /// @param admission Who it is.
    /// @custom:role AUTHORITY
    function admit(uint16 member, Admission calldata admission) external;

    /// @notice Changes a member's standing and writes `MemberChanged`. Removal is final.
    /// @param member Its id.
    /// @param status Another than now, and not `None`.
    /// @custom:role AUTHORITY
    function setStatus(uint16 member, Status status) external;

    /// @notice Gives a member another operator: how an institution that failed is taken over.
    /// @param member Its id.
    /// @param operator Who speaks for the member from now on, and for no other.
    /// @custom:role AUTHORITY
    function setOperator(uint16 member, address operator) external;

    /// @notice Changes the name under which a member is known.
    /// @param member Its id.
    /// @param profile Name and codes from now on.
    /// @custom:role AUTHORITY
    function setProfile(uint16 member, Profile calldata profile) external;

    /// @notice Grants how much reserve a member may hold for issuance.
    /// @param member Its id.
    /// @param quota Minor units.
    /// @custom:role AUTHORITY
    function setQuota(uint16 member, uint128 quota) external;

    /// @notice Sets a member's guarantee. A lower one takes effect when `claimPeriod` from now has
    /// passed.
    /// @param member Its id.
    /// @param guarantee Minor units.
    /// @custom:role AUTHORITY
    function setGuarantee(uint16 member, uint64 guarantee) external;

    /// @notice Replaces a member's keys, whatever its status, and writes `MemberChanged`.
    /// @param member Its id.
    /// @param keys All four; those that stay are repeated.
    /// @custom:role AUTHORITY
    function replaceKeys(uint16 member, Keys calldata keys) external;

    /// @notice Replaces where a member's node is reached, whatever its status.
    /// @param member Its id.
    /// @param peer Where from now on.
    /// @custom:role AUTHORITY
    function replacePeer(uint16 member, Peer calldata peer) external;

    /// @notice Admits an observer.
    /// @param name 1 to 32 bytes of UTF-8.
    /// @param peer Where it is reached; the id is no one else's.
    /// @custom:role AUTHORITY
    function admitObserver(string calldata name, Peer calldata peer) external;

    /// @notice Removes an observer.
    /// @param peerId Its libp2p peer id.
    /// @custom:role AUTHORITY
    function removeObserver(string calldata peerId) external;

    // Members, by themselves.

    /// @notice Replaces the caller's own keys and writes `MemberChanged`. Active members' operators.
    /// @param keys All four; those that stay are repeated.
    function rotateKeys(Keys calldata keys) external;

    /// @notice Says where the caller's own node is reached. Active members' operators.
    /// @param peer Where from now on.
    function setPeer(Peer calldata peer) external;

    /// @notice Revokes device keys of the caller's own customers and writes `Revoked` for each. Operators
    /// of members of any status: the devices of a bank that failed must be stopped too.
    /// @param owners First 20 bytes of SHA-256 of each compressed key.
    function revoke(bytes20[] calldata owners) external;

    /// @notice Revokes the key of a device that spent twice and writes `Revoked`.
    /// Contracts that write the log.
    /// @param member Whose customer it is.
    /// @param owner First 20 bytes of SHA-256 of the compressed key.
    function revokeFor(uint16 member, bytes20 owner) external;

    // What is known.

    /// @notice How many members were ever admitted: ids 1 to this exist.
    function memberCount() external view returns (uint16);

    /// @notice All that is known of one member.
    /// @param member Its id.
    function getMember(uint16 member) external view returns (Member memory);

    /// @notice Every member that was ever admitted, by id, and every observer.
    function directory() external view returns (Member[] memory members, Observer[] memory observers);

    /// @notice The member an account speaks for, 0 for none.
    /// @param operator The account.
    function memberOf(address operator) external view returns (uint16);

    /// @notice A member's standing, `None` for an id that was never given.
    /// @param member Its id.
    function statusOf(uint16 member) external view returns (Status);

    /// @notice How much reserve a member may hold.
    /// @param member Its id.
    function quotaOf(uint16 member) external view returns (uint128);

    /// @notice On what terms a member answers for a key that spent twice, now.
    /// @param member Its id.
    /// @param keyHash Keccak-256 of the compressed P-256 key.
    function termsOf(uint16 member, bytes32 keyHash) external view returns (Terms memory);

    /// @notice The guarantee of a member in force now.
    /// @param member Its id.
    function guaranteeOf(uint16 member) external view returns (uint64);

    /// @notice Whose treasury key this is or was, 0 for no member's.
    /// @param treasury Compressed P-256 key, 33 bytes.
    function treasuryOwnerOf(bytes calldata treasury) external view returns (uint16);

    /// @notice Whether a member has or had this issuer key: what it signed stays its word.
    /// @param member Its id.
    /// @param issuer Compressed P-256 key, 33 bytes.
    function isIssuerOf(uint16 member, bytes calldata issuer) external view returns (bool);

    /// @notice The validators of active members, ascending. A quorum is n − ⌊(n − 1) / 3⌋ of these n.
    function validators() external view returns (address[] memory);
}
