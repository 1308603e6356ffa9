/**
 * What is tracked and what is told, with Debian's keepalived and with ours: the same file, the same events,
 * the same priorities, FIFO lines and arguments of notify scripts.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Daemon, EXECUTABLE, type Make } from "../lab/daemon.ts";
import { run, until } from "../lab/shell.ts";
import { Wire } from "../lab/wire.ts";

const MAKES: readonly Make[] = ["c", "ours"];

/** One router with a daemon, a FIFO that is read, and files that its configuration names. */
class Field {
  readonly wire: Wire;
  readonly daemon: Daemon;
  readonly folder: string;
  #reader: ChildProcess | undefined;

  private constructor(wire: Wire, make: Make) {
    this.wire = wire;
    this.daemon = new Daemon(wire, "r1", make);
    this.folder = wire.folder("r1");
  }

  static async build(make: Make): Promise<Field> {
    const field = new Field(await Wire.build(), make);
    field.script("note", `echo "$*" >> ${field.path("notes")}`);
    await run(["mkfifo", "-m", "644", field.path("fifo")]);
    const log = openSync(field.path("lines"), "a");
    // Opened for reading and writing: the end of one writer is no end of the file.
    field.#reader = spawn("sh", ["-c", `exec cat <> ${field.path("fifo")}`], {
      stdio: ["ignore", log, "ignore"],
    });
    closeSync(log);
    return field;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  script(name: string, text: string): string {
    writeFileSync(this.path(name), `#!/bin/sh\n${text}\n`);
    chmodSync(this.path(name), 0o755);
    return this.path(name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  #lines(name: string): readonly string[] {
    const path = this.path(name);
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  }

  /** States and priorities of one instance or group in the FIFO. */
  told(subject: string): readonly string[] {
    return this.#lines("lines")
      .filter((line) => line.startsWith(`${subject.replace(" ", ' "')}" `))
      .map((line) => line.slice(subject.length + 3));
  }

  /** The same from the arguments of notify scripts. */
  noted(subject: string): readonly string[] {
    return this.#lines("notes")
      .filter((line) => line.startsWith(`${subject} `))
      .map((line) => line.slice(subject.length + 1));
  }

  /** Waits for the last line about a subject. */
  async says(subject: string, line: string): Promise<void> {
    await until(`${this.daemon.make} to tell ${subject} ${line}; so far ${this.told(subject)}`, () => {
      return this.told(subject).at(-1) === line;
    });
  }

  async remove(): Promise<void> {
    await this.daemon.stop("SIGKILL");
    this.#reader?.kill();
    await this.wire.remove();
  }
}

async function onBoth(play: (field: Field) => Promise<void>): Promise<void> {
  await Promise.all(
    MAKES.map(async (make) => {
      const field = await Field.build(make);
      try {
        await play(field);
      } catch (error) {
        throw new Error(`${make}: ${(error as Error).message}\n${field.daemon.log()}`, { cause: error });
      } finally {
        await field.remove();
      }
    }),
  );
}

const instance = (name: string, i: number, id: number, more: string): string => `
vrrp_instance ${name} {
    interface eth${i}
    virtual_router_id ${id}
    priority 100
    advert_int 1
    virtual_ipaddress {
        10.9.${i}.${id}
    }
${more}
}
`;

describe("trackers and notifications, Debian's keepalived beside ours", { concurrency: 3 }, () => {
  test("a sync group: script, cable, deletion and stop", async () => {
    await onBoth(async (field) => {
      const note = field.path("note");
      field.write("status", "0");
      const head = `
global_defs {
    script_user root
    vrrp_notify_fifo ${field.path("fifo")}
}
vrrp_script chk {
    script "/bin/sh -c 'exit $(cat ${field.path("status")})'"
    interval 1
}
vrrp_sync_group G {
    group {
        A
        B
    }
    notify ${note}
}
`;
      const members =
        instance("A", 0, 51, `    track_script {\n        chk\n    }\n    notify ${note}`) +
        instance("B", 1, 52, `    notify ${note}`);
      const deleted = instance("C", 0, 53, `    notify ${note}\n    notify_deleted`);
      await field.daemon.start(head + members + deleted);
      await field.says("GROUP G", "MASTER 0");
      await field.says("INSTANCE C", "MASTER 100");
      field.write("status", "1");
      await field.says("GROUP G", "FAULT 0");
      field.write("status", "0");
      await field.says("GROUP G", "MASTER 0");
      await field.wire.cable("r1", "down", "eth1");
      await field.says("GROUP G", "FAULT 0");
      await field.wire.cable("r1", "up", "eth1");
      await field.says("GROUP G", "MASTER 0");
      field.daemon.reload(head + members);
      await field.says("INSTANCE C", "DELETED 100");
      await field.daemon.stop();
      await field.says("GROUP G", "STOP 0");
      const life = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"];
      const expected: Readonly<Record<string, readonly string[]>> = {
        "GROUP G": life.map((state) => `${state} 0`),
        "INSTANCE A": life.map((state) => `${state} 100`),
        "INSTANCE B": life.map((state) => `${state} 100`),
        "INSTANCE C": ["BACKUP 100", "MASTER 100", "DELETED 100"],
      };
      for (const [subject, lines] of Object.entries(expected)) {
        assert.deepEqual(field.told(subject), lines, `FIFO: ${subject}`);
        await until(`notes of ${subject}`, () => field.noted(subject).length === lines.length);
        // keepalived starts its scripts all at once, and so does not keep their order
        const sorted = (list: readonly string[]): readonly string[] => [...list].sort();
        assert.deepEqual(sorted(field.noted(subject)), sorted(lines), `notify: ${subject}`);
        if (field.daemon.make === "ours") assert.deepEqual(field.noted(subject), lines);
      }
    });
  });

  test("scripts and files with weights lead to the same priorities", async () => {
    await onBoth(async (field) => {
      for (const name of ["plus", "minus", "turned"]) field.write(name, "0");
      field.write("number", "0\n");
      const script = (name: string, more: string): string => `
vrrp_script ${name} {
    script "/bin/sh -c 'exit $(cat ${field.path(name)})'"
    interval 1
    ${more}
}
`;
      await field.daemon.start(
        `
global_defs {
    script_user root
    vrrp_notify_fifo ${field.path("fifo")}
    vrrp_notify_priority_changes
}
${script("plus", "weight 10")}${script("minus", "weight -20\n    fall 2\n    rise 2")}${script("turned", "weight 30 reverse")}
track_file number {
    file ${field.path("number")}
    weight 2
}
` +
          instance(
            "A",
            0,
            51,
            "    track_script {\n        plus\n        minus\n        turned weight 40 noreverse\n    }\n    track_file {\n        number\n    }",
          ),
      );
      const steps: readonly (readonly [string, string, string])[] = [
        ["plus", "1", "MASTER_PRIORITY 140"],
        ["minus", "1", "MASTER_PRIORITY 120"],
        ["turned", "1", "MASTER_PRIORITY 80"],
        ["number", "5\n", "MASTER_PRIORITY 90"],
        ["number", "-300\n", "FAULT 90"],
        ["number", "0x10\n", "BACKUP 112"],
        ["minus", "0", "MASTER_PRIORITY 132"],
        ["plus", "0", "MASTER_PRIORITY 142"],
        ["turned", "0", "MASTER_PRIORITY 182"],
        ["number", "1000\n", "MASTER_PRIORITY 254"],
        ["number", "-90", "MASTER_PRIORITY 1"],
      ];
      await field.says("INSTANCE A", "MASTER 150");
      for (const [name, text, line] of steps) {
        const elected =
          line.startsWith("MASTER_PRIORITY") && field.told("INSTANCE A").at(-1)?.startsWith("BACKUP");
        if (elected === true) await field.says("INSTANCE A", "MASTER 112");
        field.write(name, text);
        await field.says("INSTANCE A", line);
      }
      await field.daemon.stop();
    });
  });

  test("instances wait for scripts that have no weight, and a first failure is a fault", async () => {
    await onBoth(async (field) => {
      const slow = field.script("slow", "sleep 2");
      const bad = field.script("bad", "exit 1");
      await field.daemon.start(`
global_defs {
    script_user root
    vrrp_notify_fifo ${field.path("fifo")}
}
vrrp_script slow {
    script ${slow}
    interval 3
    timeout 3
}
vrrp_script bad {
    script ${bad}
    interval 1
    fall 3
}
vrrp_script hangs {
    script "/bin/sleep 100"
    interval 3
    timeout 1
}
${["slow", "bad", "hangs"].map((name, i) => instance(name, 0, 51 + i, `    track_script {\n        ${name}\n    }`)).join("")}
${instance("free", 0, 60, "")}`);
      await field.says("INSTANCE free", "BACKUP 100");
      assert.deepEqual(field.told("INSTANCE slow"), []);
      await field.says("INSTANCE bad", "FAULT 100");
      await field.says("INSTANCE hangs", "FAULT 100");
      await field.says("INSTANCE slow", "MASTER 100");
      assert.deepEqual(field.told("INSTANCE slow"), ["BACKUP 100", "MASTER 100"]);
      assert.deepEqual(field.told("INSTANCE bad"), ["FAULT 100"]);
      assert.deepEqual(field.told("INSTANCE hangs"), ["FAULT 100"]);
      await field.daemon.says("VRRP_Script(hangs) timed_out");
      await field.daemon.stop();
    });
  });

  test("a master that hears a lower priority runs its script and writes a line", async () => {
    await onBoth(async (field) => {
      const heard = field.script("heard", `echo "INSTANCE A heard $*" >> ${field.path("notes")}`);
      const head = `
global_defs {
    script_user root
    vrrp_notify_fifo ${field.path("fifo")}
}
`;
      const rival = new Daemon(field.wire, "r2", "c");
      try {
        await field.daemon.start(head + instance("A", 0, 51, `    notify_master_rx_lower_pri ${heard}`));
        await field.says("INSTANCE A", "MASTER 100");
        await field.wire.reach("r2", "cut");
        // It answers before it yields, so that it is heard for sure.
        await rival.start(
          instance("A", 0, 51, "    higher_prio_send_advert").replace("priority 100", "priority 50"),
        );
        await rival.says("Entering MASTER STATE");
        await field.wire.reach("r2", "joined");
        await until("the line", () => field.told("INSTANCE A").length >= 3);
        await until("the script", () => field.noted("INSTANCE A").length > 0);
        assert.equal(field.told("INSTANCE A")[2], "MASTER_RX_LOWER_PRI 100");
        assert.match(field.noted("INSTANCE A")[0] ?? "", /^heard *$/);
      } finally {
        await rival.stop("SIGKILL");
      }
      await field.daemon.stop();
    });
  });

  test("scripts that hang hold up neither those for all states nor the stop, and are gone after it", async () => {
    const field = await Field.build("ours");
    try {
      const stubborn = field.script("stubborn", "trap '' TERM\nwhile :; do sleep 0.2; done");
      const note = field.path("note");
      await field.daemon.start(
        `
global_defs {
    script_user root
    vrrp_notify_fifo ${field.path("fifo")}
    vrrp_notify_fifo_script ${stubborn}
}
vrrp_script hangs {
    script ${stubborn}
    interval 60
}
` +
          instance(
            "A",
            0,
            51,
            `    track_script {\n        hangs weight 1\n    }\n    notify ${note}\n    notify_backup ${stubborn}\n    notify_master ${stubborn}\n    notify_stop ${stubborn}`,
          ),
      );
      await field.says("INSTANCE A", "MASTER 100");
      await until("notes", () => field.noted("INSTANCE A").length === 2);
      const began = performance.now();
      await field.daemon.stop();
      // One second for the scripts; the rest is patience with a busy machine.
      assert.ok(performance.now() - began < 4_000);
      assert.deepEqual(field.noted("INSTANCE A"), ["BACKUP 100", "MASTER 100", "STOP 100"]);
      await until("no process is left", async () => (await field.daemon.processes()).length === 0);
    } finally {
      await field.remove();
    }
  });

  test("fifo_write_vrrp_states_on_reload: a reload that changes nothing writes all states", async () => {
    await onBoth(async (field) => {
      const text = `
global_defs {
    vrrp_notify_fifo ${field.path("fifo")}
    fifo_write_vrrp_states_on_reload
}
vrrp_sync_group G {
    group {
        A
        B
    }
}
${instance("A", 0, 51, "")}${instance("B", 1, 52, "")}${instance("C", 0, 53, "")}`;
      await field.daemon.start(text);
      await field.says("GROUP G", "MASTER 0");
      await field.says("INSTANCE C", "MASTER 100");
      field.daemon.reload(text);
      await until("three lines of the group", () => field.told("GROUP G").length === 3);
      await field.daemon.stop();
      await field.says("GROUP G", "STOP 0");
      const life = (priority: number, times: number): readonly string[] =>
        ["BACKUP", ...Array<string>(times).fill("MASTER"), "STOP"].map((state) => `${state} ${priority}`);
      assert.deepEqual(field.told("GROUP G"), life(0, 2));
      // keepalived.conf(5) says all instances and groups; 2.2.7 writes the groups only
      const times = field.daemon.make === "ours" ? 2 : 1;
      for (const name of ["A", "B", "C"])
        assert.deepEqual(field.told(`INSTANCE ${name}`), life(100, times), name);
    });
  });

  test("processes are counted, with quorums and delays", async () => {
    await onBoth(async (field) => {
      // The kernel tells of processes in the first network namespace only, which Debian's daemon leaves by -s.
      const { make } = field.daemon;
      const word = `${1000 + (process.pid % 1000)}${make === "c" ? 1 : 2}`;
      const configuration = field.path("processes.conf");
      writeFileSync(
        configuration,
        `
global_defs {
    vrrp_notify_fifo ${field.path("fifo")}
    vrrp_notify_priority_changes
}
vrrp_track_process pair {
    process sleep ${word}
    quorum 2
    quorum_max 3
    terminate_delay 0.5
    weight 7
}
vrrp_track_process none {
    process sleep ${word}
    quorum_max 0
    weight 20
}
${instance("A", 0, 51, "    track_process {\n        pair\n        none\n    }")}`,
      );
      const log = openSync(field.path("process.log"), "a");
      const pids = (["p", "r", "c"] as const).flatMap((flag) => [`-${flag}`, field.path(`${flag}.pid`)]);
      const namespace = field.wire.namespace("r1");
      const daemon = spawn(
        EXECUTABLE[make],
        ["-n", "-l", "-D", "-f", configuration, "-s", namespace, ...pids],
        { stdio: ["ignore", log, log] },
      );
      closeSync(log);
      const sleepers: ChildProcess[] = [];
      const begin = (): unknown => sleepers.push(spawn("sleep", [word], { stdio: "ignore" }));
      try {
        await field.says("INSTANCE A", "MASTER 120");
        begin();
        await field.says("INSTANCE A", "MASTER_PRIORITY 100");
        begin();
        await field.says("INSTANCE A", "MASTER_PRIORITY 107");
        begin();
        begin();
        await field.says("INSTANCE A", "MASTER_PRIORITY 100");
        sleepers.pop()?.kill();
        await field.says("INSTANCE A", "MASTER_PRIORITY 107");
        for (const sleeper of sleepers.splice(0)) sleeper.kill();
        await until("the last change", () => field.told("INSTANCE A").at(-1) === "MASTER_PRIORITY 120");
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${readFileSync(field.path("process.log"), "utf8")}`);
      } finally {
        for (const sleeper of sleepers) sleeper.kill();
        const ended = new Promise((resolve) => daemon.once("exit", resolve));
        if (daemon.exitCode === null) {
          daemon.kill();
          await ended;
        }
      }
    });
  });
});
