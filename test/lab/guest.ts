/**
 * A machine of our own with every kernel feature the tests need: User Mode Linux from Debian's package,
 * started in seconds as an ordinary process. It sees this machine's files under a throw-away overlay, so
 * that nothing done inside reaches the outside.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { nextGroup, ownName } from "./leftovers.ts";

/** What to run in a guest. */
export interface GuestCommand {
  /** run as root with the caller's working directory */
  readonly argv: readonly string[];
  /** variables of the command; nothing else of the caller's environment goes in */
  readonly environment: Readonly<Record<string, string>>;
  /** run under a real systemd as PID 1 instead of a bare kernel */
  readonly systemd: boolean;
  /** the guest is killed after this time, seconds */
  readonly seconds: number;
}

const MEGABYTES = 2000;
const MODULES = "/usr/lib/uml/modules";
/** Lines of the guest's kernel and halt that say nothing about the command. */
const NOISE =
  /^(SELinux: |mmapper_init|Failed to initialize ubd|.*wtmp record|Halting|reboot: System halted|Console initialized|random: )/;
/** What systemd writes on the console about units, whatever it was told. */
const SYSTEMD_NOISE = /^$|^Inserted module|^\[.{0,10} {2}OK {2}|^ {9}(Start|Stopp|Reload)ing /;

/** Status of {@link runInGuest} when the guest ended without a word about its command. */
export const GUEST_BROKE = 99;

/**
 * Boots a guest, runs the command, hands over its output line by line, and ends the guest.
 *
 * @param signal ends the guest early, with status {@link GUEST_BROKE}
 * @returns the command's exit status, or {@link GUEST_BROKE}
 */
export async function runInGuest(
  command: GuestCommand,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), ownName("guest", nextGroup())));
  const marker = `guest-command-ended-${randomBytes(6).toString("hex")}=`;
  writeFileSync(join(directory, "init"), initScript(command, marker), { mode: 0o755 });
  const guest = boot(join(directory, "init"));
  const end = () => killGroup(guest);
  const timer = setTimeout(() => {
    onLine(`guest killed after ${command.seconds} s`);
    end();
  }, command.seconds * 1000);
  signal?.addEventListener("abort", end, { once: true });
  process.once("exit", end);
  let status = GUEST_BROKE;
  try {
    for await (const raw of createInterface({ input: guest.stdout ?? process.stdin })) {
      const [line = "", ended] = raw.replaceAll("\r", "").split(marker);
      if (ended !== undefined) {
        status = Number(ended);
        // Not left to halt(8): a small Debian has none, and the guest would run until its limit.
        break;
      }
      if (status === GUEST_BROKE && !isNoise(line, command.systemd)) onLine(line);
    }
  } finally {
    clearTimeout(timer);
    end();
    process.removeListener("exit", end);
    signal?.removeEventListener("abort", end);
    rmSync(directory, { recursive: true, force: true });
  }
  return status;
}

function boot(init: string): ChildProcess {
  const kernel = ["linux.uml", `mem=${MEGABYTES}M`, "rootfstype=hostfs", "rootflags=/", "ro", `init=${init}`];
  const console = ["con=null", "con0=fd:0,fd:1", "quiet"];
  // Pinned to one CPU, system calls are two to three times faster, and their cost is repeatable.
  const argv = ["taskset", "-c", String(nextCpu()), ...kernel, ...console];
  return spawn(argv[0] ?? "", argv.slice(1), {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] ?? "", HOME: "/root", TMPDIR: memoryDirectory() },
  });
}

function isNoise(line: string, systemd: boolean): boolean {
  return NOISE.test(line) || (systemd && SYSTEMD_NOISE.test(line));
}

/** The kernel's helpers are in its process group and do not end with it by themselves. */
function killGroup(guest: ChildProcess): void {
  if (guest.pid === undefined) return;
  try {
    process.kill(-guest.pid, constants.signals.SIGKILL);
  } catch {
    // all of them ended already
  }
}

let guests = 0;

/** Guests that run side by side get a processor each, as far as there are. */
function nextCpu(): number {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "0";
  const cpus = list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  guests += 1;
  return cpus.at(-1 - (guests % cpus.length)) ?? 0;
}

/** The guest's memory is a file: in memory where that is large enough (in containers it often is not). */
function memoryDirectory(): string {
  try {
    const { bsize, bavail } = statfsSync("/dev/shm");
    if (bsize * bavail > MEGABYTES * 1.2 * 2 ** 20) return "/dev/shm";
  } catch {
    // no such file system
  }
  return tmpdir();
}

/** The guest's console looks like a terminal whatever reads its output. */
function colour(): Readonly<Record<string, string>> {
  return process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? {} : { NO_COLOR: "1" };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function initScript(command: GuestCommand, marker: string): string {
  const variables = Object.entries({
    ...command.environment,
    HOME: "/root",
    KEEPALIVED_LAB_GUEST: "1",
    ...colour(),
  });
  const body = [
    "#!/bin/sh",
    `export PATH=${quote("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")}`,
    ...variables.map(([name, value]) => `export ${name}=${quote(value)}`),
    "ip link set lo up",
    `cd ${quote(process.cwd())}`,
    `${command.argv.map(quote).join(" ")} </dev/null`,
    `echo "${marker}$?"`,
    "",
  ].join("\n");
  return [
    PREPARE_ROOT,
    `cat > root/sbin/lab-command <<'END OF COMMAND'`,
    `${body}END OF COMMAND`,
    "chmod +x root/sbin/lab-command",
  ]
    .concat(command.systemd ? START_SYSTEMD : START_BARE)
    .join("\n");
}

/**
 * Leaves the shell in /run/lab with a writable copy of everything under `root`. Modules come from the
 * kernel's own package; `modprobe -d` because the machine around may have no /lib/modules to mount on.
 * The root is then pivoted to, not only changed to, because the kernel's own calls of modprobe (bridge,
 * IPVS schedulers) start at the root of the first process.
 */
const PREPARE_ROOT = `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t tmpfs -o size=75% tmpfs /run
mkdir -p /run/lab/upper /run/lab/work /run/lab/root /run/lab/boot/lib/modules
cd /run/lab
mount --bind ${MODULES} boot/lib/modules
modprobe -d /run/lab/boot overlay
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root || exec halt -f
mkdir -p root/lib/modules root/proc root/sys root/run root/dev root/tmp
mount -t proc proc root/proc
mount -t sysfs sys root/sys
mount -t tmpfs tmpfs root/run
mount -t devtmpfs dev root/dev
mkdir -p root/dev/pts root/dev/shm root/run/netns root/run/lock
mount -t devpts devpts root/dev/pts
mount -t tmpfs tmpfs root/dev/shm
mount --bind ${MODULES} root/lib/modules
`;

const START_BARE = `
cd root
mkdir -p run/lab
pivot_root . run/lab
chroot . /sbin/lab-command
chroot . /sbin/halt -f
`;

/**
 * Units of the machine around are of no interest, hence the fresh /etc/systemd/system; cleaning of /tmp
 * is off because the checkout may well be there.
 */
const START_SYSTEMD = `
units=root/etc/systemd/system
rm -rf $units root/etc/fstab root/etc/rc*.d
mkdir -p $units
for unit in systemd-tmpfiles-setup.service systemd-tmpfiles-clean.timer systemd-udevd.service \\
    systemd-udev-trigger.service systemd-logind.service systemd-resolved.service getty.target \\
    systemd-networkd.service systemd-timesyncd.service systemd-journal-flush.service; do
  ln -s /dev/null $units/$unit
done
cat > $units/lab-command.service <<'END OF UNIT'
[Unit]
DefaultDependencies=no
Wants=multi-user.target
After=sysinit.target
[Service]
Type=oneshot
ExecStart=/sbin/lab-command
ExecStopPost=/sbin/halt -f
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
TimeoutStartSec=infinity
END OF UNIT
cd root
mkdir -p run/lab
pivot_root . run/lab
exec chroot . /lib/systemd/systemd --unit=lab-command.service --log-target=kmsg --log-level=warning --show-status=no
`;
