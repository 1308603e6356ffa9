// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written like this
/** Each form below keywords: its example loads, and what is wrong with it is told with a code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lexicalRows } from "../../grammar/keywords/lexical.ts";
import { loadConfig } from "../../src/config/load.ts";
import { fakeSystem } from "./fake-system.ts";

const files: Readonly<Record<string, string>> = Object.fromEntries(
  ["web", "mail", "web1", "web2", "web9", "weba", "conf.d/a", "a/web", "dir/web", "b/", "1", "a"].map(
    (name) => [`${name}.conf`, ""],
  ),
);

function codes(text: string): readonly string[] {
  const system = fakeSystem({ ...files, "main.conf": text });
  const { diagnostics } = loadConfig(
    "main.conf",
    { ...system, directoryOf: () => "dir" },
    { configId: "lb1" },
  );
  const effects = new Set(["no-effect-yet", "script-security-off", "extra-block-parameter"]);
  return diagnostics.map((d) => d.code).filter((code) => !effects.has(code));
}

/** The same forms in their order, wrong. */
const wrong: readonly (readonly [form: string, text: string, ...codes: string[]])[] = [
  ["include PATTERN", "include none.conf", "include-no-match"],
  ["includer PATTERN", "includer", "missing-value"],
  ["includem PATTERN", "includem none.conf", "include-failed"],
  ["includew PATTERN", "includew none*.conf", "include-failed"],
  ["includeb PATTERN", "includeb {web,none}.conf", "include-failed"],
  ["includea PATTERN", "includea none*.conf", "include-failed"],
  ["@ID TEXT", "@ foo", "condition-without-id"],
  ["@^ID TEXT", "@^lb2 foo", "unknown-keyword"],
  ["$NAME=VALUE", "$IF =eth0", "unknown-keyword"],
  ["$NAME=VALUE \\", "$A= \\\nb # c \\\nd", "line-continuation", "unknown-keyword"],
  ["$NAME", "$A=$A\nfoo $A", "parameter-recursion", "unknown-keyword"],
  ["${NAME}", '"${A}"\n$B= \\\na \\\nb\n"${B}"', "unknown-keyword", "parameter-not-last", "unknown-keyword"],
  ["${_PWD}", '"${_PWD x}"', "parameter-invalid", "unknown-keyword"],
  ["${_INSTANCE}", '"${_INSTANCE x}"', "parameter-invalid", "unknown-keyword"],
  ["${_RANDOM [MIN [MAX]]}", "include ${_RANDOM 1 0}.conf", "parameter-invalid"],
  ["${_ENV NAME}", "include a${_ENV NONE}.conf", "environment-unset"],
  ["${_HASH}", "a${_HASH}b c", "unknown-keyword"],
  ["${_BANG}", "a${_BANG}b c", "unknown-keyword"],
  ["~SEQ(VARIABLE, [START, [STEP,]] END) TEXT", "~SEQ(i, 1, 0, 2) x", "sequence-invalid"],
  ["~SEQx(VARIABLE, [START, [STEP,]] END) TEXT", "~SEQx(i, -1, 2) x", "sequence-invalid"],
  ["~LST(VARIABLE, VALUE, …) TEXT", "~LST(i) x", "sequence-invalid"],
  ["~LST({VARIABLE, …}, {VALUE, …}, …) TEXT", "~LST({i}, {1, 2}) x", "sequence-invalid"],
  ["# COMMENT", "a\\#b", "unknown-keyword"],
  ["! COMMENT", "a\\!b", "unknown-keyword"],
  ["\\", "include web.conf\nfoo \\\nbar", "line-continuation", "unknown-keyword", "unknown-keyword"],
  ['"TEXT"', 'global_defs { router_id "a\n}', "unmatched-quote"],
  ["SCRIPT and regex words", 'global_defs { startup_script "/bin/true \'a"\n}', "unmatched-quote"],
  ["{ }", "}\n{", "extra-brace", "unexpected-brace"],
  ["BOOL", "global_defs { vrrp_skip_check_adv_addr On\n}", "boolean-invalid"],
  ["TIMER", "global_defs { vrrp_garp_interval 0.0010001\n}", "too-many-decimals"],
  [
    "HEXSTR",
    "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind NAT\nreal_server 192.0.2.2 53 { UDP_CHECK { payload 0g\n} } }",
    "hex-invalid",
  ],
  ["SCRIPT [USER [GROUP]]", "global_defs { startup_script /bin/true nobody_here\n}", "user-unknown"],
];

test("32 forms, each once", () => {
  assert.equal(lexicalRows.length, 32);
  assert.equal(new Set(lexicalRows.map((row) => row.form)).size, 32);
  assert.deepEqual(
    wrong.map(([form]) => form),
    lexicalRows.map((row) => row.form),
  );
});

for (const { form, example } of lexicalRows)
  test(`the example of ${form} has no error`, () => {
    assert.deepEqual(codes(example), []);
  });

for (const [form, text, ...expected] of wrong)
  test(`what is wrong with ${form} is told`, () => {
    assert.deepEqual([...codes(text)].sort(), [...expected].sort());
  });
