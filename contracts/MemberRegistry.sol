// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IMemberRegistry} from "./interfaces/IMemberRegistry.sol";
import {PublicKey} from "./libraries/PublicKey.sol";
import {ValidatorSet} from "./libraries/ValidatorSet.sol";

/**
 * @title The members of a network, its parameters and its one counter
 * @notice See IMemberRegistry.
 */
contract MemberRegistry is IMemberRegistry, AccessManaged, Initializable {
    /// What every `sequence` reads and writes: one slot.
    struct Head {
        uint64 seq;
        uint16 members;
        address validators;
    }

    /// A checkpoint with a row for each member must fit a block, and their validators one account's code.
    uint16 private constant MEMBERS_MAX = 256;
    /// As for members; observers cost every node a connection.
    uint256 private constant OBSERVERS_MAX = 64;
    /// The ledger keeps every treasury key a member ever had, and every node reads them all.
    uint16 private constant TREASURIES_MAX = 256;
    /// A name fits a line of a payer's screen and the trust list.
    uint256 private constant NAME_MAX = 32;
    uint256 private constant PEER_ID_MAX = 128;
    uint256 private constant ADDRESS_MAX = 256;
    uint256 private constant ADDRESSES_MAX = 8;

    /// @inheritdoc IMemberRegistry
    bytes32 public networkId;
    /// @inheritdoc IMemberRegistry
    bytes32 public anchor;
    Head private _head;
    Parameters private _parameters;
    /// @inheritdoc IMemberRegistry
    mapping(address account => bool) public isWriter;
    mapping(uint16 member => Member) private _members;
    Observer[] private _observers;
    /// @inheritdoc IMemberRegistry
    mapping(address operator => uint16 member) public memberOf;
    /// Who has or had a validator key, or a treasury key by its hash: for ever.
    mapping(address validator => uint16 member) private _validatorOwner;
    mapping(bytes32 keyHash => uint16 member) private _treasuryOwner;
    /// How many treasury keys a member has had.
    mapping(uint16 member => uint16) private _treasuries;
    /// Peer ids in use by members and observers, by hash.
    mapping(bytes32 peerHash => bool) private _isPeerTaken;
    /// Issuer keys that a member had, by hash. The present one need not be among them.
    mapping(uint16 member => mapping(bytes32 keyHash => bool)) private _wasIssuer;

    /// Behind a proxy: state is set by `initialize`.
    constructor() AccessManaged(address(0)) {
        _disableInitializers();
    }

    /// @inheritdoc IMemberRegistry
    function initialize(address authority_, Parameters calldata parameters_) external initializer {
        _setAuthority(authority_);
        anchor = blockhash(block.number - 1);
        networkId = sha256(
            abi.encodePacked("tallystick/network/v1", uint64(block.chainid), address(this), anchor)
        );
        _head.validators = ValidatorSet.store(new address[](0));
        _setParameters(parameters_);
    }

    // The counter and the parameters.

    /// @inheritdoc IMemberRegistry
    function draw() external returns (uint64 seq_, uint16 members, address validators_) {
        if (!isWriter[msg.sender]) revert MemberRegistryNotWriter(msg.sender);
        Head storage head = _head;
        seq_ = ++head.seq;
        (members, validators_) = (head.members, head.validators);
    }

    /// @inheritdoc IMemberRegistry
    function setWriter(address writer, bool allowed) external restricted {
        isWriter[writer] = allowed;
        emit WriterChanged(writer, allowed);
    }

    /// @inheritdoc IMemberRegistry
    function setParameters(Parameters calldata parameters_) external restricted {
        _setParameters(parameters_);
    }

    // Members, by the authority.

    /// @inheritdoc IMemberRegistry
    function admit(uint16 member, Admission calldata admission) external restricted {
        if (_head.members == MEMBERS_MAX) revert MemberRegistryFull(MEMBERS_MAX);
        uint16 next = _head.members + 1;
        if (member != next) revert MemberRegistryNotNext(member, next);
        _head.members = member;

        Member storage row = _members[member];
        row.id = member;
        row.status = Status.Active;
        _setOperator(member, admission.operator);
        _setProfile(member, admission.profile);
        _setPeer(member, admission.peer);
        _setQuota(member, admission.quota);
        _setGuarantee(member, admission.guarantee);
        _setKeys(member, admission.keys);
    }

    /// @inheritdoc IMemberRegistry
    function setStatus(uint16 member, Status status) external restricted {
        Status from = _known(member).status;
        if (status == from || status == Status.None || from == Status.Removed) {
            revert MemberRegistryStatusRefused(member, from, status);
        }
        _members[member].status = status;
        _storeValidators();
        _emitMemberChanged(member);
    }

    /// @inheritdoc IMemberRegistry
    function setOperator(uint16 member, address operator) external restricted {
        delete memberOf[_known(member).operator];
        _setOperator(member, operator);
    }

    /// @inheritdoc IMemberRegistry
    function setProfile(uint16 member, Profile calldata profile) external restricted {
        _known(member);
        _setProfile(member, profile);
    }

    /// @inheritdoc IMemberRegistry
    function setQuota(uint16 member, uint128 quota) external restricted {
        _known(member);
        _setQuota(member, quota);
    }

    /// @inheritdoc IMemberRegistry
    function setGuarantee(uint16 member, uint64 guarantee) external restricted {
        _known(member);
        _setGuarantee(member, guarantee);
    }

    /// @inheritdoc IMemberRegistry
    function replaceKeys(uint16 member, Keys calldata keys) external restricted {
        _known(member);
        _setKeys(member, keys);
    }

    /// @inheritdoc IMemberRegistry
    function replacePeer(uint16 member, Peer calldata peer) external restricted {
        _known(member);
        _setPeer(member, peer);
    }

    /// @inheritdoc IMemberRegistry
    function admitObserver(string calldata name, Peer calldata peer) external restricted {
        if (_observers.length == OBSERVERS_MAX) revert MemberRegistryFull(OBSERVERS_MAX);
        _checkLength("name", bytes(name).length, 1, NAME_MAX);
        _takePeer(peer);
        _observers.push(Observer({name: name, peer: peer}));
        emit ObserverAdmitted(peer.id);
    }

    /// @inheritdoc IMemberRegistry
    function removeObserver(string calldata peerId) external restricted {
        bytes32 wanted = keccak256(bytes(peerId));
        for (uint256 i = 0; i < _observers.length; ++i) {
            if (keccak256(bytes(_observers[i].peer.id)) != wanted) continue;
            _isPeerTaken[wanted] = false;
            _observers[i] = _observers[_observers.length - 1];
            _observers.pop();
            emit ObserverRemoved(peerId);
            return;
        }
        revert MemberRegistryUnknownObserver(peerId);
    }

    // Members, by themselves.

    /// @inheritdoc IMemberRegistry
    function rotateKeys(Keys calldata keys) external {
        _setKeys(_activeCaller(), keys);
    }

    /// @inheritdoc IMemberRegistry
    function setPeer(Peer calldata peer) external {
        _setPeer(_activeCaller(), peer);
    }

    /// @inheritdoc IMemberRegistry
    function revoke(bytes20[] calldata owners) external {
        uint16 member = _caller();
        for (uint256 i = 0; i < owners.length; ++i) _revoke(member, owners[i]);
    }

    /// @inheritdoc IMemberRegistry
    function revokeFor(uint16 member, bytes20 owner) external {
        if (!isWriter[msg.sender]) revert MemberRegistryNotWriter(msg.sender);
        if (member == 0 || member > _head.members) revert MemberRegistryUnknownMember(member);
        _revoke(member, owner);
    }

    // What is known.

    /// @inheritdoc IMemberRegistry
    function seq() external view returns (uint64) {
        return _head.seq;
    }

    /// @inheritdoc IMemberRegistry
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @inheritdoc IMemberRegistry
    function memberCount() external view returns (uint16) {
        return _head.members;
    }

    /// @inheritdoc IMemberRegistry
    function getMember(uint16 member) external view returns (Member memory) {
        return _known(member);
    }

    /// @inheritdoc IMemberRegistry
    function directory() external view returns (Member[] memory members, Observer[] memory observers) {
        members = new Member[](_head.members);
        for (uint16 i = 0; i < members.length; ++i) members[i] = _members[i + 1];
        observers = _observers;
    }

    /// @inheritdoc IMemberRegistry
    function statusOf(uint16 member) external view returns (Status) {
        return _members[member].status;
    }

    /// @inheritdoc IMemberRegistry
    function quotaOf(uint16 member) external view returns (uint128) {
        return _members[member].quota;
    }

    /// @inheritdoc IMemberRegistry
    function guaranteeOf(uint16 member) public view returns (uint64) {
        Guarantee memory guarantee = _members[member].guarantee;
        return block.timestamp < guarantee.from ? guarantee.current : guarantee.next;
    }

    /// @inheritdoc IMemberRegistry
    function termsOf(uint16 member, bytes32 keyHash) external view returns (Terms memory) {
        return Terms({
            guarantee: guaranteeOf(member),
            claimPeriod: _parameters.claimPeriod,
            penaltyPercent: _parameters.penaltyPercent,
            isTreasury: _treasuryOwner[keyHash] == member
        });
    }

    /// @inheritdoc IMemberRegistry
    function treasuryOwnerOf(bytes calldata treasury) external view returns (uint16) {
        return _treasuryOwner[keccak256(treasury)];
    }

    /// @inheritdoc IMemberRegistry
    function isIssuerOf(uint16 member, bytes calldata issuer) external view returns (bool) {
        bytes32 keyHash = keccak256(issuer);
        return keyHash == keccak256(_known(member).keys.issuer) || _wasIssuer[member][keyHash];
    }

    /// @inheritdoc IMemberRegistry
    function validators() external view returns (address[] memory) {
        return ValidatorSet.load(_head.validators);
    }

    // Who may.

    /// The row of a member that exists.
    function _known(uint16 member) private view returns (Member storage row) {
        row = _members[member];
        if (row.status == Status.None) revert MemberRegistryUnknownMember(member);
    }

    /// The member the caller speaks for.
    function _caller() private view returns (uint16 member) {
        member = memberOf[msg.sender];
        if (member == 0) revert MemberRegistryNotOperator(msg.sender);
    }

    /// The same, if it is active.
    function _activeCaller() private view returns (uint16 member) {
        member = _caller();
        Status status = _members[member].status;
        if (status != Status.Active) revert MemberRegistryNotActive(member, status);
    }

    // Each sets one thing, checks it, and says so.

    function _setParameters(Parameters calldata parameters_) private {
        if (parameters_.version == 0) revert MemberRegistryVersionZero();
        if (parameters_.reclaimDelay <= parameters_.receiptLife) {
            revert MemberRegistryReclaimDelayTooShort(parameters_.reclaimDelay, parameters_.receiptLife);
        }
        if (parameters_.retention < parameters_.claimPeriod) {
            revert MemberRegistryRetentionTooShort(parameters_.retention, parameters_.claimPeriod);
        }
        _parameters = parameters_;
        emit Protocol(++_head.seq, parameters_.version, parameters_.reclaimDelay);
    }

    function _setOperator(uint16 member, address operator) private {
        if (operator == address(0)) revert MemberRegistryZeroAddress("operator");
        uint16 holder = memberOf[operator];
        if (holder != 0) revert MemberRegistryOperatorTaken(operator, holder);
        memberOf[operator] = member;
        _members[member].operator = operator;
        emit OperatorChanged(member, operator);
    }

    function _setProfile(uint16 member, Profile calldata profile) private {
        _checkLength("name", bytes(profile.name).length, 1, NAME_MAX);
        uint256 bic = bytes(profile.bic).length;
        if (bic != 8 && bic != 11) revert MemberRegistryInvalidLength("bic", bic);
        _checkLength("lei", bytes(profile.lei).length, 20, 20);
        _members[member].profile = profile;
        emit ProfileChanged(member);
    }

    function _setQuota(uint16 member, uint128 quota) private {
        _members[member].quota = quota;
        emit QuotaChanged(member, quota);
    }

    function _setGuarantee(uint16 member, uint64 guarantee) private {
        uint64 current = guaranteeOf(member);
        uint64 from = uint64(block.timestamp);
        // A report may still come in the last second of its claim period.
        if (guarantee < current) from += uint64(_parameters.claimPeriod) + 1;
        _members[member].guarantee = Guarantee({current: current, next: guarantee, from: from});
        emit GuaranteeChanged(member, guarantee, from);
    }

    function _setPeer(uint16 member, Peer calldata peer) private {
        _isPeerTaken[keccak256(bytes(_members[member].peer.id))] = false;
        _takePeer(peer);
        _members[member].peer = peer;
        emit PeerChanged(member);
    }

    function _takePeer(Peer calldata peer) private {
        _checkLength("peer id", bytes(peer.id).length, 1, PEER_ID_MAX);
        _checkLength("addresses", peer.addresses.length, 0, ADDRESSES_MAX);
        for (uint256 i = 0; i < peer.addresses.length; ++i) {
            _checkLength("address", bytes(peer.addresses[i]).length, 1, ADDRESS_MAX);
        }
        bytes32 peerHash = keccak256(bytes(peer.id));
        if (_isPeerTaken[peerHash]) revert MemberRegistryPeerTaken(peer.id);
        _isPeerTaken[peerHash] = true;
    }

    function _setKeys(uint16 member, Keys calldata keys) private {
        _checkKey("issuer", keys.issuer);
        _checkKey("treasury", keys.treasury);
        _checkKey("intake", keys.intake);
        _takeValidator(member, keys.validator);
        _takeTreasury(member, keys.treasury);
        bytes memory issuer = _members[member].keys.issuer;
        if (issuer.length != 0) _wasIssuer[member][keccak256(issuer)] = true;
        _members[member].keys = keys;
        _storeValidators();
        _emitMemberChanged(member);
    }

    function _takeValidator(uint16 member, address validator) private {
        if (validator == address(0)) revert MemberRegistryZeroAddress("validator");
        uint16 holder = _validatorOwner[validator];
        if (holder != 0 && holder != member) revert MemberRegistryValidatorTaken(validator, holder);
        _validatorOwner[validator] = member;
    }

    function _takeTreasury(uint16 member, bytes calldata treasury) private {
        bytes32 keyHash = keccak256(treasury);
        uint16 holder = _treasuryOwner[keyHash];
        if (holder == member) return;
        if (holder != 0) revert MemberRegistryTreasuryTaken(treasury, holder);
        if (_treasuries[member] == TREASURIES_MAX) {
            revert MemberRegistryTreasuriesExhausted(member, TREASURIES_MAX);
        }
        ++_treasuries[member];
        _treasuryOwner[keyHash] = member;
    }

    function _storeValidators() private {
        uint16 members = _head.members;
        uint256 active = 0;
        for (uint16 i = 1; i <= members; ++i) {
            if (_members[i].status == Status.Active) ++active;
        }
        address[] memory set = new address[](active);
        for (uint16 i = members; i > 0; --i) {
            if (_members[i].status == Status.Active) set[--active] = _members[i].keys.validator;
        }
        _head.validators = ValidatorSet.store(set);
    }

    function _revoke(uint16 member, bytes20 owner) private {
        emit Revoked(++_head.seq, member, owner, uint64(block.timestamp));
    }

    function _emitMemberChanged(uint16 member) private {
        Member storage row = _members[member];
        emit MemberChanged(++_head.seq, member, row.status, row.keys.issuer, row.keys.treasury);
    }

    function _checkKey(string memory field, bytes calldata key) private view {
        if (!PublicKey.isCompressedPoint(key)) revert MemberRegistryInvalidKey(field, key);
    }

    function _checkLength(string memory field, uint256 length, uint256 min, uint256 max) private pure {
        if (length < min || length > max) revert MemberRegistryInvalidLength(field, length);
    }
}
