/**
 * Questions and answers between two peers: one stream for each peer and kind, kept open, opened again
 * when it broke. A peer that asks or answers what no honest peer would is shut out, and named.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { Refusal } from "../../protocol/refusal.ts";
import type { Logger } from "../service/telemetry.ts";
import { serveChannel } from "./answerer.ts";
import { Asker } from "./asker.ts";
import type { Channel } from "./channel.ts";
import type { Host } from "./host.ts";
import {
  type AnswerOf,
  HEAD_MAX,
  type QuestionOf,
  type RequestKind,
  type RequestKinds,
} from "./request-kind.ts";

export type RequestContext = {
  /** Who asks: a peer id, authenticated by the connection. */
  readonly from: string;
  /** Aborted when the answer is no longer wanted. */
  readonly signal: AbortSignal;
};

/** Answers each kind of question. A Refusal that is thrown is sent; any other error is logged. */
export type Handlers<Kinds extends RequestKinds> = {
  readonly [Name in keyof Kinds]: (
    question: QuestionOf<Kinds[Name]>,
    context: RequestContext,
  ) => Promise<AnswerOf<Kinds[Name]>>;
};

export type AskOptions = {
  readonly signal?: AbortSignal;
  /** Instead of the kind's own. */
  readonly timeoutMs?: number;
};

export type PeerRequestsOptions<Kinds extends RequestKinds> = {
  readonly host: Host;
  readonly networkId: Hex;
  readonly kinds: Kinds;
  readonly handlers: Handlers<Kinds>;
  readonly logger?: Logger;
};

export class PeerRequests<Kinds extends RequestKinds> {
  readonly #options: PeerRequestsOptions<Kinds>;
  /** By protocol and peer. */
  readonly #askers = new Map<string, Asker>();
  readonly #served = new Set<Channel>();

  /** To be made before the host starts. */
  constructor(options: PeerRequestsOptions<Kinds>) {
    this.#options = options;
    for (const name of Object.keys(options.kinds)) this.#serve(name);
    options.host.on("disconnected", (peer) => this.#forget(peer));
  }

  /**
   * Asks a connected peer.
   * @throws Refusal as the peer answered.
   * @throws Error if it gave no answer, or a false one: not connected, too late, gone.
   */
  async ask<Name extends keyof Kinds & string>(
    peer: string,
    name: Name,
    question: QuestionOf<Kinds[Name]>,
    options: AskOptions = {},
  ): Promise<AnswerOf<Kinds[Name]>> {
    const kind = this.#kind(name);
    const late = AbortSignal.timeout(options.timeoutMs ?? kind.timeoutMs);
    const signal = options.signal === undefined ? late : AbortSignal.any([options.signal, late]);
    try {
      const answer = await this.#asker(peer, name).ask(
        kind.encodeQuestion(question),
        (body) => kind.decodeAnswer(body, question),
        signal,
      );
      return answer as AnswerOf<Kinds[Name]>;
    } catch (error) {
      if (error !== late.reason) throw error;
      throw new Error(`peer ${peer} did not answer "${name}" in time`, { cause: error });
    }
  }

  /** Ends every stream. What is open fails with an Error; what is asked of us is given up. */
  stop(): void {
    const reason = new Error("the node is stopping");
    for (const asker of this.#askers.values()) asker.close(reason);
    for (const channel of this.#served) channel.abort(reason);
    this.#askers.clear();
  }

  #kind(name: string): RequestKind<unknown, unknown> {
    return this.#options.kinds[name]!;
  }

  #protocol(name: string): string {
    return `/tallystick/${this.#options.networkId.slice(2, 18)}/${name}/1`;
  }

  #asker(peer: string, name: string): Asker {
    const protocol = this.#protocol(name);
    const key = `${protocol} ${peer}`;
    const known = this.#askers.get(key);
    if (known !== undefined) return known;
    const { answerBytesMax, inFlightMax } = this.#kind(name);
    const asker = new Asker({
      open: () => this.#options.host.open(peer, protocol, answerBytesMax + HEAD_MAX),
      inFlightMax,
      onFalse: (refusal) => this.#blame(peer, refusal),
    });
    this.#askers.set(key, asker);
    return asker;
  }

  #serve(name: string): void {
    const kind = this.#kind(name);
    const handle = this.#options.handlers[name]! as (
      question: unknown,
      context: RequestContext,
    ) => Promise<unknown>;
    const serve = async (channel: Channel) => {
      this.#served.add(channel);
      await serveChannel(channel, {
        inFlightMax: kind.inFlightMax,
        decode: (body) => {
          const question = kind.decodeQuestion(body);
          return async (signal) =>
            kind.encodeAnswer(await handle(question, { from: channel.peer, signal }));
        },
        onFalse: (refusal) => this.#blame(channel.peer, refusal),
        onError: (err) =>
          this.#options.logger?.error({ err, request: name }, "a peer could not be answered"),
      });
      this.#served.delete(channel);
    };
    const bytesMax = kind.questionBytesMax + HEAD_MAX;
    this.#options.host.serve(this.#protocol(name), bytesMax, (channel) => void serve(channel));
  }

  #blame(peer: string, refusal: Refusal): void {
    const offence = refusal.code === "bad-proof" ? "false-answer" : "garbage";
    this.#options.host.penalise(peer, offence, `${refusal.code}: ${refusal.message}`);
  }

  #forget(peer: string): void {
    for (const name of Object.keys(this.#options.kinds)) {
      const key = `${this.#protocol(name)} ${peer}`;
      this.#askers.get(key)?.close(new Error(`peer ${peer} is disconnected`));
      this.#askers.delete(key);
    }
  }
}
