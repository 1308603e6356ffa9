/** Entry point of the checker child. */
import { createCheckerChild } from "./checker.ts";
import { startChild } from "./child.ts";

startChild("checker", createCheckerChild);
