// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @title Proofs that an entry is under a root (RFC 6962 over SHA-256)
 * @notice An entry is hashed as SHA-256(00 ‖ entry), a node as SHA-256(01 ‖ left ‖ right); an odd node is
 * carried up.
 */
library Inclusion {
    /// @notice The hash that an entry has as a leaf of the tree.
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), entry));
    }

    /// @notice Whether `leaf` stands at `index` of the `count` leaves under `root`.
    /// @param path Sibling hashes from the leaf up, neither more nor fewer than there are.
    function isIncluded(bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata path, bytes32 root)
        internal
        view
        returns (bool)
    {
        if (index >= count) return false;
        bytes32 hash = leaf;
        uint256 used = 0;
        // `index` is the node's place in its row, `last` that of the row's last node.
        for (uint256 last = count - 1; last > 0; last >>= 1) {
            // A row that ends before the node's sibling carries the node up.
            if (index ^ 1 <= last) {
                if (used == path.length) return false;
                // Behind the memory in use, from call data as it is: `sha256(abi.encodePacked(…))` costs
                // three times as much, and a cycle of 2^17 records asks for it seventeen times.
                assembly ("memory-safe") {
                    let free := mload(0x40)
                    let side := shl(5, and(index, 1))
                    mstore8(free, 0x01)
                    mstore(add(free, add(0x01, side)), hash)
                    mstore(add(free, sub(0x21, side)), calldataload(add(path.offset, shl(5, used))))
                    if iszero(staticcall(gas(), 0x02, free, 0x41, 0x00, 0x20)) { revert(0x00, 0x00) }
                    hash := mload(0x00)
                    used := add(used, 1)
                }
            }
            index >>= 1;
        }
        return used == path.length && hash == root;
    }
}
