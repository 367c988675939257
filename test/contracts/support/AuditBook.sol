// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditLog} from "../../../contracts/interfaces/IAuditLog.sol";
import {behindProxy, deployArtifact} from "./Artifacts.sol";
import {vm} from "./Vm.sol";

/**
 * @title The audit log, driven at random
 * @notice Keeps beside it who approved what and when. Every call is one that a regulator, the authority or a
 * holder may make, so none may be refused.
 */
contract AuditBook {
    /// x of P-256's generator, which is a compressed point under 02 or 03.
    bytes private constant KEY = hex"036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

    IAuditLog public log;
    uint256 private _accounts;
    uint256 private _now = 1_000_000;
    mapping(uint64 id => uint256) private _approvals;
    mapping(uint64 id => mapping(uint256 number => bool)) private _approved;
    mapping(uint64 id => uint256) private _approvedLast;
    uint256 private _granted;
    mapping(bytes4 action => uint256) public effects;

    constructor() {
        address manager = deployArtifact("AccessManager.sol:AccessManager", abi.encode(this));
        bytes memory open = abi.encodeCall(IAuditLog.initialize, (manager));
        log = IAuditLog(behindProxy(deployArtifact("AuditLog.sol:AuditLog", ""), manager, open));
        vm.warp(_now);
    }

    // Actions.

    function addEpoch(uint8 threshold, uint8 count) external {
        uint256 holders = 1 + count % 32;
        address[] memory accounts = new address[](holders);
        for (uint256 i = 0; i < holders; ++i) accounts[i] = _account();
        uint32 epoch = log.epochCount() + 1;
        log.addEpoch(epoch, KEY, bytes32(uint256(epoch)), uint8(1 + threshold % holders), accounts);
        ++effects[this.addEpoch.selector];
    }

    function replaceHolder(uint32 epoch, uint8 number) external {
        if (log.epochCount() == 0) return;
        epoch = 1 + epoch % log.epochCount();
        uint256 holders = log.getEpoch(epoch).holders.length;
        log.replaceHolder(epoch, uint8(1 + number % holders), _account());
        ++effects[this.replaceHolder.selector];
    }

    function ask(uint32 epoch, uint32 term) external {
        if (log.epochCount() == 0) return;
        epoch = 1 + epoch % log.epochCount();
        log.request(epoch, keccak256("subject"), keccak256("basis"), KEY, uint64(_now + 1 + term % 366 days));
        ++effects[this.ask.selector];
    }

    function approve(uint64 id, uint8 number) external {
        if (log.requestCount() == 0) return;
        id = 1 + id % log.requestCount();
        IAuditLog.Disclosure memory asked = log.getDisclosure(id);
        IAuditLog.Epoch memory epoch = log.getEpoch(asked.epoch);
        uint256 holder = number % epoch.holders.length;
        if (_approved[id][holder] || _now > asked.until) return;
        vm.prank(epoch.holders[holder]);
        log.approve(id);
        _approved[id][holder] = true;
        _approvedLast[id] = _now;
        if (++_approvals[id] == epoch.threshold) ++_granted;
        ++effects[this.approve.selector];
    }

    function wait(uint32 time) external {
        _now += time % 90 days;
        vm.warp(_now);
        ++effects[this.wait.selector];
    }

    // What always holds.

    function checkGrants() external view {
        require(log.grantCount() == _granted, "grants are counted");
        for (uint64 id = 1; id <= log.requestCount(); ++id) {
            IAuditLog.Disclosure memory asked = log.getDisclosure(id);
            IAuditLog.Epoch memory epoch = log.getEpoch(asked.epoch);
            require(asked.approvals == _approvals[id], "approvals are counted, once a holder");
            require(_bits(asked.approvedBy) == asked.approvals, "each approval has its holder");
            require(asked.approvals <= epoch.holders.length, "no more approve than there are holders");
            require(asked.approvedBy >> epoch.holders.length == 0, "holders alone approve");
            require(_approvedLast[id] <= asked.until, "nothing is approved after its end");
            bool isGranted = asked.approvals >= epoch.threshold && _now <= asked.until;
            require(log.isGranted(id) == isGranted, "granted by the threshold, until the end");
        }
        require(!log.isGranted(0) && !log.isGranted(log.requestCount() + 1), "what nobody asked for");
    }

    function checkHolders() external view {
        for (uint32 number = 1; number <= log.epochCount(); ++number) {
            IAuditLog.Epoch memory epoch = log.getEpoch(number);
            require(epoch.threshold > 0 && epoch.threshold <= epoch.holders.length, "it can be reached");
            require(epoch.holders.length <= 32, "the bits suffice");
        }
    }

    /// Another one each time.
    function _account() private returns (address) {
        return address(uint160(0x1000 + ++_accounts));
    }

    function _bits(uint32 set) private pure returns (uint256 count) {
        for (; set != 0; set &= set - 1) ++count;
    }
}
