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
        pure
        returns (bool)
    {
        if (index >= count) return false;
        bytes32 hash = leaf;
        uint256 used = 0;
        // `index` is the node's place in its row, `last` that of the row's last node.
        for (uint256 last = count - 1; last > 0; last >>= 1) {
            bool isCarried = index == last && index % 2 == 0;
            if (!isCarried) {
                if (used == path.length) return false;
                bytes32 sibling = path[used++];
                hash = index % 2 == 0 ? _node(hash, sibling) : _node(sibling, hash);
            }
            index >>= 1;
        }
        return used == path.length && hash == root;
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
