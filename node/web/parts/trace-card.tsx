/** A trace as a graph and as a table, with the forks it shows, and its next page. */
import { useState } from "preact/hooks";
import { api, type Trace } from "../api.ts";
import { useFormat, useWords } from "../locale.tsx";
import { useAnswer } from "../use-answer.ts";
import { Graph } from "./graph.tsx";
import { Id } from "./id.tsx";
import { Trouble } from "./trouble.tsx";
import { Card } from "./view.tsx";

const directions = ["back", "both", "forward"] as const;
/** What is looked at with ease; what leads on is opened by itself. */
const NODES = 48;
const DEPTH = 6;

export function TraceCard({ from, turn }: { readonly from: string; readonly turn: number }) {
  const words = useWords();
  const [direction, setDirection] = useState<(typeof directions)[number]>("both");
  const [after, setAfter] = useState<string>();
  const question = { from, direction, depth: DEPTH, limit: NODES, ...(after && { after }) };
  const { value: trace, error } = useAnswer(
    () => api.trace(question),
    [from, direction, after, turn],
  );
  return (
    <Card title={words.trace} hint={words.graphHint} isWide>
      <fieldset class="choice">
        <legend class="unseen">{words.direction}</legend>
        {directions.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="direction"
              checked={each === direction}
              onChange={() => setDirection(each)}
            />
            {words.directions[each]}
          </label>
        ))}
      </fieldset>
      <Trouble error={error} />
      {trace !== undefined && (
        <>
          {trace.indexedSeq < trace.seq && (
            <p class="hint">{words.catchingUp(trace.indexedSeq, trace.seq)}</p>
          )}
          <Forks trace={trace} />
          <Graph trace={trace} />
          <Table trace={trace} />
          {trace.next !== undefined && (
            <button type="button" class="quiet" onClick={() => setAfter(trace.next)}>
              {words.nextPage}
            </button>
          )}
        </>
      )}
    </Card>
  );
}

function Forks({ trace: { forks } }: { readonly trace: Trace }) {
  const words = useWords();
  const { money } = useFormat();
  return (
    <>
      {forks.map(({ outpoint, owner, records, amount, isFirst }) => (
        <p key={outpoint} class="notice bad">
          {words.forkSentence(records.length, money(amount))}{" "}
          {isFirst ? words.first : words.notFirst} <Id id={owner} />
        </p>
      ))}
    </>
  );
}

function Table({ trace: { nodes, forks } }: { readonly trace: Trace }) {
  const words = useWords();
  const { money, time, nameOf } = useFormat();
  const ordered = nodes.toSorted((a, b) => a.depth - b.depth || (a.seq ?? 0) - (b.seq ?? 0));
  const noteOf = ({ id, state, more }: Trace["nodes"][number]) => {
    const fork = forks.find(({ records }) => records.includes(id));
    return [
      ...(fork === undefined ? [] : [fork.isFirst ? words.forkBegan : words.fork]),
      ...(state === "lost" ? [words.lost] : []),
      ...(more ? [words.leadsOn] : []),
    ].join(" · ");
  };
  return (
    <details>
      <summary>{words.asTable}</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label={words.asTable}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.step}</th>
              <th scope="col">{words.what}</th>
              <th scope="col">{words.id}</th>
              <th scope="col">{words.signer}</th>
              <th scope="col" class="number">
                {words.amount}
              </th>
              <th scope="col" class="number">
                {words.event}
              </th>
              <th scope="col">{words.time}</th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((node) => (
              <tr key={node.id}>
                <td>{node.depth}</td>
                <td>
                  {words.kinds[node.kind]} <small>{noteOf(node)}</small>
                </td>
                <td>
                  <Id id={node.id} />
                </td>
                <td>
                  {node.signer !== undefined && <Id id={node.signer} />}{" "}
                  {node.member !== undefined && <small>{nameOf(node.member)}</small>}
                </td>
                <td class="number">{money(node.amount)}</td>
                <td class="number">{node.seq}</td>
                <td>{node.timeS === undefined ? "" : time(node.timeS)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
