/** The network at a glance: how much money there is and where, what moves, and who takes part. */
import { api, type CheckpointRow, type Consortium, type MemberRow } from "../api.ts";
import { useFormat, useLanguage, useWords } from "../locale.tsx";
import { Bars } from "../parts/bars.tsx";
import { HeatMap } from "../parts/heat-map.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { Card, View } from "../parts/view.tsx";
import { useAnswer } from "../use-answer.ts";

type OverviewProps = { readonly turn: number; readonly consortium: Consortium };

export function Overview({ turn, consortium }: OverviewProps) {
  const words = useWords();
  const { value: members, error } = useAnswer(() => api.members(), [turn]);
  const { value: checkpoints } = useAnswer(() => api.checkpoints(), [turn]);
  return (
    <View title={words.overview}>
      <Trouble error={error} />
      <div class="cards">
        <Supply turn={turn} />
        <Throughput checkpoints={checkpoints ?? []} />
        <Health consortium={consortium} />
        {members !== undefined && <Custody members={members} />}
        {members !== undefined && <Between turn={turn} members={members} />}
      </div>
    </View>
  );
}

function Supply({ turn }: { readonly turn: number }) {
  const words = useWords();
  const { money, number } = useFormat();
  const { value: status } = useAnswer(() => api.status(), [turn]);
  const { value: conflicts } = useAnswer(() => api.conflicts(), [turn]);
  const language = useLanguage();
  const { value: cases } = useAnswer(() => api.cases(language), [language, turn]);
  const open = conflicts?.filter(({ stage }) => !["paid", "reclaimed", "void"].includes(stage));
  return (
    <Card title={words.supply}>
      {status !== undefined && (
        <>
          <p class="hero">{money(status.supply)}</p>
          <p class="hint">{words.supplyHint(number(status.coins))}</p>
          <dl>
            <div>
              <dt>{words.inProgress}</dt>
              <dd>
                <a href={`#/trace/cycle:${status.openCycle}`}>{number(status.openCycle)}</a>
                <small>
                  {words.settledUpTo(status.settledCycle)}, {words.waiting(number(status.pending))}
                </small>
              </dd>
            </div>
            <div>
              <dt>{words.eventNumber}</dt>
              <dd>{number(status.seq)}</dd>
            </div>
            <div>
              <dt>{words.openConflicts}</dt>
              <dd>
                <a href="#/disputes">{number(open?.length ?? 0)}</a>
              </dd>
            </div>
            <div>
              <dt>{words.pendingCases}</dt>
              <dd>
                <a href="#/disputes">{number(cases?.length ?? 0)}</a>
              </dd>
            </div>
          </dl>
        </>
      )}
    </Card>
  );
}

function Throughput({ checkpoints }: { readonly checkpoints: readonly CheckpointRow[] }) {
  const words = useWords();
  const values = checkpoints.map(({ applied }) => applied).toReversed();
  const hint = words.throughputHint(values.at(-1) ?? 0, Math.max(0, ...values));
  return (
    <Card title={words.throughput}>
      {values.length === 0 ? (
        <p>{words.noCycles}</p>
      ) : (
        <>
          <Sparkline values={values} label={hint} />
          <p class="hint">{hint}</p>
        </>
      )}
    </Card>
  );
}

function Health({ consortium: { members } }: { readonly consortium: Consortium }) {
  const words = useWords();
  const { time, nameOf } = useFormat();
  return (
    <Card title={words.health} hint={words.healthHint}>
      <ul class="health">
        {members.map(({ member, status, connected, sinceMs, lastBatchS, divergence }) => (
          <li key={member} class={connected && divergence === undefined ? "" : "away"}>
            <span
              class={connected && divergence === undefined ? "dot on" : "dot off"}
              aria-hidden="true"
            />
            <strong>{nameOf(member)}</strong>
            <span>
              {connected ? words.connected : words.silent} {words.since(time(sinceMs / 1000))}
              {status !== 1 && ` · ${words.memberStatus[status]}`}
            </span>
            <small>
              {words.lastBatch}: {lastBatchS === undefined ? words.never : time(lastBatchS)}
            </small>
            {divergence !== undefined && (
              <strong class="divergent" role="alert">
                {words.divergent(divergence.cycle)} {words.since(time(divergence.sinceMs / 1000))}
              </strong>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Custody({ members }: { readonly members: readonly MemberRow[] }) {
  const words = useWords();
  const { money, nameOf } = useFormat();
  const bars = members.map(({ member, custody }) => ({
    name: nameOf(member),
    value: BigInt(custody),
  }));
  return (
    <Card title={words.custody} hint={words.custodyHint} isWide>
      <Bars bars={bars} label={words.custody} />
      <div class="scroll" tabIndex={0} role="group" aria-label={words.custody}>
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">{words.custodian}</span>
              </th>
              <th scope="col" class="number">
                {words.holds}
              </th>
              <th scope="col" class="number">
                {words.change}
              </th>
              <th scope="col" class="number">
                {words.reserve}
              </th>
            </tr>
          </thead>
          <tbody>
            {members.map(({ member, custody, delta, reserve }, i) => (
              <tr key={member}>
                <th scope="row">
                  <span class={`swatch s${i % 6}`} aria-hidden="true" /> {nameOf(member)}
                </th>
                <td class="number">{money(custody)}</td>
                <td class="number">{money(delta)}</td>
                <td class="number">{money(reserve)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Between({
  turn,
  members,
}: {
  readonly turn: number;
  readonly members: readonly MemberRow[];
}) {
  const words = useWords();
  const { value, error } = useAnswer(() => latestFlows(), [turn]);
  const numbers = members.map(({ member }) => member);
  return (
    <Card title={words.flows} {...(value && { hint: words.flowsHint(value.cycle) })} isWide>
      {error !== undefined && <p>{words.flowsOff}</p>}
      {value?.flows.length === 0 && <p>{words.noFlows}</p>}
      {value !== undefined && value.flows.length > 0 && (
        <HeatMap members={numbers} flows={value.flows} label={words.flows} />
      )}
    </Card>
  );
}

/** Of the cycle in progress, or of the one before while nothing has moved in it. */
async function latestFlows() {
  const { openCycle } = await api.status();
  const open = await api.flows(openCycle);
  return open.flows.length > 0 || openCycle === 1 ? open : await api.flows(openCycle - 1);
}
