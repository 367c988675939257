// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ByteReader} from "./ByteReader.sol";
import {PublicKey} from "./PublicKey.sol";
import {Records} from "./Records.sol";

/**
 * @title What a member's issuer key promises devices: receipts and certificates
 * @notice Reads them strictly, as far as a case needs them: who promised, up to which amount, over which
 * bytes. Whether a label is text and a key a point concerns the devices that were shown the promise.
 */
library Promises {
    using ByteReader for bytes;

    struct Promise {
        /// The member that promised.
        uint16 member;
        /// The most that holders can have lost by it: a receipt's amount, a certificate's maxBalance.
        uint64 most;
        /// Length of what precedes the signature: the part that is signed.
        uint256 bodyLength;
        bytes32 r;
        bytes32 s;
    }

    uint8 private constant CLASS_HOST = 3;
    uint8 private constant CLASS_LAST = 6;
    uint256 private constant LABEL_MAX = 32;

    /// @notice The digest that the issuer of a receipt signs.
    function receiptDigest(bytes32 networkId, bytes calldata body) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(sha256("tallystick/receipt/v1"), networkId, body));
    }

    /// @notice The digest that the issuer of a certificate signs.
    function certificateDigest(bytes32 networkId, bytes calldata body) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(sha256("tallystick/certificate/v1"), networkId, body));
    }

    /// @notice Whether the compressed key `issuer`, whose other coordinate is `y`, signed it.
    function isSigned(Promise memory promise_, bytes32 digest, bytes calldata issuer, bytes32 y)
        internal
        view
        returns (bool)
    {
        return PublicKey.isSigned(digest, promise_.r, promise_.s, issuer[0], bytes32(issuer[1:]), y);
    }

    /// @notice Decodes a receipt. Its member is the custodian of the coin.
    function decodeReceipt(bytes calldata data) internal pure returns (Promise memory promise_) {
        ByteReader.Cursor memory cursor;
        data.take(cursor, 33, "outpoint");
        uint256 start = cursor.offset;
        Records.Output memory output = Records.readOutput(data, cursor);
        if (output.lock > Records.LOCK_CLAIM) revert ByteReader.ByteReaderMalformed("lock", start);
        (promise_.member, promise_.most) = (output.custodian, output.amount);
        data.safe(cursor, "seq");
        _readLife(data, cursor, "issued");
        _readSignature(data, cursor, promise_);
        data.end(cursor, "receipt");
    }

    /// @notice Decodes a certificate.
    function decodeCertificate(bytes calldata data) internal pure returns (Promise memory promise_) {
        ByteReader.Cursor memory cursor;
        bytes1 parity = data.take(cursor, 33, "deviceKey")[0];
        if (parity != 0x02 && parity != 0x03) revert ByteReader.ByteReaderMalformed("deviceKey", 0);
        promise_.member = data.u16(cursor, "member");
        uint256 start = cursor.offset;
        uint8 class = data.u8(cursor, "class");
        if (class == 0 || class > CLASS_LAST) revert ByteReader.ByteReaderMalformed("class", start);
        data.take(cursor, 16, "serial");
        _readLife(data, cursor, "notBefore");
        data.u64(cursor, "maxPayment");
        start = cursor.offset;
        promise_.most = data.u64(cursor, "maxBalance");
        if (promise_.most == 0) revert ByteReader.ByteReaderMalformed("maxBalance", start);
        uint16 maxCount = data.u16(cursor, "maxCount");
        start = cursor.offset;
        bytes4 window = bytes4(data.take(cursor, 4, "window"));
        if (maxCount != 0 && window == 0) revert ByteReader.ByteReaderMalformed("window", start);
        start = cursor.offset;
        uint8 maxDepth = data.u8(cursor, "maxDepth");
        if (class == CLASS_HOST && maxDepth != 0) revert ByteReader.ByteReaderMalformed("maxDepth", start);
        data.take(cursor, 32, "subject");
        data.short(cursor, LABEL_MAX, "label");
        _readSignature(data, cursor, promise_);
        data.end(cursor, "certificate");
    }

    /// From when on and until when it is good.
    function _readLife(bytes calldata data, ByteReader.Cursor memory cursor, bytes32 from) private pure {
        uint64 begins = data.safe(cursor, from);
        uint256 start = cursor.offset;
        if (data.safe(cursor, "notAfter") <= begins) revert ByteReader.ByteReaderMalformed("notAfter", start);
    }

    function _readSignature(bytes calldata data, ByteReader.Cursor memory cursor, Promise memory promise_)
        private
        pure
    {
        promise_.bodyLength = cursor.offset;
        bytes calldata signature = data.take(cursor, 64, "signature");
        (promise_.r, promise_.s) = (bytes32(signature[:32]), bytes32(signature[32:]));
    }
}
