/** Golden texts of diagnostics, with and without the line they are about. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { maskSecrets, renderDiagnostic } from "../../src/config/render.ts";
import { fakeSystem } from "./fake-system.ts";

function render(
  files: Readonly<Record<string, string>>,
  options: { readonly caret: boolean; readonly color?: boolean },
): string {
  const { diagnostics, sources } = loadConfig("etc/k.conf", fakeSystem(files));
  return diagnostics
    .map((d) => renderDiagnostic(d, sources, { caret: options.caret, color: options.color ?? false }))
    .join("\n");
}

test("one line: file, line, column, severity, what is wrong, what to write, code", () => {
  assert.equal(
    render({ "etc/k.conf": "global_defs {\n  vrrp_version 9\n}\n" }, { caret: false }),
    "etc/k.conf:2:16: error: vrrp_version 9 is out of range; write 2 to 3 [number-out-of-range]",
  );
});

test("on a terminal the line follows, with carets under the word, tabs and wide letters respected", () => {
  assert.equal(
    render({ "etc/k.conf": "global_defs {\n\trouter_id 负载 extra\n}\n" }, { caret: true }),
    [
      'etc/k.conf:2:15: warning: "extra" is ignored: router_id takes at most 1 word; remove it or quote the whole value [extra-parameter]',
      "    2 | \trouter_id 负载 extra",
      "      | \t               ^^^^^",
    ].join("\n"),
  );
});

test("what is related is shown below", () => {
  assert.equal(
    render({ "etc/k.conf": "global_defs {\n  router_id a\n  router_id b\n}\n" }, { caret: true }),
    [
      "etc/k.conf:3:3: warning: router_id is given twice, the last one counts; remove one of them [keyword-repeated]",
      "    3 |   router_id b",
      "      |   ^^^^^^^^^",
      "etc/k.conf:2:3: note: first defined here",
      "    2 |   router_id a",
      "      |   ^^^^^^^^^",
    ].join("\n"),
  );
});

test("an included file says why it was read", () => {
  assert.equal(
    render(
      { "etc/k.conf": "\ninclude a.conf\n", "etc/a.conf": "include b.conf", "etc/b.conf": "foo" },
      { caret: false },
    ),
    [
      'etc/b.conf:1:1: error: unknown keyword "foo" at the top level, ignored; remove it [unknown-keyword]',
      "  included from etc/a.conf:1",
      "  included from etc/k.conf:2",
    ].join("\n"),
  );
});

test("without a place there is no location", () => {
  const { diagnostics, sources } = loadConfig("x.conf", fakeSystem({}));
  const [first] = diagnostics;
  assert.ok(first);
  assert.equal(
    renderDiagnostic(first, sources, { caret: true, color: false }),
    "fatal: cannot read the configuration x.conf: ENOENT; create it or name another with -f [file-unreadable]",
  );
});

test("colour marks severity and caret", () => {
  assert.equal(
    render({ "etc/k.conf": "foo" }, { caret: true, color: true }),
    'etc/k.conf:1:1: \x1b[1;31merror:\x1b[0m unknown keyword "foo" at the top level, ignored; remove it [unknown-keyword]\n    1 | foo\n      | \x1b[1;31m^^^\x1b[0m',
  );
});

test("a long line is cut around the place, and control characters stay harmless", () => {
  const text = `global_defs { router_id ${"x".repeat(500)} \x1b[31mextra${"y".repeat(500)}\n}`;
  const lines = render({ "etc/k.conf": text }, { caret: true }).split("\n");
  assert.ok(lines.slice(1).every((line) => line.length < 180));
  assert.ok(!lines.slice(1).join("").includes("\x1b"));
});

test("what stands behind a password keyword is never shown, right or mistyped", () => {
  const text = `vrrp_instance V1 {
  interface eth0
  virtual_router_id 1
  authentication { auth_type PASS
    auth_pass hunter2hunter2 hunter2
    auth_pas hunter2
    auth_pass=hunter2
    auth_type PAS auth_pass hunter2
  }
  virtual_ipaddress { 192.0.2.1 }
}
`;
  for (const caret of [true, false]) {
    const shown = render({ "etc/k.conf": text }, { caret });
    assert.equal(shown.includes("hunter2"), false, shown);
  }
  assert.equal(maskSecrets("\tauth_pass a b }"), "\tauth_pass * * *");
  assert.equal(maskSecrets("  key 1 hex:00ff"), "  key * ********");
  assert.equal(maskSecrets("keyword value"), "keyword value");
});
