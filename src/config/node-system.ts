/** The real machine behind `ConfigSystem`: files, users and groups through Node. */
import { randomInt } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { globPaths } from "./glob.ts";
import type { ConfigSystem } from "./load.ts";

/** linux/if.h */
const IFF_MULTICAST = 0x1000;

/** @param interfaces names of the existing interfaces; undefined when they cannot be known */
export function nodeConfigSystem(interfaces?: () => ReadonlySet<string> | undefined): ConfigSystem {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return {
    readFile: (path) => readFileSync(path),
    interfaces: () => interfaces?.(),
    mtu: (name) => (interfaces === undefined ? undefined : readAttribute(name, "mtu")),
    multicast: (name) => {
      const flags = interfaces === undefined ? undefined : readAttribute(name, "flags");
      return flags === undefined ? undefined : (flags & IFF_MULTICAST) !== 0;
    },
    user: (name) => {
      const fields = findLine("/etc/passwd", 0, name);
      return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
    },
    group: (name) => {
      const fields = findLine("/etc/group", 0, name);
      return fields === undefined ? undefined : Number(fields[2]);
    },
    groupsOf: (id) => groupsOf(findLine("/etc/passwd", 2, String(id))),
    hostname: hostname(),
    self: { uid, gid, name: findLine("/etc/passwd", 2, String(uid))?.[0] ?? String(uid) },
    statScript: (path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined
        ? undefined
        : { isFile: stat.isFile(), mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
    },
    readLink: (path) => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat?.isSymbolicLink() === true ? { target: readlinkSync(path), uid: stat.uid } : undefined;
    },
    glob: (pattern) =>
      globPaths(pattern, {
        list: namesIn,
        exists: (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
      }),
    fileKind: (path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return isLink(path) ? "other" : undefined;
      if (stat.isDirectory()) return "directory";
      if (!stat.isFile()) return "other";
      return (stat.mode & 0o111) === 0 ? "file" : "executable";
    },
    environment: (name) => process.env[name],
    directoryOf: (file) => resolve(dirname(file)),
    seed: () => randomInt(2 ** 32),
  };
}

/** A number that sysfs shows of an interface; undefined: there is no such interface or no sysfs. */
function readAttribute(name: string, attribute: "mtu" | "flags"): number | undefined {
  if (/^\.*$|\//.test(name)) return undefined;
  try {
    return Number(readFileSync(`/sys/class/net/${name}/${attribute}`, "utf8"));
  } catch {
    return undefined; // gone meanwhile, or no sysfs
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // No directory, or one that may not be read: nothing in it matches.
    return [];
  }
}

/** Whether a path is a link, even one to nowhere. */
function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** @param user the line of /etc/passwd */
function groupsOf(user: readonly string[] | undefined): readonly number[] {
  const [name, , , primary] = user ?? [];
  if (name === undefined) return [];
  const others = linesOf("/etc/group").flatMap((line) => {
    const [, , gid, members = ""] = line.split(":");
    return members.split(",").includes(name) ? Number(gid) : [];
  });
  return [...new Set([Number(primary), ...others])].sort((a, b) => a - b);
}

/** The fields of the first line of a colon-separated table whose field has a value. */
function findLine(path: string, field: number, value: string): readonly string[] | undefined {
  for (const line of linesOf(path)) {
    const fields = line.split(":");
    if (fields[field] === value && fields.length > 2) return fields;
  }
  return undefined;
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    // A machine without the table has no users by name.
    return [];
  }
}
