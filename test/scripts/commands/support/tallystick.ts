/** The command as a person runs it: a process of its own, and what it says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export type Outcome = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

const command = join(import.meta.dirname, "../../../../scripts/tallystick.ts");

/** All that commands have said here, to be searched for what they must not say. */
export const transcript: string[] = [];

/** @param input what it reads from standard input. @param cwd where it is run, if not here. */
export async function tallystick(
  args: readonly string[],
  input = "",
  cwd?: string,
): Promise<Outcome> {
  const child = spawn(process.execPath, [command, ...args], { stdio: "pipe", cwd });
  child.stdin.on("error", () => undefined).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  transcript.push(stdout, stderr);
  return { code, stdout, stderr };
}

/** What a run that went well says. @throws Error with what it said instead. */
export async function said(args: readonly string[], input = "", cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await tallystick(args, input, cwd);
  if (code === 0) return stdout;
  throw new Error(`tallystick ${args.join(" ")} ended with ${code}: ${stderr}`);
}

/** What a run with --json says. */
export async function saidJson<T = Record<string, any>>(
  args: readonly string[],
  input = "",
): Promise<T> {
  return JSON.parse(await said([...args, "--json"], input)) as T;
}
