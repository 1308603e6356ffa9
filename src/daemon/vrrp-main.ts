/** Entry point of the VRRP child. */
import { startChild } from "./child.ts";
import { createVrrpChild } from "./vrrp.ts";

startChild("vrrp", createVrrpChild);
