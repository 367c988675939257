/** A node's API as gateways and commands call it. Problems come back as the refusals they are. */
import { type Hex, toHex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import { decodeLeaves, encodeLeaves } from "../protocol/leaf-list.ts";
import type { MemberId, Outpoint } from "../protocol/output.ts";
import { Refusal, refusalCodes } from "../protocol/refusal.ts";
import type { TlsMaterial } from "./service/listener.ts";
import { type Fetch, mutualFetch } from "./service/mutual-fetch.ts";
import { parseProblem } from "./service/problem.ts";
import type {
  CaseRow,
  Cases,
  CheckpointRow,
  Claims,
  CoinRow,
  CycleTimes,
  Coins,
  ConflictExplanation,
  ConflictRow,
  Conflicts,
  EnrolmentRow,
  Explanation,
  FoldedEvent,
  Identities,
  MemberRow,
  NodeStatus,
  RecordStatus,
  Revocations,
  Submission,
} from "./api/schema.ts";
import type { ExportPage, TableName } from "./api/export-schema.ts";
import type {
  Flows,
  OwnerRecords,
  OwnerRecordsQuestion,
  Trace,
  TraceQuestion,
} from "./api/trace-schema.ts";

export type { Flows, OwnerRecords, Trace, TraceQuestion } from "./api/trace-schema.ts";

export type {
  CaseRow,
  CheckpointRow,
  CycleTimes,
  CoinRow,
  Coins,
  ConflictExplanation,
  ConflictRow,
  Conflicts,
  ConflictStage,
  EnrolmentRow,
  Explanation,
  FoldedEvent,
  Identities,
  MemberRow,
  NodeStatus,
  RecordStatus,
  Revocations,
  Submission,
  SubmissionResult,
} from "./api/schema.ts";

/** The node is away, or what answers is no node: nothing is known of what became of the call. */
export class NodeUnreachableError extends Error {
  constructor(url: string, options?: ErrorOptions) {
    super(`no node answers at ${url}`, options);
    this.name = "NodeUnreachableError";
  }
}

export type NodeClientOptions = {
  /** Where the node listens, such as http://127.0.0.1:7101. */
  readonly url: string;
  /** What it shows, and who must have signed what the node shows; for a node on another machine. */
  readonly tls?: TlsMaterial;
  readonly timeoutMs?: number;
  /** Ends every call, for a process that stops. */
  readonly signal?: AbortSignal;
};

export class NodeClient {
  readonly #url: string;
  readonly #send: Fetch;
  readonly #timeoutMs: number;
  readonly #signals: readonly AbortSignal[];

  constructor({ url, tls, timeoutMs = 15_000, signal }: NodeClientOptions) {
    this.#url = url.replace(/\/$/, "");
    this.#send = tls === undefined ? fetch : mutualFetch(tls);
    this.#timeoutMs = timeoutMs;
    this.#signals = signal === undefined ? [] : [signal];
  }

  /** Hands leaves in, in any order, any number of times. A refused one never holds up the others. */
  async submit(leaves: readonly Uint8Array[]): Promise<Submission> {
    return this.#call("/v1/leaves", encodeLeaves(leaves));
  }

  /** Where records or enrolments are, in the order asked. */
  async statuses(ids: readonly Hex[]): Promise<RecordStatus[]> {
    return this.#call("/v1/records/status", { ids });
  }

  async explain(id: Hex): Promise<Explanation> {
    return this.#call(`/v1/records/${id}/explain`);
  }

  /** The bytes of a leaf that the node holds: the one that applied, if one has. */
  async leaf(id: Hex): Promise<Uint8Array> {
    const answer = await this.#fetch(`/v1/records/${id}/leaf`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** The text of the file that shows that a record applied, once its cycle has settled. */
  async statement(id: Hex): Promise<string> {
    return (await this.#fetch(`/v1/records/${id}/statement`, undefined, 60_000)).text();
  }

  /** The text of the file that shows a coin unspent at the last settlement. */
  async coinStatement(outpoint: Outpoint): Promise<string> {
    return (await this.#fetch(`/v1/coins/${outpoint}/statement`, undefined, 60_000)).text();
  }

  /** The text of the file that shows a member's status and keys at the last settlement. */
  async memberStatement(member: MemberId): Promise<string> {
    return (await this.#fetch(`/v1/members/${member}/statement`, undefined, 60_000)).text();
  }

  /** The leaves of a sequenced batch, in their order. Whether they are is for the caller, by the root. */
  async batch(root: Hex): Promise<Uint8Array[]> {
    const answer = await this.#fetch(`/v1/batches/${root}`, undefined, 60_000);
    return decodeLeaves(new Uint8Array(await answer.arrayBuffer()));
  }

  /** Those of `outpoints` that are unspent. */
  async coins(outpoints: readonly Outpoint[]): Promise<Coins> {
    return this.#call("/v1/coins", { outpoints });
  }

  /** The text of the file that shows where a coin comes from, spent or not. */
  async history(outpoint: Outpoint): Promise<string> {
    return (await this.#fetch(`/v1/coins/${outpoint}/history`, undefined, 60_000)).text();
  }

  /** Coins of an owner, at most a page of 1,000, in no order that lasts. */
  async coinsOf(owner: Owner): Promise<Coins> {
    return this.#call(`/v1/owners/${owner}/coins`);
  }

  async enrolment(owner: Owner): Promise<EnrolmentRow> {
    return this.#call(`/v1/owners/${owner}`);
  }

  /** The bytes of the enrolment of a key. */
  async enrolmentLeaf(owner: Owner): Promise<Uint8Array> {
    const answer = await this.#fetch(`/v1/owners/${owner}/enrolment`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  async members(): Promise<MemberRow[]> {
    return this.#call("/v1/members");
  }

  /** The owners that a member has revoked, in any order. */
  async revocations(member: MemberId): Promise<Revocations> {
    return this.#call(`/v1/members/${member}/revocations`);
  }

  /**
   * Has keys revoked on the chain. Returns when they are.
   * @param list the member's revocation list, which names them.
   */
  async revoke(owners: readonly Owner[], list: Uint8Array): Promise<void> {
    await this.#call("/v1/revocations", { owners, list: toHex(list) });
  }

  /** Coins that wait at a member for whoever shows their secret: each that stands as long as it takes. */
  async *claimsAt(member: MemberId): AsyncGenerator<CoinRow> {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const path = `/v1/members/${member}/claims?from=${from}`;
      const stretch: Claims = await this.#call(path);
      yield* stretch.coins;
      from = stretch.next;
    }
  }

  async status(): Promise<NodeStatus> {
    return this.#call("/v1/status");
  }

  /** Coins that two records name: those of a record, or changed after a number, or else the latest first. */
  async conflicts(
    which: { readonly record?: Hex; readonly after?: number } = {},
  ): Promise<ConflictRow[]> {
    const { conflicts } = await this.#call<Conflicts>(`/v1/conflicts?${queryOf(which)}`);
    return conflicts;
  }

  /** One of them, and what it means for each party. */
  async conflict(id: Hex): Promise<ConflictExplanation> {
    return this.#call(`/v1/conflicts/${id}`);
  }

  /** The text of the evidence file of a conflict, or of a record that is in one. */
  async evidence(id: Hex): Promise<string> {
    return (await this.#fetch(`/v1/conflicts/${id}/evidence`, undefined, 60_000)).text();
  }

  /** Conflicts as they are found and move on, after `number`; resumes by itself where the line is cut. */
  conflictEvents(number: number, signal: AbortSignal): AsyncGenerator<ConflictRow> {
    return this.#follow("/v1/conflicts/events", number, (row: ConflictRow) => row.number, signal);
  }

  /** Where money came from and went, a page at a time; of a node that keeps the index for it. */
  async trace(question: TraceQuestion): Promise<Trace> {
    return this.#call(`/v1/trace?${queryOf(question)}`, undefined, 60_000);
  }

  /** Records of an owner's, a page at a time; of a node that keeps the index for traces. */
  async recordsOf(owner: Owner, question: OwnerRecordsQuestion = {}): Promise<OwnerRecords> {
    return this.#call(`/v1/owners/${owner}/records?${queryOf(question)}`);
  }

  /** A page of a table, and where the next goes on. @param from `next` of the page before. */
  async exportPage(table: TableName, from?: string): Promise<ExportPage> {
    return this.#call(
      `/v1/exports/${table}${from === undefined ? "" : `?from=${from}`}`,
      undefined,
      60_000,
    );
  }

  /** What the records of a cycle moved between members; of a node that keeps the index for traces. */
  async flows(cycle: number): Promise<Flows> {
    return this.#call(`/v1/flows/${cycle}`);
  }

  /** Cases at Disputes that have not ended. */
  async cases(): Promise<CaseRow[]> {
    return (await this.#call<Cases>("/v1/cases")).cases;
  }

  /** The checkpoints this node worked out, the latest first. */
  async checkpoints(): Promise<CheckpointRow[]> {
    return this.#call("/v1/checkpoints");
  }

  /** When a cycle closed and settled, by the chain's clock. @throws Refusal `not-found`. */
  async cycleTimes(cycle: number): Promise<CycleTimes> {
    return this.#call(`/v1/cycles/${cycle}`);
  }

  async identities(): Promise<Identities> {
    return this.#call("/v1/identities", undefined, 120_000);
  }

  /** Events as the node folds them, after `seq`, until `signal` ends it; resumes by itself where the line is cut. */
  events(seq: number, signal: AbortSignal): AsyncGenerator<FoldedEvent> {
    return this.#follow("/v1/events", seq, (event: FoldedEvent) => event.seq, signal);
  }

  async *#follow<Event>(
    path: string,
    from: number,
    idOf: (event: Event) => number,
    signal: AbortSignal,
  ): AsyncGenerator<Event> {
    let last = from;
    while (!signal.aborted) {
      try {
        const headers = { accept: "text/event-stream", "last-event-id": String(last) };
        const answer = await this.#send(`${this.#url}${path}`, { headers, signal });
        if (!answer.ok || answer.body === null) throw await problem(answer, path);
        for await (const event of readEvents<Event>(answer.body)) {
          last = idOf(event);
          yield event;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refusal && !refusalCodes[error.code].retry) throw error;
      }
      await pause(250, signal);
    }
  }

  async #call<T>(
    path: string,
    body?: object | Uint8Array,
    timeoutMs = this.#timeoutMs,
  ): Promise<T> {
    return (await (await this.#fetch(path, body, timeoutMs)).json()) as T;
  }

  async #fetch(
    path: string,
    body?: object | Uint8Array,
    timeoutMs = this.#timeoutMs,
  ): Promise<Response> {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...this.#signals]);
    const request = { ...(body === undefined ? {} : post(body)), signal };
    const answer = await this.#send(`${this.#url}${path}`, request).catch((cause: unknown) => {
      throw new NodeUnreachableError(this.#url, { cause });
    });
    if (!answer.ok) throw await problem(answer, path);
    return answer;
  }
}

function queryOf(question: object): string {
  return Object.entries(question)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join("&");
}

function post(body: object | Uint8Array) {
  if (body instanceof Uint8Array) {
    const headers = { "content-type": "application/octet-stream" };
    return { method: "POST", headers, body: body as Uint8Array<ArrayBuffer> } as const;
  }
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

/** A problem document as the refusal it was. */
async function problem(answer: Response, path: string): Promise<Error> {
  const text = await answer.text();
  const said = `${path} was answered with ${answer.status}: ${text.slice(0, 200)}`;
  return parseProblem(text) ?? new Error(said);
}

async function* readEvents<Event>(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  let text = "";
  for await (const piece of body.pipeThrough(
    new TextDecoderStream() as never,
  ) as AsyncIterable<string>) {
    text += piece;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = text
        .slice(0, end)
        .split("\n")
        .find((line) => line.startsWith("data:"));
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data.slice(5)) as Event;
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
