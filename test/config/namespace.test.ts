/**
 * The executable itself, in network namespaces that have the interfaces of the sample's verdicts: it
 * ends and complains as the loader does that is told about the interfaces. So the comparison with
 * keepalived's verdicts, which tells, holds for the executable.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { renderDiagnostic } from "../../src/config/render.ts";
import { corpora, readVerdicts, systemOf } from "./verdicts.ts";

const program: string = new URL("../../dist/keepalived", import.meta.url).pathname;
const [sample] = corpora;
assert.ok(sample !== undefined);

/** Runs a command in a new namespace with these interfaces, which ends with the command. */
function inNamespace(
  interfaces: readonly string[],
  argv: readonly string[],
): { readonly status: number | null; readonly stderr: string } {
  const links = interfaces.map((name, i) => `ip link add ${name} type veth peer name kpt${i}`);
  const script = [...links, 'exec "$@"'].join(" && ");
  const done = spawnSync("unshare", ["--net", "sh", "-c", script, "sh", ...argv], {
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status: done.status, stderr: done.stderr };
}

/** Kernels put tunnels of their own into every namespace. */
function withoutInterfaces(text: string): string {
  return text.replace(/this machine has .* \[/g, "this machine has … [");
}

const verdicts = readVerdicts(sample);

for (const { file, exit, interfaces } of verdicts)
  test(`${file}: the executable says what the loader says`, () => {
    const path = new URL(file, sample.configs).pathname;
    const result = loadConfig(path, systemOf(interfaces));
    const expected = result.diagnostics.map(
      (d) => `${renderDiagnostic(d, result.sources, { caret: false, color: false })}\n`,
    );
    const { status, stderr } = inNamespace(interfaces, [program, "-t", "-i", "corpus", "-f", path]);
    assert.equal(withoutInterfaces(stderr), withoutInterfaces(expected.join("")));
    assert.equal(status, exit);
  });

test("the sample has ten files", () => {
  assert.equal(verdicts.length, 10);
});
