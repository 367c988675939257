// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @title Big-endian bytes, read strictly
 * @notice A cursor knows where it stands, so that a refusal names the field and its offset; nothing is
 * read past the end, and nothing may be left over.
 */
library ByteReader {
    struct Cursor {
        uint256 offset;
    }

    /// @notice The bytes are not what they say they are.
    /// @param field The field, as text.
    /// @param offset Where it starts, in bytes from the start of the structure.
    error ByteReaderMalformed(bytes32 field, uint256 offset);

    /// @notice The next `length` bytes.
    function take(bytes calldata data, Cursor memory cursor, uint256 length, bytes32 field)
        internal
        pure
        returns (bytes calldata)
    {
        uint256 start = _advance(data, cursor, length, field);
        return data[start:start + length];
    }

    /// @notice The next `length` bytes, 1 to 32, as a number.
    function number(bytes calldata data, Cursor memory cursor, uint256 length, bytes32 field)
        internal
        pure
        returns (uint256 value)
    {
        uint256 start = _advance(data, cursor, length, field);
        // A slice as a number costs three times as much: its bounds are checked again, and again.
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, length)), calldataload(add(data.offset, start)))
        }
    }

    function u8(bytes calldata data, Cursor memory cursor, bytes32 field) internal pure returns (uint8) {
        return uint8(number(data, cursor, 1, field));
    }

    function u16(bytes calldata data, Cursor memory cursor, bytes32 field) internal pure returns (uint16) {
        return uint16(number(data, cursor, 2, field));
    }

    function u64(bytes calldata data, Cursor memory cursor, bytes32 field) internal pure returns (uint64) {
        return uint64(number(data, cursor, 8, field));
    }

    /// @notice The next 32 bytes.
    function word(bytes calldata data, Cursor memory cursor, bytes32 field) internal pure returns (bytes32) {
        return bytes32(number(data, cursor, 32, field));
    }

    /// @notice A u64 that is a count or a time: below 2^53.
    function safe(bytes calldata data, Cursor memory cursor, bytes32 field) internal pure returns (uint64 value) {
        uint256 start = cursor.offset;
        value = u64(data, cursor, field);
        if (value >= 1 << 53) revert ByteReaderMalformed(field, start);
    }

    /// @notice Bytes after a u8 length of at most `max`.
    function short(bytes calldata data, Cursor memory cursor, uint256 max, bytes32 field)
        internal
        pure
        returns (bytes calldata)
    {
        uint256 start = cursor.offset;
        uint256 length = u8(data, cursor, field);
        if (length > max) revert ByteReaderMalformed(field, start);
        return take(data, cursor, length, field);
    }

    /// @notice Bytes after a u16 length of at most `max`.
    function long(bytes calldata data, Cursor memory cursor, uint256 max, bytes32 field)
        internal
        pure
        returns (bytes calldata)
    {
        uint256 start = cursor.offset;
        uint256 length = u16(data, cursor, field);
        if (length > max) revert ByteReaderMalformed(field, start);
        return take(data, cursor, length, field);
    }

    /// @notice Refuses bytes left over. To be called last.
    function end(bytes calldata data, Cursor memory cursor, bytes32 structure) internal pure {
        if (cursor.offset != data.length) revert ByteReaderMalformed(structure, cursor.offset);
    }

    /// Passes `length` bytes, which are a few thousand at most.
    /// @return start Where they start.
    function _advance(bytes calldata data, Cursor memory cursor, uint256 length, bytes32 field)
        private
        pure
        returns (uint256 start)
    {
        start = cursor.offset;
        unchecked {
            uint256 after_ = start + length;
            if (after_ > data.length) revert ByteReaderMalformed(field, start);
            cursor.offset = after_;
        }
    }
}
