// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/**
 * @title The validators of a moment, kept as the code of an account
 * @notice Reading code costs one cold account for the whole set where storage costs a cold slot for each
 * validator: 2,600 gas against 6,300 at three signatures, 23,100 at eleven. The account is a clone of
 * nothing: what matters is the argument behind it, which never changes. Another set is another account.
 */
library ValidatorSet {
    /// @notice Keeps a set, in ascending order, and says where.
    function store(address[] memory validators) internal returns (address) {
        return Clones.cloneWithImmutableArgs(address(0), abi.encode(Arrays.sort(validators)));
    }

    /// @notice Reads a set that was kept, ascending.
    function load(address set) internal view returns (address[] memory) {
        return abi.decode(Clones.fetchCloneArgs(set), (address[]));
    }
}
