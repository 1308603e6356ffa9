/** Entry point of the BFD child. */
import { createBfdChild } from "./bfd.ts";
import { startChild } from "./child.ts";

startChild("bfd", createBfdChild);
