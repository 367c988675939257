import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Channel } from "../../../node/gossip/channel.ts";
import type { Host } from "../../../node/gossip/host.ts";
import {
  type Handlers,
  PeerRequests,
  type RequestContext,
} from "../../../node/gossip/peer-requests.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  type RequestKind,
} from "../../../node/gossip/request-kind.ts";
import { isRefusal, Refusal } from "../../../protocol/refusal.ts";
import {
  introduce,
  makeHost,
  startConnected,
  stopAll,
  untilConnected,
} from "../../support/hosts.ts";
import { networkId } from "../../support/leaves.ts";
import { until } from "../../support/until.ts";

/** Bytes for bytes. An answer that begins with 0xff is refused by whoever asked. */
const echo: RequestKind<Uint8Array, Uint8Array> = {
  questionBytesMax: 2 << 20,
  answerBytesMax: 2 << 20,
  timeoutMs: 20_000,
  inFlightMax: 8,
  encodeQuestion: (question) => question,
  decodeQuestion(bytes) {
    if (bytes[0] === 0xff) throw new Refusal("malformed", "begins with ff");
    return bytes.slice();
  },
  encodeAnswer: (answer) => answer,
  decodeAnswer(bytes) {
    if (bytes[0] === 0xff) throw new Refusal("bad-proof", "begins with ff");
    return bytes.slice();
  },
};

const kinds = { echo } as const;
const protocol = `/tallystick/${"5a".repeat(8)}/echo/1`;

type Node = {
  readonly host: Host;
  readonly requests: PeerRequests<typeof kinds>;
  stop(): Promise<void>;
};

function makeNode(answer: Handlers<typeof kinds>["echo"] = async (question) => question): Node {
  const host = makeHost();
  const requests = new PeerRequests({ host, networkId, kinds, handlers: { echo: answer } });
  const stop = async () => {
    requests.stop();
    await host.stop();
  };
  return { host, requests, stop };
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error("did not fail");
    },
    (error: Error) => error,
  );
}

describe("peer requests", () => {
  const running: { stop(): Promise<void> | void }[] = [];
  const track = <T extends { stop(): Promise<void> | void }>(part: T): T => {
    running.push(part);
    return part;
  };
  afterEach(() => stopAll(running.splice(0)));

  async function makePair(answer?: Handlers<typeof kinds>["echo"]): Promise<readonly [Node, Node]> {
    const pair = [track(makeNode()), track(makeNode(answer))] as const;
    await startConnected(pair.map(({ host }) => host));
    return pair;
  }

  /** A registered peer that has no rules of its own, connected with a node. */
  async function makeLiar(node: Node, serve?: (channel: Channel) => void): Promise<Host> {
    const liar = track(makeHost());
    if (serve !== undefined) liar.serve(protocol, 4 << 20, serve);
    await startConnected([node.host, liar]);
    return liar;
  }

  it("gives each of many questions its own answer, in whatever order they come", async () => {
    const [asker, answerer] = await makePair(async (question) => {
      await sleep(question[0]! % 20);
      return question;
    });
    const questions = Array.from(
      { length: 300 },
      (_, i) => new Uint8Array([(i * 7) % 200, i >> 8, i]),
    );

    const answers = await Promise.all(
      questions.map((question) => asker.requests.ask(answerer.host.peerId, "echo", question)),
    );

    expect(answers).to.deep.equal(questions);
  });

  it("uses one stream for all questions to a peer", async () => {
    const node = track(makeNode());
    let channels = 0;
    const other = await makeLiar(node, (channel) => {
      channels++;
      void (async () => {
        for (let message; (message = await channel.read()) !== undefined; ) {
          const { number, body } = decodeQuestion(message);
          await channel.write(encodeAnswer(number, body));
        }
      })();
    });
    for (let i = 0; i < 50; i++) {
      expect(await node.requests.ask(other.peerId, "echo", new Uint8Array([i]))).to.deep.equal(
        new Uint8Array([i]),
      );
    }
    expect(channels).to.equal(1);
  });

  it("tells the handler who asks, and both sides ask each other at once", async () => {
    const callers: string[] = [];
    const handler = async (question: Uint8Array, { from }: RequestContext) => {
      callers.push(from);
      return question;
    };
    const [first, second] = [track(makeNode(handler)), track(makeNode(handler))];
    await startConnected([first.host, second.host]);
    await Promise.all([
      first.requests.ask(second.host.peerId, "echo", bytesOf("a")),
      second.requests.ask(first.host.peerId, "echo", bytesOf("b")),
    ]);
    expect(callers.toSorted()).to.deep.equal([first.host.peerId, second.host.peerId].toSorted());
  });

  it("carries answers of two megabytes, several at a time", async () => {
    const [asker, answerer] = await makePair();
    const questions = Array.from({ length: 8 }, (_, i) => new Uint8Array(2 << 20).fill(i));
    const answers = await Promise.all(
      questions.map((question) => asker.requests.ask(answerer.host.peerId, "echo", question)),
    );
    for (const [i, answer] of answers.entries()) {
      expect(Buffer.compare(answer, questions[i]!)).to.equal(0);
    }
  });

  it("passes a refusal on by its code, and nothing of an error of the answerer's own", async () => {
    const [asker, answerer] = await makePair(async ([first]) => {
      if (first === 1) throw new Refusal("forbidden", "observers do not endorse");
      throw new Error("the disk at /var/secret is full");
    });
    const ask = (first: number) =>
      failureOf(asker.requests.ask(answerer.host.peerId, "echo", new Uint8Array([first])));

    const refused = await ask(1);
    expect(isRefusal(refused, "forbidden")).to.equal(true);
    expect(refused.message).to.equal("observers do not endorse");

    const failed = await ask(2);
    expect(isRefusal(failed, "unavailable")).to.equal(true);
    expect(failed.message).not.to.contain("secret");
    expect(answerer.host.offences().concat(asker.host.offences())).to.deep.equal([]);
  });

  it("fails with an Error when the answer comes too late, and asks on over the same stream", async () => {
    const [asker, answerer] = await makePair(async (question) => {
      if (question[0] === 1) await sleep(400);
      return question;
    });
    const peer = answerer.host.peerId;

    const failure = await failureOf(
      asker.requests.ask(peer, "echo", new Uint8Array([1]), { timeoutMs: 100 }),
    );

    expect(isRefusal(failure)).to.equal(false);
    expect(failure.message).to.contain("in time");
    expect(await asker.requests.ask(peer, "echo", bytesOf("x"))).to.deep.equal(bytesOf("x"));
    // The late answer comes and is no offence.
    await sleep(500);
    expect(await asker.requests.ask(peer, "echo", bytesOf("y"))).to.deep.equal(bytesOf("y"));
    expect(asker.host.offences()).to.deep.equal([]);
  });

  it("takes another stream when a peer leaves all questions of one unanswered", async () => {
    let isSilent = true;
    const [asker, answerer] = await makePair((question) =>
      isSilent ? new Promise(() => undefined) : Promise.resolve(question),
    );
    const peer = answerer.host.peerId;
    const unanswered = Array.from({ length: 20 }, () =>
      failureOf(asker.requests.ask(peer, "echo", bytesOf("?"), { timeoutMs: 200 })),
    );
    for (const failure of await Promise.all(unanswered)) {
      expect(isRefusal(failure)).to.equal(false);
    }

    isSilent = false;
    expect(await asker.requests.ask(peer, "echo", bytesOf("!"))).to.deep.equal(bytesOf("!"));
  });

  it("gives up a question whose asker no longer wants it", async () => {
    const [asker, answerer] = await makePair(() => new Promise(() => undefined));
    const wanted = new AbortController();
    const work = failureOf(
      asker.requests.ask(answerer.host.peerId, "echo", bytesOf("?"), { signal: wanted.signal }),
    );
    await sleep(50);
    const reason = new Error("enough endorsements");
    wanted.abort(reason);
    expect(await work).to.equal(reason);
    const later = asker.requests.ask(answerer.host.peerId, "echo", bytesOf("?"), wanted);
    expect(await failureOf(later)).to.equal(reason);
  });

  it("fails with an Error for a peer that is not connected, or does not speak the protocol", async () => {
    const node = track(makeNode());
    const mute = await makeLiar(node);
    const unknown = track(makeHost());
    await unknown.start();

    const first = await failureOf(node.requests.ask(unknown.peerId, "echo", bytesOf("?")));
    expect(first.message).to.contain("not connected");
    const second = await failureOf(node.requests.ask(mute.peerId, "echo", bytesOf("?")));
    expect(isRefusal(second)).to.equal(false);
  });

  it("fails what is open when the peer goes, and asks again when it is back", async () => {
    let isSilent = true;
    const [asker, answerer] = await makePair((question) =>
      isSilent ? new Promise(() => undefined) : Promise.resolve(question),
    );
    const peer = answerer.host.peerId;
    const open = failureOf(asker.requests.ask(peer, "echo", bytesOf("?")));
    await sleep(100);

    asker.host.setPeers([]);
    const failure = await open;
    expect(isRefusal(failure)).to.equal(false);

    isSilent = false;
    introduce([asker.host, answerer.host]);
    await untilConnected([asker.host, answerer.host]);
    expect(await asker.requests.ask(peer, "echo", bytesOf("!"))).to.deep.equal(bytesOf("!"));
  });

  it("refuses as busy what one peer asks beyond its bound, and answers the others", async () => {
    const gate = Promise.withResolvers<void>();
    const node = track(
      makeNode(async (question) => {
        await gate.promise;
        return question;
      }),
    );
    const eager = await makeLiar(node);
    const channel = await eager.open(node.host.peerId, protocol, 1 << 20);
    for (let i = 0; i < 12; i++) await channel.write(encodeQuestion(i, new Uint8Array([i])));

    const busy = [];
    for (let i = 0; i < 4; i++) busy.push(decodeAnswer((await channel.read())!));
    expect(busy.map(({ number }) => number)).to.deep.equal([8, 9, 10, 11]);
    expect(busy.every(({ body }) => isRefusal(body, "busy"))).to.equal(true);

    gate.resolve();
    const answered = [];
    for (let i = 0; i < 8; i++) answered.push(decodeAnswer((await channel.read())!).number);
    expect(answered.toSorted((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(node.host.offences()).to.deep.equal([]);
  });

  const garbage: Record<string, (channel: Channel) => Promise<void>> = {
    "bytes that are no question": (channel) => channel.write(new Uint8Array([1, 2])),
    "a question that does not decode": (channel) =>
      channel.write(encodeQuestion(1, new Uint8Array([0xff]))),
    "a question larger than any": (channel) => channel.write(new Uint8Array(3 << 20)),
  };
  for (const [what, send] of Object.entries(garbage)) {
    it(`shuts out a peer that sends ${what}, and names it`, async () => {
      const node = track(makeNode());
      const liar = await makeLiar(node);
      const channel = await liar.open(node.host.peerId, protocol, 1 << 20);
      // The stream may end before all of it was sent.
      await send(channel).catch(() => undefined);
      await until("it is out", () => node.host.connected().length === 0);
      expect(node.host.offences()).to.deep.equal([
        { peer: liar.peerId, offence: "garbage", count: 1 },
      ]);
    });
  }

  const falsehoods: Record<string, (number: number) => Uint8Array> = {
    "an answer to nothing that was asked": (number) => encodeAnswer(number + 1, new Uint8Array()),
    "bytes that are no answer": () => new Uint8Array([0]),
    "an answer larger than any": () => new Uint8Array(3 << 20),
    "an answer that is false": (number) => encodeAnswer(number, new Uint8Array([0xff])),
    "a refusal with no code of ours": (number) =>
      new Uint8Array([...encodeAnswer(number, new Uint8Array()).subarray(0, 4), 1, 1, 65, 0]),
  };
  for (const [what, answer] of Object.entries(falsehoods)) {
    it(`shuts out a peer that gives ${what}, and names it`, async () => {
      const node = track(makeNode());
      const liar = await makeLiar(node, (channel) => {
        void channel
          .read()
          .then((message) => channel.write(answer(decodeQuestion(message!).number)));
      });
      const failure = await failureOf(node.requests.ask(liar.peerId, "echo", bytesOf("?")));
      expect(isRefusal(failure), "the peer's fault, not the asker's").to.equal(false);
      await until("it is out", () => node.host.connected().length === 0);
      const offence = what === "an answer that is false" ? "false-answer" : "garbage";
      expect(node.host.offences()).to.deep.equal([{ peer: liar.peerId, offence, count: 1 }]);
    });
  }

  it("tells handlers that their answer is no longer wanted, and fails what is open, when it stops", async () => {
    const signals: AbortSignal[] = [];
    const answer = (_: Uint8Array, { signal }: RequestContext) => {
      signals.push(signal);
      return new Promise<Uint8Array>(() => undefined);
    };
    const [first, second] = [track(makeNode(answer)), track(makeNode(answer))];
    await startConnected([first.host, second.host]);
    const asked = failureOf(first.requests.ask(second.host.peerId, "echo", bytesOf("?")));
    void failureOf(second.requests.ask(first.host.peerId, "echo", bytesOf("?")));
    await until("both are asked", () => signals.length === 2);

    first.requests.stop();

    expect((await asked).message).to.contain("stopping");
    await until("both are told", () => signals.every((signal) => signal.aborted));
  });
});
