/**
 * What loading takes inside the process: the first load of a configuration, as in a daemon that has just
 * started, in milliseconds. Argument: the configuration file. Prints the number.
 */
import { loadConfig } from "../../src/config/load.ts";
import { nodeConfigSystem } from "../../src/config/node-system.ts";

const system = nodeConfigSystem(() => undefined);
const began = performance.now();
const { model, testStatus } = loadConfig(process.argv[2] ?? "", system);
const took = performance.now() - began;
if (model === undefined || testStatus !== 0) throw new Error(`the configuration has errors: ${testStatus}`);
process.stdout.write(`${took}\n`);
