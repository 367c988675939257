// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ByteReader} from "./ByteReader.sol";
import {PublicKey} from "./PublicKey.sol";

/**
 * @title Records and deposits, from the bytes that devices sign
 * @notice Decodes strictly and in the order of the fields, so that it refuses what nodes and devices
 * refuse, at the same field. Whether a key is a point and a signature holds is for whoever verifies.
 */
library Records {
    using ByteReader for bytes;

    struct Outpoint {
        /// Record or deposit that made the coin.
        bytes32 id;
        /// Which of its outputs.
        uint8 index;
    }

    struct Output {
        uint8 lock;
        /// First 20 bytes of SHA-256 of a compressed key, or of a claim's secret.
        bytes20 owner;
        uint16 custodian;
        uint64 amount;
    }

    /// What a deposit or an award made by event `seq`.
    struct Deposit {
        uint64 seq;
        Output output;
    }

    struct Record {
        uint8 kind;
        /// 1 to 16, strictly ascending.
        Outpoint[] inputs;
        /// 1 to 16, lock 0 to 2.
        Output[] outputs;
        /// The element's count of its records.
        uint64 counter;
        /// Milliseconds, advisory.
        uint64 time;
        bytes16 nonce;
        /// SHA-256 of the envelope, zero if there is none.
        bytes32 audit;
        /// Length of what precedes `signer`: the part that is hashed and signed.
        uint256 bodyLength;
        /// Compressed P-256 key: 02 or 03, then x.
        bytes1 signerParity;
        bytes32 signerX;
        bytes32 r;
        bytes32 s;
        /// The secret of a claim, zero otherwise.
        bytes32 preimage;
        bytes envelope;
    }

    uint8 internal constant DEPOSIT = 0;
    uint8 internal constant SPEND = 1;
    uint8 internal constant CLAIM = 2;
    uint8 internal constant RECLAIM = 3;

    uint8 internal constant LOCK_KEY = 0;
    uint8 internal constant LOCK_CLAIM = 1;
    uint8 internal constant LOCK_BURN = 2;
    uint8 internal constant LOCK_REPLACEMENT = 3;

    /// SHA-256 of "tallystick/record/v1", which the compiler would have computed at each use.
    bytes32 private constant RECORD_TAG = 0xc50c00454c8a6bb6abd3cdae14854658619adad6b08c17ea3b1615a10a42c710;
    uint256 private constant INPUTS_MAX = 16;
    uint256 private constant OUTPUTS_MAX = 16;
    uint256 private constant PREIMAGE_LENGTH = 32;
    uint256 private constant ENVELOPE_MAX = 512;

    /// @notice The id of a record or deposit, and the digest that a record's signer signs.
    /// @param body A record's bytes before its signer, or the whole deposit.
    function idOf(bytes32 networkId, bytes calldata body) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(RECORD_TAG, networkId, body));
    }

    /// @notice The compressed key that signed a record, 33 bytes.
    function keyOf(Record memory record) internal pure returns (bytes memory) {
        return abi.encodePacked(record.signerParity, record.signerX);
    }

    /// @notice Whose coins a compressed key may spend.
    function ownerOf(bytes memory key) internal pure returns (bytes20) {
        return bytes20(sha256(key));
    }

    /// @notice Whether its signer signed it.
    /// @param id Its id.
    /// @param y The other coordinate of the signer's key.
    function isSigned(Record memory record, bytes32 id, bytes32 y) internal view returns (bool) {
        return PublicKey.isSigned(id, record.r, record.s, record.signerParity, record.signerX, y);
    }

    /// @notice Whether a record names a coin among its inputs.
    function spends(Record memory record, Outpoint memory coin) internal pure returns (bool) {
        for (uint256 i = 0; i < record.inputs.length; ++i) {
            Outpoint memory input = record.inputs[i];
            if (input.id == coin.id && input.index == coin.index) return true;
        }
        return false;
    }

    /// @notice Decodes a spend, claim or reclaim.
    function decodeRecord(bytes calldata data) internal pure returns (Record memory record) {
        ByteReader.Cursor memory cursor;
        record.kind = data.u8(cursor, "kind");
        if (record.kind < SPEND || record.kind > RECLAIM) revert ByteReader.ByteReaderMalformed("kind", 0);
        record.inputs = _readInputs(data, cursor, record.kind);
        record.outputs = _readOutputs(data, cursor);
        record.counter = data.safe(cursor, "counter");
        record.time = data.safe(cursor, "time");
        record.nonce = bytes16(uint128(data.number(cursor, 16, "nonce")));
        record.audit = data.word(cursor, "audit");
        record.bodyLength = cursor.offset;
        bytes calldata signer = data.take(cursor, 33, "signer");
        if (signer[0] != 0x02 && signer[0] != 0x03) {
            revert ByteReader.ByteReaderMalformed("signer", record.bodyLength);
        }
        (record.signerParity, record.signerX) = (signer[0], bytes32(signer[1:]));
        bytes calldata signature = data.take(cursor, 64, "signature");
        (record.r, record.s) = (bytes32(signature), bytes32(signature[32:]));
        record.preimage = _readPreimage(data, cursor, record.kind);
        record.envelope = data.long(cursor, ENVELOPE_MAX, "envelope");
        bytes32 audit = record.envelope.length == 0 ? bytes32(0) : sha256(record.envelope);
        if (record.audit != audit) revert ByteReader.ByteReaderMalformed("audit", record.bodyLength - 32);
        data.end(cursor, "record");
    }

    /// @notice The kind of a record's body that is known to be well formed, and whether it names a coin.
    /// @dev What was applied was decoded by a quorum; its id leaves no other bytes. Decoding it again costs
    /// as much as verifying a signature.
    function readInputs(bytes calldata body, Outpoint memory coin) internal pure returns (uint8 kind, bool isNamed) {
        ByteReader.Cursor memory cursor;
        kind = body.u8(cursor, "kind");
        for (uint256 count = body.u8(cursor, "inputs"); count > 0 && !isNamed; --count) {
            bytes calldata outpoint = body.take(cursor, 33, "inputs");
            isNamed = bytes32(outpoint) == coin.id && uint8(outpoint[32]) == coin.index;
        }
    }

    /// @notice One output of a deposit or of a record's body that is known to be well formed.
    /// @return output The output, if `index` is below `count`.
    /// @return count How many outputs there are.
    function readOutputAt(bytes calldata parent, uint8 index) internal pure returns (Output memory output, uint256 count) {
        ByteReader.Cursor memory cursor;
        if (parent.u8(cursor, "kind") == DEPOSIT) {
            (cursor.offset, count) = (9, 1);
        } else {
            cursor.offset = 2 + 33 * uint256(parent.u8(cursor, "inputs"));
            count = parent.u8(cursor, "outputs");
        }
        if (index >= count) return (output, count);
        cursor.offset += 31 * uint256(index);
        output = readOutput(parent, cursor);
    }

    /// @notice Decodes a deposit.
    function decodeDeposit(bytes calldata data) internal pure returns (Deposit memory made) {
        ByteReader.Cursor memory cursor;
        if (data.u8(cursor, "kind") != DEPOSIT) revert ByteReader.ByteReaderMalformed("kind", 0);
        made.seq = data.safe(cursor, "seq");
        uint256 start = cursor.offset;
        made.output = readOutput(data, cursor);
        if (made.output.lock != LOCK_KEY) revert ByteReader.ByteReaderMalformed("lock", start);
        data.end(cursor, "deposit");
    }

    /// @notice Reads an output that other things follow.
    function readOutput(bytes calldata data, ByteReader.Cursor memory cursor)
        internal
        pure
        returns (Output memory output)
    {
        _readOutput(data, cursor, output);
    }

    function _readOutput(bytes calldata data, ByteReader.Cursor memory cursor, Output memory output) private pure {
        uint256 start = cursor.offset;
        output.lock = data.u8(cursor, "lock");
        if (output.lock > LOCK_REPLACEMENT) revert ByteReader.ByteReaderMalformed("lock", start);
        output.owner = bytes20(uint160(data.number(cursor, 20, "owner")));
        if (output.lock == LOCK_BURN && output.owner != 0) {
            revert ByteReader.ByteReaderMalformed("owner", start + 1);
        }
        output.custodian = data.u16(cursor, "custodian");
        output.amount = data.u64(cursor, "amount");
        if (output.amount == 0) revert ByteReader.ByteReaderMalformed("amount", start + 23);
    }

    function _readInputs(bytes calldata data, ByteReader.Cursor memory cursor, uint8 kind)
        private
        pure
        returns (Outpoint[] memory inputs)
    {
        uint256 start = cursor.offset;
        uint256 count = data.u8(cursor, "inputs");
        if (count == 0 || count > INPUTS_MAX || (kind == CLAIM && count != 1)) {
            revert ByteReader.ByteReaderMalformed("inputs", start);
        }
        inputs = new Outpoint[](count);
        for (uint256 i = 0; i < count; ++i) {
            start = cursor.offset;
            bytes calldata outpoint = data.take(cursor, 33, "inputs");
            (inputs[i].id, inputs[i].index) = (bytes32(outpoint), uint8(outpoint[32]));
            if (i > 0 && !_isAscending(inputs[i - 1], inputs[i])) {
                revert ByteReader.ByteReaderMalformed("inputs", start);
            }
        }
    }

    function _readOutputs(bytes calldata data, ByteReader.Cursor memory cursor)
        private
        pure
        returns (Output[] memory outputs)
    {
        uint256 start = cursor.offset;
        uint256 count = data.u8(cursor, "outputs");
        if (count == 0 || count > OUTPUTS_MAX) revert ByteReader.ByteReaderMalformed("outputs", start);
        outputs = new Output[](count);
        for (uint256 i = 0; i < count; ++i) {
            start = cursor.offset;
            _readOutput(data, cursor, outputs[i]);
            if (outputs[i].lock == LOCK_REPLACEMENT) revert ByteReader.ByteReaderMalformed("lock", start);
        }
    }

    function _readPreimage(bytes calldata data, ByteReader.Cursor memory cursor, uint8 kind)
        private
        pure
        returns (bytes32)
    {
        uint256 start = cursor.offset;
        bytes calldata preimage = data.short(cursor, PREIMAGE_LENGTH, "preimage");
        if (preimage.length != (kind == CLAIM ? PREIMAGE_LENGTH : 0)) {
            revert ByteReader.ByteReaderMalformed("preimage", start);
        }
        return bytes32(preimage);
    }

    function _isAscending(Outpoint memory a, Outpoint memory b) private pure returns (bool) {
        return a.id < b.id || (a.id == b.id && a.index < b.index);
    }
}
