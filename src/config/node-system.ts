/** The real machine behind `ConfigSystem`: files, users and groups through Node. */
import type { ConfigSystem } from "./load.ts";

/** @param interfaces names of the existing interfaces; undefined when they cannot be known */
export declare function nodeConfigSystem(interfaces?: () => ReadonlySet<string> | undefined): ConfigSystem;
