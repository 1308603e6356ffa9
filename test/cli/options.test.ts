import assert from "node:assert/strict";
import { test } from "node:test";
import { facilityNumber, normalise, OPTIONS } from "../../src/cli/options.ts";

/** Section 2 of the reference: short, long, and whether a value is taken (- no, + yes, ? optional). */
const REFERENCE = `
f use-file + | P vrrp - | C check - | B no_bfd - | . all - | l log-console - | D log-detail -
S log-facility + | g log-file ? | . flush-log-file - | G no-syslog - | u umask + | X release-vips -
V dont-release-vrrp - | I dont-release-ipvs - | R dont-respawn - | n dont-fork - | d dump-conf -
p pid + | r vrrp_pid + | T genhash - | c checkers_pid + | a address-monitoring - | b bfd_pid +
x snmp - | A snmp-agent-socket + | s namespace + | m core-dump - | M core-dump-pattern ?
. no-mem-check - | L mem-check-log - | O openssl-mem-check - | e all-config - | i config-id +
. signum + | t config-test ? | . config-fd + | . ignore-sigint - | . perf ? | . debug ?
v version - | h help -`;

test("every option of keepalived 2.4.3 is there, with its letter and its kind of value", () => {
  const kinds = { "-": "none", "+": "required", "?": "optional" } as const;
  const expected = REFERENCE.trim()
    .split(/[|\n]/)
    .map((row) => row.trim().split(" "))
    .map(([short, long, kind]) => `${short} ${long} ${kinds[kind as keyof typeof kinds]}`);
  const ours = OPTIONS.filter((o) => o.own !== true).map((o) => `${o.short ?? "."} ${o.long} ${o.value}`);
  assert.deepEqual(ours.toSorted(), expected.toSorted());
});

const cases: readonly [about: string, argv: string[], args: string[]][] = [
  ["letters may be bundled", ["-nlDP"], ["--dont-fork", "--log-console", "--log-detail", "--vrrp"]],
  ["a value may be attached to its letter", ["-f/etc/k.conf"], ["--use-file=/etc/k.conf"]],
  ["a value may follow its letter", ["-f", "k.conf"], ["--use-file=k.conf"]],
  ["the last letter of a bundle takes the value", ["-nf", "k.conf"], ["--dont-fork", "--use-file=k.conf"]],
  ["a value may look like an option", ["-f", "-n"], ["--use-file=-n"]],
  ["an optional value must be attached", ["-t", "-f", "x"], ["--config-test=", "--use-file=x"]],
  ["an attached optional value counts", ["-t/tmp/out"], ["--config-test=/tmp/out"]],
  ["-g without a file is not -g with the next word", ["-g", "-D"], ["--log-file=", "--log-detail"]],
  ["-M takes its pattern attached", ["-Mcore.%p"], ["--core-dump-pattern=core.%p"]],
  ["long options take = or the next word", ["--use-file=a", "--pid", "b"], ["--use-file=a", "--pid=b"]],
  ["an empty value after = is a value", ["--use-file="], ["--use-file="]],
  [
    "long names may be abbreviated",
    ["--config-t", "--dont-f", "--use=x"],
    ["--config-test=", "--dont-fork", "--use-file=x"],
  ],
  ["an abbreviation means keepalived's option before ours", ["--dump", "--json"], ["--dump-conf", "--json"]],
  ["an exact name beats longer ones", ["--vrrp"], ["--vrrp"]],
  ["a value keeps its equals signs", ["--use-file=a=b"], ["--use-file=a=b"]],
];
for (const [about, argv, args] of cases) {
  test(about, () => assert.deepEqual(normalise(argv), { args, extra: [], error: undefined }));
}

const mistakes: readonly [argv: string[], error: string][] = [
  [["-Z"], "Unknown option -Z"],
  [["-nZ"], "Unknown option -Z"],
  [["--bogus"], "Unknown option --bogus"],
  [["-f"], "Missing parameter for option -f"],
  [["--pid"], "Missing parameter for option --pid"],
  [["--vrrp=1"], "Option --vrrp takes no parameter"],
  [["--dont-release"], "Ambiguous option --dont-release: --dont-release-vrrp --dont-release-ipvs"],
];
for (const [argv, error] of mistakes) {
  test(`"${argv.join(" ")}" is refused: ${error}`, () => assert.equal(normalise(argv).error, error));
}

test("words without an option are set aside wherever they stand, and all after --", () => {
  assert.deepEqual(normalise(["x", "-n", "y", "--", "-l", "z"]), {
    args: ["--dont-fork"],
    extra: ["x", "y", "-l", "z"],
    error: undefined,
  });
});

test("log facilities are 0 to 7, local0 to local7, user and daemon", () => {
  assert.deepEqual(["daemon", "user", "0", "7", "local3", "local8", "8", "mail", ""].map(facilityNumber), [
    3,
    1,
    16,
    23,
    19,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
