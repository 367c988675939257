// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title P-256 public keys in their compressed form (SEC 1, 2.3.3)
library PublicKey {
    /// @notice Whether `key` is 02 or 03 and the x of a point of the curve: x³ + ax + b has a square root,
    /// which by Euler's criterion one exponentiation shows.
    function isCompressedPoint(bytes calldata key) internal view returns (bool) {
        if (key.length != 33 || (key[0] != 0x02 && key[0] != 0x03)) return false;
        uint256 x = uint256(bytes32(key[1:]));
        if (x >= P256.P) return false;
        uint256 square = addmod(mulmod(addmod(mulmod(x, x, P256.P), P256.A, P256.P), x, P256.P), P256.B, P256.P);
        return Math.modExp(square, (P256.P - 1) / 2, P256.P) == 1;
    }

    /// @notice Whether r and s are a signature over `digest`, with low s, by the compressed key (`parity`,
    /// `x`) whose other coordinate is `y`. By the precompile where the chain has it.
    function isSigned(bytes32 digest, bytes32 r, bytes32 s, bytes1 parity, bytes32 x, bytes32 y)
        internal
        view
        returns (bool)
    {
        return uint8(parity) == 2 + uint256(y) % 2 && P256.verify(digest, r, s, x, y);
    }
}
