// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputes} from "./IDisputes.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";

/**
 * @title What bytes prove
 * @notice Decides whether a coin was spent twice, and whether a member promised something, from signed
 * bytes and settled cycles. It keeps nothing and pays nothing: anyone may ask before a report is sent.
 * What it refuses, it refuses as IDisputes and the libraries ByteReader say.
 */
interface IEvidence {
    /// @notice A proven double spend.
    struct Finding {
        /// The coin, for the losing record: what its custodian owes.
        IDisputes.Debt debt;
        /// Id of the record that took the coin.
        bytes32 winner;
        /// The winner is a reclaim: the custodian vouched that the coin was unspent.
        bool isReclaim;
        /// On what terms the custodian answers for the owner's key.
        IMemberRegistry.Terms terms;
        /// When the winner's cycle was settled: Unix time in seconds.
        uint64 settledAt;
    }

    /// @notice A receipt or certificate that a member signed.
    struct Promised {
        /// The member.
        uint16 member;
        /// The most that holders can have lost by it: a receipt's amount, a certificate's maxBalance.
        uint64 most;
        /// SHA-256 of its signed part.
        bytes32 subject;
    }

    /// @notice Checks (a) to (c) of a report, in this order, without the claim period.
    /// @param proof The bytes.
    function findDoubleSpend(IDisputes.DoubleSpend calldata proof) external view returns (Finding memory);

    /// @notice Reads a receipt that the coin's custodian signed.
    /// @param receipt The receipt, signed.
    function readReceipt(IDisputes.Signed calldata receipt) external view returns (Promised memory);

    /// @notice Reads a certificate that a member signed.
    /// @param certificate The certificate, signed.
    function readCertificate(IDisputes.Signed calldata certificate) external view returns (Promised memory);
}
