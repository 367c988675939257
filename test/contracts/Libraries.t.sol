// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ByteReader} from "../../contracts/libraries/ByteReader.sol";
import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {LibraryHarness} from "../../contracts/test/LibraryHarness.sol";
import {Chain} from "./support/Chain.sol";
import {vm} from "./support/Vm.sol";

/// @title The libraries over random input
contract LibrariesTest is Chain {
    LibraryHarness private _libraries;

    function setUp() public {
        _libraries = new LibraryHarness();
        address[] memory validators = new address[](MEMBERS);
        for (uint16 i = 0; i < MEMBERS; ++i) validators[i] = vm.addr(validatorKeyOf(i + 1));
        _libraries.storeValidators(validators);
    }

    // Inclusion.

    /// Every leaf of a tree is under its root by its own path, and by no other index, count or leaf.
    function testFuzz_InclusionHoldsForTheLeafAlone(uint256 seed, uint256 count, uint256 index) public view {
        count = 1 + count % 33;
        index %= count;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = keccak256(abi.encode(seed, i));
        bytes32 leaf = leaves[index];
        (bytes32 root, bytes32[] memory path) = _rootAndPath(leaves, index);

        require(_libraries.isIncluded(leaf, index, count, path, root), "a true proof is refused");
        require(!_libraries.isIncluded(~leaf, index, count, path, root), "another leaf");
        require(!_libraries.isIncluded(leaf, index, count, path, ~root), "another root");
        require(!_libraries.isIncluded(leaf, count + index, count, path, root), "an index past the end");
        for (uint256 i = 0; i < count; ++i) {
            require(i == index || !_libraries.isIncluded(leaf, i, count, path, root), "another index");
        }
    }

    /// No proof reads past its path or leaves some of it unread.
    function testFuzz_InclusionUsesThePathWhole(uint256 seed, uint256 count, uint256 index) public view {
        count = 2 + count % 32;
        index %= count;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = keccak256(abi.encode(seed, i));
        bytes32 leaf = leaves[index];
        (bytes32 root, bytes32[] memory path) = _rootAndPath(leaves, index);

        bytes32[] memory longer = new bytes32[](path.length + 1);
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
            if (i + 1 < path.length) shorter[i] = path[i];
        }
        require(!_libraries.isIncluded(leaf, index, count, longer, root), "a node too many");
        require(!_libraries.isIncluded(leaf, index, count, shorter, root), "a node too few");
    }

    // Quorums.

    /// Any set of validators is a quorum exactly if it is large enough.
    function testFuzz_QuorumIsAnyThreeOfFour(bytes32 digest, uint8 chosen) public {
        (bytes memory signatures, uint256 count) = _signedByChosen(digest, chosen % 16);
        if (count < QUORUM) {
            vm.expectRevert(abi.encodeWithSelector(Quorum.QuorumNotReached.selector, count, QUORUM));
        }
        _libraries.checkQuorum(digest, signatures);
    }

    /// Signatures over one digest are none over another.
    function testFuzz_QuorumIsForOneDigest(bytes32 digest, bytes32 other) public {
        vm.assume(digest != other);
        bytes memory signatures = signedBy(MEMBERS, digest);
        vm.expectPartialRevert(Quorum.QuorumNotValidator.selector);
        _libraries.checkQuorum(other, signatures);
    }

    /// A stranger's signature spoils any quorum.
    function testFuzz_QuorumHasNoStranger(bytes32 digest, uint256 key) public {
        key = 1 + key % (1 << 200);
        address stranger = vm.addr(key);
        for (uint16 i = 1; i <= MEMBERS; ++i) vm.assume(stranger != vm.addr(validatorKeyOf(i)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes memory signatures = bytes.concat(r, s, bytes1(v), signedBy(QUORUM, digest));
        vm.expectRevert(abi.encodeWithSelector(Quorum.QuorumNotValidator.selector, stranger));
        _libraries.checkQuorum(digest, signatures);
    }

    // Keys and records.

    /// A compressed key is one exactly if its x has a y, as squaring a root shows.
    function testFuzz_KeysAreOnTheCurve(uint256 x, bool odd) public view {
        bytes memory key = abi.encodePacked(odd ? bytes1(0x03) : bytes1(0x02), x);
        bool hasY = false;
        if (x < P256.P) {
            uint256 p = P256.P;
            uint256 square = addmod(mulmod(addmod(mulmod(x, x, p), P256.A, p), x, p), P256.B, p);
            uint256 y = Math.modExp(square, (p + 1) / 4, p);
            hasY = P256.isValidPublicKey(bytes32(x), bytes32(y));
        }
        require(_libraries.isCompressedPoint(key) == hasY, "on the curve or not");
    }

    /// Random bytes are refused by name, never by a panic; the decoder never reads past their end.
    function testFuzz_RecordsRefuseRandomBytes(bytes calldata data, uint8 kind) public view {
        bytes memory record = bytes.concat(bytes1(kind % 4), data);
        try _libraries.decodeRecord(record) {}
        catch (bytes memory reason) {
            require(bytes4(reason) == ByteReader.ByteReaderMalformed.selector, "another refusal");
            (, uint256 offset) = abi.decode(_withoutSelector(reason), (bytes32, uint256));
            require(offset <= record.length, "an offset past the end");
        }
    }

    function _signatureAt(bytes memory all, uint256 i) private pure returns (bytes memory signature) {
        signature = new bytes(65);
        for (uint256 j = 0; j < 65; ++j) signature[j] = all[65 * i + j];
    }

    function _withoutSelector(bytes memory reason) private pure returns (bytes memory arguments) {
        arguments = new bytes(reason.length - 4);
        for (uint256 i = 0; i < arguments.length; ++i) arguments[i] = reason[i + 4];
    }

    function _signedByChosen(bytes32 digest, uint8 chosen)
        private
        pure
        returns (bytes memory signatures, uint256 count)
    {
        bytes memory all = signedBy(MEMBERS, digest);
        for (uint256 i = 0; i < MEMBERS; ++i) {
            if (chosen & (1 << i) == 0) continue;
            ++count;
            signatures = bytes.concat(signatures, _signatureAt(all, i));
        }
    }

    /// As RFC 6962 says it: split at the greatest power of two below the size.
    function _rootAndPath(bytes32[] memory leaves, uint256 index)
        private
        pure
        returns (bytes32 root, bytes32[] memory path)
    {
        return _split(leaves, 0, leaves.length, index);
    }

    function _split(bytes32[] memory leaves, uint256 start, uint256 size, uint256 index)
        private
        pure
        returns (bytes32, bytes32[] memory)
    {
        if (size == 1) return (leaves[start], new bytes32[](0));
        uint256 left = 1;
        while (2 * left < size) left *= 2;
        bool isLeft = index < left;
        (bytes32 near, bytes32[] memory below) =
            isLeft ? _split(leaves, start, left, index) : _split(leaves, start + left, size - left, index - left);
        bytes32 far = isLeft ? _root(leaves, start + left, size - left) : _root(leaves, start, left);
        bytes32[] memory path = new bytes32[](below.length + 1);
        for (uint256 i = 0; i < below.length; ++i) path[i] = below[i];
        path[below.length] = far;
        return (isLeft ? _node(near, far) : _node(far, near), path);
    }

    function _root(bytes32[] memory leaves, uint256 start, uint256 size) private pure returns (bytes32) {
        if (size == 1) return leaves[start];
        uint256 left = 1;
        while (2 * left < size) left *= 2;
        return _node(_root(leaves, start, left), _root(leaves, start + left, size - left));
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
