/** Whatever the bytes: diagnostics and an exit status, never an exception. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tables } from "../../grammar/keywords/table.ts";
import { type LoadResult, loadConfig } from "../../src/config/load.ts";
import { renderDiagnostic } from "../../src/config/render.ts";
import { fakeSystem } from "./fake-system.ts";

const rich = `global_defs {
  router_id "LB 1"  # comment
  notification_email { a@b c@d }
  script_user root
}
include other.conf
vrrp_instance V1 {
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 100
  advert_int 1.5
  authentication { auth_type PASS
    auth_pass "12345678" }
  virtual_ipaddress { 192.0.2.1/24 dev eth1 label eth1:1 brd + scope link
    2001:db8::1 }
  track_interface { eth1 weight -10 reverse }
  notify "/bin/true 'a b' \\x41" nobody
}
virtual_server 192.0.2.1 80{
  lb_algo rr
  lb_kind TUN type gue port 6080
  protocol TCP
  persistence_granularity 255.255.255.0
  sorry_server 192.0.2.9 80
  real_server 192.0.2.2 80 { weight 3
    HTTP_GET { url { path /x
      digest 0123456789abcdef0123456789abcdef
      status_code 200-299 302 }
      bindto 192.0.2.3 } }
}
`;

/** Loads and renders everything; the result only has to exist. */
function survive(content: string | Uint8Array): LoadResult {
  const result = loadConfig("m.conf", fakeSystem({ "m.conf": content, "other.conf": "vrrp_version 3\n}" }));
  for (const d of result.diagnostics.slice(0, 50)) {
    const text = renderDiagnostic(d, result.sources, { caret: true, color: false });
    assert.match(text, /\[[a-z0-9-]+\]/);
    assert.ok(d.message.length < 1_000_000);
  }
  return result;
}

test("a configuration that is cut off at any byte is read as far as it goes", () => {
  const bytes = Buffer.from(rich);
  for (let length = 0; length <= bytes.length; length++) survive(bytes.subarray(0, length));
});

test("every single byte may be replaced by any of the awkward ones", () => {
  const bytes = Buffer.from(rich);
  for (let at = 0; at < bytes.length; at += 3)
    for (const byte of [0x00, 0x0a, 0x22, 0x23, 0x5c, 0x7b, 0x7d, 0xff]) {
      const copy = Buffer.from(bytes);
      copy[at] = byte;
      survive(copy);
    }
});

test("random bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      survive(bytes);
    }),
    { numRuns: 500, seed: 20_261_120 },
  );
});

test("random lines of known keywords with arguments that fit or do not", () => {
  const keywords = tables.flatMap((t) => t.rows.map((row) => row.keyword));
  const word = fc.oneof(
    fc.constantFrom(...keywords),
    fc.constantFrom(
      "{",
      "}",
      "1",
      "0",
      "-1",
      "99999999999999999999",
      "1.5",
      "eth0",
      "192.0.2.1",
      "::1",
      '"',
      "80{",
      "}x",
    ),
    fc.string({ maxLength: 6, unit: "binary" }),
  );
  const line = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      survive(lines.join("\n"));
    }),
    { numRuns: 500, seed: 20_261_120 },
  );
});

test("every keyword bare, with too much, and with a block, in its own block", () => {
  const roots: Readonly<Record<string, string>> = {
    authentication: "vrrp_instance X { authentication {",
    auth_hmac: "vrrp_instance X { auth_hmac {",
    virtual_server: "virtual_server 192.0.2.1 80 {",
    real_server: "virtual_server 192.0.2.1 80 { real_server 192.0.2.2 80 {",
    url: "virtual_server 192.0.2.1 80 { real_server 192.0.2.2 80 { HTTP_GET { url {",
    ssl_url: "virtual_server 192.0.2.1 80 { real_server 192.0.2.2 80 { SSL_GET { url {",
    host: "virtual_server 192.0.2.1 80 { real_server 192.0.2.2 80 { SMTP_CHECK { host {",
    "(root)": "",
  };
  for (const { block, rows } of tables) {
    const open =
      roots[block] ??
      (/^[A-Z]/.test(block) && block !== "SSL"
        ? `virtual_server 192.0.2.1 80 { real_server 192.0.2.2 80 { ${block} {`
        : `${block} X {`);
    const close = "}".repeat(open.split("{").length - 1);
    for (const { keyword } of rows)
      for (const rest of ["", " a b c d e f g h", " 1", " { a b\n c }", " x {"])
        survive(`${open}\n${keyword}${rest}\n${close}\n`);
  }
});

test("a line of a megabyte, a million braces, a word without end", () => {
  survive(`router_id ${"x ".repeat(500_000)}`);
  survive("{".repeat(1_000_000));
  survive("}".repeat(1_000_000));
  survive("x".repeat(1_000_000));
  survive(`"${"x".repeat(1_000_000)}`);
});

test("ten thousand warnings do not hide an error, nor one that keeps the daemon from starting", () => {
  const warnings = "  router_id a\n".repeat(10_100);
  const text = `global_defs {\n${warnings}}\n`;
  const outcome = (more: string): readonly [number, number] => {
    const { testStatus, startStatus } = loadConfig("m.conf", fakeSystem({ "m.conf": text + more }));
    return [testStatus, startStatus];
  };
  assert.deepEqual(outcome(""), [0, 0]);
  assert.deepEqual(outcome("banana\n"), [5, 0]);
  assert.deepEqual(outcome("vrrp_instance V1 {\n  interface eth0\n}\n"), [5, 2]);
});
