// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {IMemberRegistry} from "../../../contracts/interfaces/IMemberRegistry.sol";
import {IReserveToken} from "../../../contracts/interfaces/IReserveToken.sol";
import {ISettlement} from "../../../contracts/interfaces/ISettlement.sol";
import {behindProxy, deployArtifact} from "./Artifacts.sol";
import {vm} from "./Vm.sol";

/**
 * @title A consortium of four behind proxies, whose administrator is this contract
 * @notice No function is given to a role, so each restricted one is the administrator's, which is an
 * arbiter too.
 */
abstract contract Chain {
    uint16 internal constant MEMBERS = 4;
    uint256 internal constant QUORUM = 3;
    uint128 internal constant QUOTA = 1 << 100;

    IMemberRegistry internal registry;
    IReserveToken internal token;
    ISettlement internal settlement;

    function deploy() internal {
        address manager = deployArtifact("AccessManager.sol:AccessManager", abi.encode(this));
        registry = IMemberRegistry(
            behindProxy(
                deployArtifact("MemberRegistry.sol:MemberRegistry", ""),
                manager,
                abi.encodeCall(IMemberRegistry.initialize, (manager, _parameters()))
            )
        );
        token = IReserveToken(
            deployArtifact("ReserveToken.sol:ReserveToken", abi.encode(manager, "Reserves", "RSV", uint8(2)))
        );
        settlement = ISettlement(
            behindProxy(
                deployArtifact("Settlement.sol:Settlement", abi.encode(registry, token)),
                manager,
                abi.encodeCall(ISettlement.initialize, (manager))
            )
        );
        registry.setWriter(address(settlement), true);
        settlement.setArbiter(address(this), true);
        token.setParticipant(address(settlement), true);
        token.setParticipant(address(this), true);
        token.mint(address(this), 1 << 127);
        token.approve(address(settlement), type(uint256).max);
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            registry.admit(member, _admission(member));
            token.setParticipant(operatorOf(member), true);
        }
    }

    function operatorOf(uint16 member) internal pure returns (address) {
        return address(uint160(0x1000 + uint256(member)));
    }

    function validatorKeyOf(uint16 member) internal pure returns (uint256) {
        return 0xbeef + uint256(member);
    }

    /// Signatures over a digest by members 1 to `count`, ascending by validator.
    function signedBy(uint256 count, bytes32 digest) internal pure returns (bytes memory signatures) {
        address[] memory validators = new address[](count);
        for (uint16 i = 0; i < count; ++i) validators[i] = vm.addr(validatorKeyOf(i + 1));
        Arrays.sort(validators);
        for (uint256 i = 0; i < count; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keyOf(validators[i]), digest);
            signatures = bytes.concat(signatures, r, s, bytes1(v));
        }
    }

    function _keyOf(address validator) private pure returns (uint256) {
        for (uint16 member = 1; member <= MEMBERS; ++member) {
            if (vm.addr(validatorKeyOf(member)) == validator) return validatorKeyOf(member);
        }
        revert("no such validator");
    }

    function _parameters() private pure returns (IMemberRegistry.Parameters memory) {
        return IMemberRegistry.Parameters({
            version: 1,
            penaltyPercent: 200,
            confirmations: 0,
            blockPeriodMs: 250,
            minCycle: 2,
            receiptLife: 7 days,
            reclaimDelay: 14 days,
            claimPeriod: 30 days,
            retention: 400 days
        });
    }

    function _admission(uint16 member) private pure returns (IMemberRegistry.Admission memory) {
        // These are coordinates of points of P-256.
        uint8[4] memory xs = [5, 6, 8, 9];
        bytes memory key = bytes.concat(bytes1(0x02), bytes32(uint256(xs[member - 1])));
        return IMemberRegistry.Admission({
            operator: operatorOf(member),
            profile: IMemberRegistry.Profile({name: "Member", bic: "TALLYS01", lei: "00000000000000000001"}),
            keys: IMemberRegistry.Keys({
                validator: vm.addr(validatorKeyOf(member)),
                issuer: key,
                treasury: key,
                intake: key
            }),
            peer: IMemberRegistry.Peer({id: string(bytes.concat("peer ", key)), addresses: new string[](0)}),
            quota: QUOTA,
            guarantee: 0
        });
    }
}
