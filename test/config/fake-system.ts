/** A machine made of literals: files, interfaces, users and scripts that the configuration tests see. */
import type { ConfigSystem, ScriptStat } from "../../src/config/load.ts";

const root: ScriptStat = { isFile: false, mode: 0o755, uid: 0, gid: 0 };
const scripts: Readonly<Record<string, ScriptStat>> = {
  "/": root,
  "/bin": root,
  "/usr": root,
  "/usr/bin": root,
  "/tmp": { isFile: false, mode: 0o1777, uid: 0, gid: 0 },
  "/bin/true": { isFile: true, mode: 0o755, uid: 0, gid: 0 },
  "/usr/bin/logger": { isFile: true, mode: 0o755, uid: 0, gid: 0 },
  "/bin/rootgroup": { isFile: true, mode: 0o775, uid: 0, gid: 0 },
  "/bin/plain": { isFile: true, mode: 0o644, uid: 0, gid: 0 },
  "/etc/hmac.key": { isFile: true, mode: 0o600, uid: 0, gid: 0 },
  "/tmp/weak": { isFile: true, mode: 0o777, uid: 0, gid: 0 },
};
const users: Readonly<Record<string, { uid: number; gid: number }>> = {
  root: { uid: 0, gid: 0 },
  nobody: { uid: 65534, gid: 65534 },
};

/** @param files by name; the main file is the one that `loadConfig` is called with */
export function fakeSystem(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: { readonly interfaces?: ReadonlySet<string> | undefined } = {
    interfaces: new Set(["lo", "eth0", "eth1"]),
  },
): ConfigSystem {
  return {
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return typeof content === "string" ? Buffer.from(content) : content;
    },
    interfaces: () => options.interfaces,
    user: (name) => users[name],
    group: (name) => ({ root: 0, daemon: 1 })[name],
    hostname: "host.example",
    self: { uid: 0, gid: 0, name: "root" },
    environment: (name) => ({ ROLE: "blue team" })[name],
    statScript: (path) => scripts[path],
    glob: (pattern) =>
      Object.keys(files)
        .filter((name) =>
          new RegExp(`^${pattern.replace(/[.]/g, "\\.").replace(/\*/g, "[^/]*")}$`).test(name),
        )
        .sort(),
  };
}
