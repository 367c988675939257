// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IAuditLog} from "./interfaces/IAuditLog.sol";
import {PublicKey} from "./libraries/PublicKey.sol";

/**
 * @title Whose identities were asked for, by whom, on what basis, and who agreed
 * @notice See IAuditLog. Decides when an opening is granted; touches no money and no coin.
 */
contract AuditLog is IAuditLog, AccessManaged, Initializable {
    /// As many as `protocol` takes at a ceremony, and as `approvedBy` has bits.
    uint256 private constant HOLDERS_MAX = 32;
    /// A grant is for one matter: whoever needs it longer asks again.
    uint256 private constant TERM_MAX = 366 days;

    /// @inheritdoc IAuditLog
    uint32 public epochCount;
    /// @inheritdoc IAuditLog
    uint64 public requestCount;
    /// @inheritdoc IAuditLog
    uint64 public grantCount;
    mapping(uint32 epoch => Epoch) private _epochs;
    /// The holder's number by its account; 0 of everyone else.
    mapping(uint32 epoch => mapping(address account => uint8)) private _numbers;
    mapping(uint64 id => Disclosure) private _disclosures;

    /// Behind a proxy: state is set by `initialize`.
    constructor() AccessManaged(address(0)) {
        _disableInitializers();
    }

    /// @inheritdoc IAuditLog
    function initialize(address authority_) external initializer {
        _setAuthority(authority_);
    }

    // Keys and their holders.

    /// @inheritdoc IAuditLog
    function addEpoch(
        uint32 epoch,
        bytes calldata publicKey,
        bytes32 transcript,
        uint8 threshold,
        address[] calldata holders
    ) external restricted {
        if (epoch != epochCount + 1) revert AuditLogWrongEpoch(epoch, epochCount + 1);
        if (!PublicKey.isCompressedPoint(publicKey)) revert AuditLogBadKey(publicKey);
        if (transcript == 0) revert AuditLogZeroHash();
        if (threshold == 0 || threshold > holders.length || holders.length > HOLDERS_MAX) {
            revert AuditLogBadThreshold(threshold, holders.length);
        }

        epochCount = epoch;
        Epoch storage added = _epochs[epoch];
        (added.threshold, added.transcript) = (threshold, transcript);
        (added.publicKey, added.holders) = (publicKey, holders);
        for (uint256 i = 0; i < holders.length; ++i) _number(epoch, uint8(i + 1), holders[i]);
        emit EpochAdded(epoch, publicKey, transcript, threshold, holders);
    }

    /// @inheritdoc IAuditLog
    function replaceHolder(uint32 epoch, uint8 number, address account) external restricted {
        Epoch storage known = _epochAt(epoch);
        if (number == 0 || number > known.holders.length) revert AuditLogNotHolder(epoch, address(0));

        delete _numbers[epoch][known.holders[number - 1]];
        known.holders[number - 1] = account;
        _number(epoch, number, account);
        emit HolderReplaced(epoch, number, account);
    }

    // Requests and approvals.

    /// @inheritdoc IAuditLog
    function request(
        uint32 epoch,
        bytes32 subject,
        bytes32 legalBasis,
        bytes calldata requesterKey,
        uint64 until
    ) external restricted returns (uint64 id) {
        _epochAt(epoch);
        if (subject == 0 || legalBasis == 0) revert AuditLogZeroHash();
        if (!PublicKey.isCompressedPoint(requesterKey)) revert AuditLogBadKey(requesterKey);
        if (until <= block.timestamp || until > block.timestamp + TERM_MAX) revert AuditLogBadEnd(until);

        id = ++requestCount;
        Disclosure storage asked = _disclosures[id];
        (asked.requester, asked.epoch, asked.until) = (msg.sender, epoch, until);
        (asked.subject, asked.legalBasis, asked.requesterKey) = (subject, legalBasis, requesterKey);
        emit DisclosureRequested(id, msg.sender, epoch, subject, legalBasis, requesterKey, until);
    }

    /// @inheritdoc IAuditLog
    function approve(uint64 id) external {
        Disclosure storage asked = _disclosureAt(id);
        uint8 number = _numbers[asked.epoch][msg.sender];
        if (number == 0) revert AuditLogNotHolder(asked.epoch, msg.sender);
        if (block.timestamp > asked.until) revert AuditLogEnded(asked.until);
        uint32 bit = uint32(1) << (number - 1);
        if (asked.approvedBy & bit != 0) revert AuditLogAlreadyApproved(id, number);

        asked.approvedBy |= bit;
        bool isGrant = ++asked.approvals == _epochs[asked.epoch].threshold;
        emit DisclosureApproved(id, number, msg.sender);
        if (!isGrant) return;
        ++grantCount;
        emit DisclosureGranted(id);
    }

    // What is known.

    /// @inheritdoc IAuditLog
    function getEpoch(uint32 epoch) external view returns (Epoch memory) {
        return _epochAt(epoch);
    }

    /// @inheritdoc IAuditLog
    function getDisclosure(uint64 id) external view returns (Disclosure memory) {
        return _disclosureAt(id);
    }

    /// @inheritdoc IAuditLog
    function isGranted(uint64 id) external view returns (bool) {
        Disclosure storage asked = _disclosures[id];
        if (asked.epoch == 0 || block.timestamp > asked.until) return false;
        return asked.approvals >= _epochs[asked.epoch].threshold;
    }

    // Helpers.

    function _number(uint32 epoch, uint8 number, address account) private {
        if (account == address(0) || _numbers[epoch][account] != 0) revert AuditLogBadHolder(account);
        _numbers[epoch][account] = number;
    }

    function _epochAt(uint32 epoch) private view returns (Epoch storage) {
        if (epoch == 0 || epoch > epochCount) revert AuditLogUnknownEpoch(epoch);
        return _epochs[epoch];
    }

    function _disclosureAt(uint64 id) private view returns (Disclosure storage) {
        if (id == 0 || id > requestCount) revert AuditLogUnknownRequest(id);
        return _disclosures[id];
    }
}
