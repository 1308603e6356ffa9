/** The daemon with keepalived's command line, whose children are the trivial role. */
import { fileURLToPath } from "node:url";
import { parseArguments } from "../../src/cli/arguments.ts";
import { runDaemon } from "../../src/daemon/parent.ts";

const { request } = parseArguments(process.argv.slice(2));
if (request.kind !== "run") throw new Error(request.kind);
const program = (): string => fileURLToPath(new URL("./trivial-role.ts", import.meta.url));
process.exit(await runDaemon(request.options, { up: () => {}, program }));
