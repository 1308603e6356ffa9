import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments, type Request } from "../../src/cli/arguments.ts";
import { helpText } from "../../src/cli/help.ts";

function options(...argv: string[]): (Request & { kind: "run" })["options"] {
  const { request } = parseArguments(argv);
  if (request.kind !== "run") assert.fail(`${request.kind} instead of run`);
  return request.options;
}

test("without options both children run in the background with keepalived's own files", () => {
  assert.deepEqual(parseArguments([]), {
    remarks: [],
    request: {
      kind: "run",
      foreground: false,
      options: {
        configFile: "/etc/keepalived/keepalived.conf",
        configId: undefined,
        allConfig: false,
        roles: new Set(["vrrp", "checker", "bfd"]),
        allRoles: false,
        respawn: true,
        ignoreSigint: false,
        log: { detail: false, console: false, format: "text", syslog: true, facility: 3, file: undefined },
        pidFiles: {
          parent: "/run/keepalived.pid",
          vrrp: "/run/vrrp.pid",
          checker: "/run/checkers.pid",
          bfd: "/run/bfd.pid",
        },
        dontReleaseVrrp: false,
        dontReleaseIpvs: false,
        releaseVips: false,
        namespace: undefined,
        umask: undefined,
        withoutFunction: [],
        commandLine: ["keepalived"],
      },
    },
  });
});

test("-P leaves VRRP, -C leaves the checkers, both together leave both; -B takes BFD away", () => {
  assert.deepEqual([...options("-P").roles], ["vrrp", "bfd"]);
  assert.deepEqual([...options("-C").roles], ["checker", "bfd"]);
  assert.deepEqual([...options("-PC").roles], ["vrrp", "checker", "bfd"]);
  assert.deepEqual([...options("-B").roles], ["vrrp", "checker"]);
  assert.deepEqual([...options("-BP").roles], ["vrrp"]);
});

test("-l counts only with -n", () => {
  assert.equal(options("-l").log.console, false);
  assert.equal(options("-l", "-n").log.console, true);
});

test("-g without a file means /tmp/keepalived.log", () => {
  assert.equal(options("-g").log.file, "/tmp/keepalived.log");
  assert.equal(options("-g/var/log/k").log.file, "/var/log/k");
});

test("-S local3 is facility 19, anything unknown is said and leaves daemon", () => {
  assert.equal(options("-S", "local3").log.facility, 19);
  const { request, remarks } = parseArguments(["-S", "local9"]);
  assert.deepEqual(remarks, ["Invalid log facility 'local9'"]);
  assert.equal(request.kind === "run" && request.options.log.facility, 3);
});

test("-u reads octal, decimal and hexadecimal as strtol does", () => {
  assert.deepEqual(
    [options("-u", "027").umask, options("-u18").umask, options("-u", "0x12").umask],
    [23, 18, 18],
  );
  assert.equal(parseArguments(["-u", "rwx"]).request.kind, "usageError");
  assert.equal(parseArguments(["-u", "09"]).request.kind, "usageError");
});

test("pid files go where they are told, and into the namespace's folder by default", () => {
  assert.deepEqual(options("-p", "/a", "-r", "/b", "-c", "/c", "-b", "/d").pidFiles, {
    parent: "/a",
    vrrp: "/b",
    checker: "/c",
    bfd: "/d",
  });
  assert.equal(options("-s", "red").pidFiles.vrrp, "/run/keepalived/red/vrrp.pid");
});

test("options without function yet are accepted and named", () => {
  assert.deepEqual(options("-x", "-d", "-M", "--debug=DG").withoutFunction, [
    "dump-conf",
    "snmp",
    "core-dump-pattern",
    "debug",
  ]);
});

test("a file name that looks like a number or a word of yargs stays text", () => {
  assert.equal(options("-f", "007").configFile, "007");
  assert.equal(options("--use-file=true").configFile, "true");
  assert.equal(options("-i", "0x10").configId, "0x10");
});

test("--all-config is for running, testing and dumping", () => {
  assert.equal(options("-e").allConfig, true);
  const { request } = parseArguments(["-t", "--all-config"]);
  assert.ok(request.kind === "configTest" && request.allConfig);
});

test("--config-test wins over running and knows its output file", () => {
  assert.deepEqual(parseArguments(["-t", "-f", "x.conf"]).request, {
    kind: "configTest",
    file: "x.conf",
    configId: undefined,
    allConfig: false,
    namespace: undefined,
    output: undefined,
    strict: false,
    json: false,
  });
  const { request } = parseArguments(["-t/tmp/o"]);
  assert.equal(request.kind === "configTest" && request.output, "/tmp/o");
});

test("--strict and --json belong to the configuration test", () => {
  const { request } = parseArguments(["-t", "--strict", "--json"]);
  assert.ok(request.kind === "configTest" && request.strict && request.json);
});

test("--dump-config, --explain and --keywords run nothing", () => {
  assert.deepEqual(parseArguments(["--dump-config", "-f", "x.conf"]).request, {
    kind: "dumpConfig",
    file: "x.conf",
    configId: undefined,
    allConfig: false,
    namespace: undefined,
    secrets: false,
  });
  const { request } = parseArguments(["--dump-config=secrets"]);
  assert.ok(request.kind === "dumpConfig" && request.secrets);
  assert.deepEqual(parseArguments(["--explain", "weight"]).request, { kind: "explain", topic: "weight" });
  assert.deepEqual(parseArguments(["--keywords"]).request, { kind: "keywords" });
});

test("an unknown log format is refused", () => {
  assert.deepEqual(parseArguments(["--log-format", "xml"]).request, {
    kind: "usageError",
    text: "Unknown log format 'xml': text or json",
  });
});

test("the help shows every option of the table that is not hidden", () => {
  assert.deepEqual(parseArguments(["-nh"]).request, { kind: "help" });
  const text = helpText(80);
  assert.match(text, /^Usage: keepalived \[OPTION\.\.\.\]\n/);
  assert.match(text, /-t, --config-test/);
  assert.match(text, /-r, --vrrp_pid/);
  assert.doesNotMatch(text, /no-mem-check/);
});
