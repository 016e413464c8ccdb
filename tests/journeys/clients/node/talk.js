// How a program tells the test what it saw, and asks a person to do something (see ../foreign.py).
import { createInterface } from "node:readline";

export const { READMIT, TENANT, CLIENT_ID, CLIENT_SECRET } = process.env;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export function tell(facts) {
  process.stdout.write(JSON.stringify(facts) + "\n");
}

export async function ask(what, told) {
  tell({ ask: what, ...told });
  return JSON.parse((await lines.next()).value);
}

export function done() {
  process.stdin.destroy();
}
