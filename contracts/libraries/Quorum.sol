// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ValidatorSet} from "./ValidatorSet.sol";

/**
 * @title Enough members said so
 * @notice Counts signatures of validators over one digest. With q = n − ⌊(n − 1) / 3⌋ of n, any two
 * quorums share an honest member while fewer than a third of them lie.
 */
library Quorum {
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @notice The byte string is not a whole number of signatures.
    error QuorumMalformed(uint256 length);
    /// @notice Fewer signatures than members must sign.
    error QuorumNotReached(uint256 given, uint256 needed);
    /// @notice Signers ascend by address, each once.
    error QuorumNotAscending(address previous, address signer);
    /// @notice The signer is no validator of an active member: one that was suspended or removed, a
    /// stranger, or whoever a signature over another statement, chain, contract or network seems to name.
    error QuorumNotValidator(address signer);

    /// @notice How many of `members` must sign.
    function size(uint256 members) internal pure returns (uint256) {
        return members == 0 ? 1 : members - (members - 1) / 3;
    }

    /// @notice Refuses unless a quorum of a set signed.
    /// @param digest What they sign.
    /// @param signatures r ‖ s ‖ v each, ascending by signer; more than a quorum is allowed.
    /// @param set Where the active validators are kept.
    function check(bytes32 digest, bytes calldata signatures, address set) internal view {
        if (signatures.length % SIGNATURE_LENGTH != 0) revert QuorumMalformed(signatures.length);
        address[] memory validators = ValidatorSet.load(set);
        uint256 given = signatures.length / SIGNATURE_LENGTH;
        uint256 needed = size(validators.length);
        if (given < needed) revert QuorumNotReached(given, needed);

        // Both ascend, so each signer is found behind the one before, in one pass.
        address previous;
        uint256 next = 0;
        while (signatures.length > 0) {
            address signer = ECDSA.recoverCalldata(digest, signatures[:SIGNATURE_LENGTH]);
            signatures = signatures[SIGNATURE_LENGTH:];
            while (next < validators.length && validators[next] != signer) ++next;
            if (next++ == validators.length) _refuse(validators, previous, signer);
            previous = signer;
        }
    }

    /// A validator that is not found behind the one before was passed already; anyone else is none.
    function _refuse(address[] memory validators, address previous, address signer) private pure {
        for (uint256 i = 0; i < validators.length; ++i) {
            if (validators[i] == signer) revert QuorumNotAscending(previous, signer);
        }
        revert QuorumNotValidator(signer);
    }
}
