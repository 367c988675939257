/** Coins that were spent twice and how far each has come; cases, until when each waits for whom, and what can be done. */
import { api, type CaseRow, type ConflictRow } from "../api.ts";
import { useFormat, useLanguage, useWords } from "../locale.tsx";
import { Command } from "../parts/command.tsx";
import { Id } from "../parts/id.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { Card, View } from "../parts/view.tsx";
import { useAnswer } from "../use-answer.ts";

export function Disputes({ turn }: { readonly turn: number }) {
  const words = useWords();
  const { value: conflicts, error } = useAnswer(() => api.conflicts(), [turn]);
  const language = useLanguage();
  const { value: cases } = useAnswer(() => api.cases(language), [language, turn]);
  return (
    <View title={words.disputes}>
      <Trouble error={error} />
      <Card title={words.cases} isWide>
        {cases?.length === 0 && <p>{words.noCases}</p>}
        {cases?.map((row) => (
          <Case key={row.case} row={row} />
        ))}
      </Card>
      <Card title={words.doubleSpends} isWide>
        {conflicts?.length === 0 && <p>{words.noDoubleSpends}</p>}
        {conflicts !== undefined && conflicts.length > 0 && <Conflicts rows={conflicts} />}
      </Card>
    </View>
  );
}

function Case({ row }: { readonly row: CaseRow }) {
  const words = useWords();
  const { money, time } = useFormat();
  const { case: number, kind, status, amount, deadlineS, sentences } = row;
  return (
    <article class="case">
      <h3>
        <a href={`#/trace/case:${number}`}>
          {words.kindOfCase[kind] ?? kind} {number}
        </a>{" "}
        <span class="badge pending">{words.caseStatus[status] ?? status}</span>
      </h3>
      <p>
        {money(amount)} · {words.until(time(deadlineS))}
      </p>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <details>
        <summary>{words.actions}</summary>
        <p class="hint">{words.actionsHint}</p>
        <Actions row={row} />
      </details>
    </article>
  );
}

/** As `tallystick admin case` has them. */
function Actions({ row: { case: number, status, accused } }: { readonly row: CaseRow }) {
  const words = useWords();
  if (status === "ruled")
    return (
      <>
        <p>{words.enforceCase}</p>
        <Command
          text={`tallystick admin case enforce ${number} --network network.json --key operator.json`}
        />
      </>
    );
  return (
    <>
      {status === "opened" && (
        <>
          <p>{words.answerCase(accused)}</p>
          <Command
            text={`tallystick admin case answer ${number} answer.pdf --network network.json --key operator.json`}
          />
        </>
      )}
      <p>{words.ruleCase}</p>
      {["claimant", "accused"].map((party) => (
        <Command
          key={party}
          text={`tallystick admin case rule ${number} ${party} --network network.json --key regulator.json`}
        />
      ))}
    </>
  );
}

function Conflicts({ rows }: { readonly rows: readonly ConflictRow[] }) {
  const words = useWords();
  const { money, nameOf } = useFormat();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.doubleSpends}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.stage}</th>
            <th scope="col" class="number">
              {words.amount}
            </th>
            <th scope="col">{words.winner}</th>
            <th scope="col">{words.loser}</th>
            <th scope="col">{words.signer}</th>
            <th scope="col">{words.custodian}</th>
            <th scope="col">{words.evidenceOf}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, stage, amount, winner, loser, owner, custodian }) => (
            <tr key={id}>
              <td>
                <span class={`badge ${stage === "paid" ? "applied" : "pending"}`}>
                  {words.stages[stage]}
                </span>
              </td>
              <td class="number">{money(amount)}</td>
              <td>
                <Id id={winner} />
              </td>
              <td>
                <Id id={loser} />
              </td>
              <td>
                <Id id={owner} />
              </td>
              <td>{nameOf(custodian)}</td>
              <td>
                <Command text={`tallystick evidence ${loser} --node $NODE --out evidence.json`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
