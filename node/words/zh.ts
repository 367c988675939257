/** What explains records, double spends and cases, in Chinese. */
import { wordsOf } from "../../protocol/refusal-words.ts";
import type { ExplainWords } from "./en.ts";

const days = (seconds: number) =>
  seconds < 172_800 ? `${seconds} 秒` : `${Math.floor(seconds / 86_400)} 天`;

const openCycle = (cycle: number, isOpen: boolean) =>
  isOpen ? `第 ${cycle} 周期尚未关闭。` : `第 ${cycle} 周期已关闭，等待法定数量的签名。`;

const ruling = (isDoubleSpend: boolean, when: string) =>
  isDoubleSpend
    ? `监管机构${when}作出裁定。`
    : `若保证金足够且其他主张留有余地，任何人均可使本案裁定为支持申请方；否则由监管机构${when}作出裁定。`;

export const zh: ExplainWords = {
  record: {
    neverSeen: "本节点从未见过它。",
    letSync: "如果它由某台设备生成，请让该设备或其收款设备与网络中的任一网关同步。",
    settlesWhenever: "一旦能够生效即行结算：记录不会过期。",
    waitsForBatch: "它已通过检查，等待编入批次。",
    waits: (code, detail) =>
      code === undefined
        ? `它正在等待：${detail}。`
        : `它正在等待：${wordsOf(code, "zh").title}（${detail}）。`,
    remedy: (code) => wordsOf(code, "zh").remedy,
    unmade: (outpoint) => `此处已知的记录或存入均未生成币 ${outpoint}。`,
    unknownPayer: "付款方的密钥未在任何成员处注册：其币从未在账本上存在。",
    whoVouched: (member) =>
      `如果收款方曾看到该币的回执，则由付款方密钥所注册的成员 ${member} 签署。如果该币始终不出现，回执即为虚假，由成员 ${member} 按回执金额赔付：收款方的银行凭回执提起案件。`,
    applied: (seq, block, batchOf, cycle) =>
      `它已在事件 ${seq}${block === undefined ? "" : `（区块 ${block}）`}${batchOf === undefined ? "" : `由成员 ${batchOf} 的批次`}生效，属于第 ${cycle} 周期：币已转手。`,
    settled: (cycle) => `第 ${cycle} 周期已结算：准备金已在银行之间划转。`,
    cycleOpen: (cycle) => `第 ${cycle} 周期尚未关闭：关闭并结算后划转准备金。`,
    cycleClosed: (cycle) => `第 ${cycle} 周期已关闭：法定数量的成员签署检查点后划转准备金。`,
    refused: (seq, block, code, detail) => {
      const place = block === undefined ? "" : `（区块 ${block}）`;
      const when = seq === undefined ? "它" : `它在事件 ${seq}${place}排序，但`;
      return `${when}未能生效（${code}）：${detail ?? "未保存原因"}。账本未因此改变。`;
    },
  },
  conflict: {
    alsoNamed: (coin, other) => `它的币 ${coin} 也被较晚到达的记录 ${other} 使用。`,
    stands: "本记录取得了该币并有效：其收款方没有任何损失。",
    waitsFor: (record) => `它等待记录 ${record}，后者的一枚币被另一条记录取走。`,
    rightAfter: "该记录生效后，它随即生效。",
    happened: (coin, amount, won, reclaimBy, seq, cycle, lost) =>
      `币 ${coin}（${amount}）被花费两次：${reclaimBy === undefined ? "记录" : `成员 ${reclaimBy} 的收回`} ${won} 在第 ${cycle} 周期的事件 ${seq} 先取得；记录 ${lost} 来迟了。`,
    hindered: (detail) => `一旦没有其他阻碍即行报告；目前的阻碍是：${detail}。`,
    waiting: (member, cycle, isOpen) =>
      `第 ${cycle} 周期结算后，该币由成员 ${member} 的保证金再次兑付，且只付给本记录。${openCycle(cycle, isOpen)}由各成员办理，其他人无需做任何事。`,
    unpaid: "本网络尚无兑付双花的合约。请保存证据。",
    due: (member, cycle) =>
      `第 ${cycle} 周期已结算：某一成员将在数秒内报告双花，该币由成员 ${member} 的保证金再次兑付。`,
    queued: (member) =>
      `已获证明，正在成员 ${member} 的队列中等待，其保证金不足。成员 ${member} 补足保证金后按先后顺序兑付；在此之前成员 ${member} 不能接受存入。`,
    restituted: (member, delayS) =>
      `该币已由成员 ${member} 的保证金为本记录再次生成。记录将再次编入批次并在数秒内生效；如果始终未到，成员 ${member} 可在 ${days(delayS)}后收回该币。`,
    paid: "它失去的全部金额已再次兑付，并已生效：收款方已得到款项。",
    reclaimed: (member, delayS) =>
      `该币已再次兑付，但记录在 ${days(delayS)}内未到：成员 ${member} 已将其收回。`,
    void: (code, detail) => `它违反规则，无论用哪枚币都不能生效（${code}）：${detail}。不予赔付。`,
    aboveGuarantee: (member) =>
      `成员 ${member} 对该设备的担保额度已用尽。成员可为持有人提起案件；若担保额度提高，将再次申请。`,
    bondNeeded: (member) =>
      `成员 ${member} 已收回该币，其保证金除其他用途外不足以赔付。若成员 ${member} 补足保证金，将再次申请；成员可为持有人提起案件。`,
    tooLate: "报告期限已过。成员可为持有人提起案件。",
    pairTaken: "该币已再次兑付给另一条记录：同一枚币不会向双方兑付。",
    notNow: (detail) => `合约目前不予兑付（${detail}）；将再次申请。`,
    paysNothing: (member) => `成员 ${member} 无需赔付：落败的记录本来就不能生效。`,
    pays: (member, amount) => `成员 ${member} 从其保证金再次兑付该币 ${amount}。`,
    noFine: (member) => `成员 ${member} 在其回执仍有效时收回了该币：这不是欺诈，没有罚金。`,
    fine: (amount, isVault) =>
      `它还须支付罚金 ${amount}：${isVault ? "其自身的金库密钥" : "其客户的密钥"}签署了两条记录。`,
    signedOnce: (owner) => `密钥所有者 ${owner} 只签署过一次，且及时：对其没有任何追究。`,
    signedBoth: (owner, vaultOf, isRevoked) =>
      `密钥所有者 ${owner}${vaultOf === undefined ? "" : `（成员 ${vaultOf} 的金库密钥）`}签署了两条记录，他人无法做到，${isRevoked ? "已因此被吊销" : "报告后将被吊销"}。`,
  },
  case: {
    "double-spend": (accused) => `成员 ${accused} 的一枚币被两条记录使用，且不能以报告方式赔付`,
    "false-receipt": (accused) => `成员 ${accused} 为不存在的币签署了回执`,
    "false-certificate": (accused) => `成员 ${accused} 为未注册的密钥签署了证书`,
    asks: (claimant, amount, accused, subject) =>
      `成员 ${claimant} 要求从成员 ${accused} 的保证金支付 ${amount}，理由：${subject}。`,
    unanswered: (accused, until, isDoubleSpend, ruledUntil) =>
      `成员 ${accused} 在 ${until} 之前未作答复。${ruling(isDoubleSpend, `在 ${ruledUntil} 之前`)}逾期本案失效。`,
    mayAnswer: (accused, until, isDoubleSpend, periodS) =>
      `成员 ${accused} 可在 ${until} 之前答复。如不答复：${ruling(isDoubleSpend, `在其后 ${days(periodS)}内`)}`,
    unruled: (until) =>
      `已答复，但监管机构在 ${until} 之前未裁定：任何人均可使其失效，并可重新提起。`,
    answered: (until) => `已答复。监管机构在 ${until} 之前裁定；逾期本案失效，可重新提起。`,
    ruled: (accused) => `裁定支持申请方：任何人均可申请执行，由成员 ${accused} 的保证金支付。`,
    enforced: (accused) => `已执行：成员 ${accused} 的保证金已支付，或按顺序支付。`,
    dismissed: (claimant) =>
      `裁定不支持成员 ${claimant}：不予支付，且成员 ${claimant} 不得就同一事项再次提起。`,
    lapsed: "本案未经裁定而终结，未作任何支付：可重新提起。",
    none: (caseId) => `没有案件 ${caseId}。`,
  },
};
