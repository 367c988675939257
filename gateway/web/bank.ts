/** What the page asks of the gateway that serves it. A refusal is its code; all else is a fault of the network or ours. */
import type { OrderView, PaymentView } from "./views.ts";

export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export type Begun = { readonly id: string; readonly token: string };

export type Choice = {
  readonly account: number;
  readonly terminal?: string;
  readonly designated?: { channel: string; address: string; language: string };
  readonly mode: "page" | "reply";
};

export type OtherBank = { readonly member: number; readonly name: string; readonly url: string };

export function seeOrder(order: string): Promise<OrderView> {
  return post("orders", { order });
}

export function begin(
  order: string,
  identity: string,
  password: string,
): Promise<PaymentView & Begun> {
  return post("payments", { order, identity, password });
}

export function stateOf({ id, token }: Begun): Promise<PaymentView> {
  return post(`payments/${id}`, { token });
}

export function sendCode({ id, token }: Begun, choice: Choice): Promise<PaymentView> {
  return post(`payments/${id}/code`, { token, ...choice });
}

export function authorize({ id, token }: Begun, code: string): Promise<PaymentView> {
  return post(`payments/${id}/authorization`, { token, code });
}

export async function cancel({ id, token }: Begun): Promise<void> {
  await ask(`payments/${id}/cancellation`, { token });
}

export async function otherBanks(): Promise<readonly OtherBank[]> {
  return (await ask("banks")).json() as Promise<readonly OtherBank[]>;
}

async function post<T>(path: string, body: object): Promise<T> {
  return (await ask(path, body)).json() as Promise<T>;
}

/** @throws Refused. */
async function ask(path: string, body?: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`../v1/pay/${path}`, init);
  if (answer.ok) return answer;
  const problem = (await answer.json()) as { code: string };
  throw new Refused(problem.code);
}
