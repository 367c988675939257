// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputes} from "./interfaces/IDisputes.sol";
import {IEvidence} from "./interfaces/IEvidence.sol";
import {IMemberRegistry} from "./interfaces/IMemberRegistry.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {Inclusion} from "./libraries/Inclusion.sol";
import {Promises} from "./libraries/Promises.sol";
import {Records} from "./libraries/Records.sol";

/**
 * @title What bytes prove
 * @notice See IEvidence.
 * @dev A contract of its own because its code and that of Disputes exceed one contract's limit (EIP-170).
 * Disputes creates it: they are upgraded together.
 */
contract Evidence is IEvidence {
    using Promises for Promises.Promise;
    using Records for Records.Record;

    IMemberRegistry private immutable _REGISTRY;
    ISettlement private immutable _SETTLEMENT;
    bytes32 private immutable _NETWORK_ID;

    /// @param settlement The Settlement's proxy, initialised.
    constructor(ISettlement settlement) {
        _SETTLEMENT = settlement;
        _REGISTRY = settlement.registry();
        _NETWORK_ID = _REGISTRY.networkId();
    }

    /// @inheritdoc IEvidence
    function findDoubleSpend(IDisputes.DoubleSpend calldata proof) external view returns (Finding memory found) {
        _findCoin(found.debt, proof);
        found.terms = _checkLoser(found.debt, proof);
        _checkWinner(found, proof);
        _checkApplied(found, proof);
    }

    /// @inheritdoc IEvidence
    function readReceipt(IDisputes.Signed calldata receipt) external view returns (Promised memory) {
        Promises.Promise memory promised = Promises.decodeReceipt(receipt.statement);
        bytes calldata body = receipt.statement[:promised.bodyLength];
        return _checkIssuer(receipt, promised, Promises.receiptDigest(_NETWORK_ID, body), body);
    }

    /// @inheritdoc IEvidence
    function readCertificate(IDisputes.Signed calldata certificate) external view returns (Promised memory) {
        Promises.Promise memory promised = Promises.decodeCertificate(certificate.statement);
        bytes calldata body = certificate.statement[:promised.bodyLength];
        return _checkIssuer(certificate, promised, Promises.certificateDigest(_NETWORK_ID, body), body);
    }

    /// (a) The parent made the coin.
    function _findCoin(IDisputes.Debt memory debt, IDisputes.DoubleSpend calldata proof) private view {
        (bytes calldata parent, uint8 index) = (proof.parent, proof.index);
        (Records.Output memory output, uint256 count) = Records.readOutputAt(parent, index);
        if (index >= count) revert IDisputes.DisputesNoSuchOutput(index, count);
        if (output.lock != Records.LOCK_KEY) revert IDisputes.DisputesWrongLock(output.lock);
        (debt.id, debt.index) = (Records.idOf(_NETWORK_ID, parent), index);
        (debt.owner, debt.member, debt.amount) = (output.owner, output.custodian, output.amount);
    }

    /// (b) The loser is a spend of the coin that its owner signed.
    /// @return terms On what terms the custodian answers for the owner's key.
    function _checkLoser(IDisputes.Debt memory debt, IDisputes.DoubleSpend calldata proof)
        private
        view
        returns (IMemberRegistry.Terms memory terms)
    {
        Records.Record memory loser = Records.decodeRecord(proof.loser);
        if (loser.kind != Records.SPEND) revert IDisputes.DisputesLoserNotSpend(loser.kind);
        debt.loser = Records.idOf(_NETWORK_ID, proof.loser[:loser.bodyLength]);
        if (!loser.spends(_coinOf(debt))) revert IDisputes.DisputesCoinNotNamed(debt.loser);
        bytes memory key = loser.keyOf();
        bytes20 signer = Records.ownerOf(key);
        if (signer != debt.owner) revert IDisputes.DisputesNotOwner(debt.owner, signer);
        if (!loser.isSigned(debt.loser, proof.y)) revert IDisputes.DisputesBadSignature();
        terms = _REGISTRY.termsOf(debt.member, keccak256(key));
    }

    /// (c) The winner is another record that takes the coin. A quorum checked its signature.
    function _checkWinner(Finding memory found, IDisputes.DoubleSpend calldata proof) private view {
        found.winner = Records.idOf(_NETWORK_ID, proof.winner);
        (uint8 kind, bool isNamed) = Records.readInputs(proof.winner, _coinOf(found.debt));
        if (kind == Records.CLAIM) revert IDisputes.DisputesWinnerNotSpend(kind);
        if (found.winner == found.debt.loser) revert IDisputes.DisputesSameRecord(found.winner);
        if (!isNamed) revert IDisputes.DisputesCoinNotNamed(found.winner);
        found.isReclaim = kind == Records.RECLAIM;
    }

    /// (c) The winner was applied in a settled cycle.
    function _checkApplied(Finding memory found, IDisputes.DoubleSpend calldata proof) private view {
        (uint64 settledAt, uint64 applied, bytes32 root) = _SETTLEMENT.appliedIn(proof.cycle);
        if (settledAt == 0) revert IDisputes.DisputesNotSettled(proof.cycle);
        bytes32 leaf = Inclusion.leafHash(abi.encodePacked(found.winner));
        bool isApplied = Inclusion.isIncluded(leaf, proof.position, applied, proof.path, root);
        if (!isApplied) revert IDisputes.DisputesNotApplied(found.winner, proof.cycle);
        found.settledAt = settledAt;
    }

    function _coinOf(IDisputes.Debt memory debt) private pure returns (Records.Outpoint memory) {
        return Records.Outpoint({id: debt.id, index: debt.index});
    }

    /// The member that the promise names signed it.
    function _checkIssuer(
        IDisputes.Signed calldata signed,
        Promises.Promise memory promised,
        bytes32 digest,
        bytes calldata body
    ) private view returns (Promised memory) {
        if (!_REGISTRY.isIssuerOf(promised.member, signed.issuer)) {
            revert IDisputes.DisputesNotIssuer(promised.member, signed.issuer);
        }
        if (!promised.isSigned(digest, signed.issuer, signed.y)) revert IDisputes.DisputesBadSignature();
        return Promised({member: promised.member, most: promised.most, subject: sha256(body)});
    }
}
