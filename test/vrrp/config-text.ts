/** A configuration file's text as the model that the daemon would work with. */
import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import type { ConfigModel } from "../../src/config/model.ts";
import { fakeSystem } from "../config/fake-system.ts";

/** @param interfaces those that exist; `eth0` unless told */
export function modelFrom(text: string, interfaces: readonly string[] = ["lo", "eth0"]): ConfigModel {
  const system = fakeSystem({ "test.conf": text }, { interfaces: new Set(interfaces) });
  const { model, diagnostics } = loadConfig("test.conf", system, { keepBlocks: false });
  assert.ok(model, JSON.stringify(diagnostics));
  return model;
}
