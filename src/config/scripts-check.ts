/** Who can change what a script is: the path security of keepalived.conf(5), with what would mend it. */
import type { ScriptStat } from "./load.ts";

/** The first part of a path that somebody else than root can change, and how to stop that. */
export interface WeakComponent {
  readonly path: string;
  /** `owned by uid 1000, mode 0777` */
  readonly why: string;
  /** a shell command */
  readonly fix: string;
}

/** A symbolic link and whose it is: in a sticky directory its owner may point it elsewhere. */
export interface ScriptLink {
  readonly target: string;
  readonly uid: number;
}

/** More links than the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Every directory and link on the way to a file counts, also those that only a link leads through.
 *
 * @param path absolute
 * @param stat follows links; undefined: no such file
 * @param link undefined: no link, or nothing at all
 */
export function weakComponent(
  path: string,
  stat: (path: string) => ScriptStat | undefined,
  link: (path: string) => ScriptLink | undefined = () => undefined,
): WeakComponent | undefined {
  for (const component of componentsOf(path, link)) {
    if (typeof component !== "string") {
      const { path: name, uid } = component;
      const directory = name.slice(0, name.lastIndexOf("/")) || "/";
      if (uid === 0 || ((stat(directory)?.mode ?? 0) & 0o1000) === 0) continue;
      return { path: name, why: `a link owned by uid ${uid}`, fix: `chown -h root ${name}` };
    }
    const found = stat(component);
    if (found === undefined) continue;
    const { mode, uid, gid, isFile } = found;
    // Nobody can replace a file of somebody else in a sticky directory.
    const sticky = !isFile && (mode & 0o1000) !== 0;
    const groupWrites = (mode & 0o020) !== 0 && gid !== 0 && !sticky;
    const worldWrites = (mode & 0o002) !== 0 && !sticky;
    if (uid === 0 && !groupWrites && !worldWrites) continue;
    const fixes = [
      ...(uid === 0 ? [] : [`chown root ${component}`]),
      ...(groupWrites || worldWrites ? [`chmod go-w ${component}`] : []),
    ];
    return {
      path: component,
      why: `owned by uid ${uid} and gid ${gid}, mode ${mode.toString(8).padStart(4, "0")}`,
      fix: fixes.join(" && "),
    };
  }
  return undefined;
}

/** The directories and links that are passed on the way, and the file itself, in this order. */
function componentsOf(
  path: string,
  link: (path: string) => ScriptLink | undefined,
): readonly (string | { readonly path: string; readonly uid: number })[] {
  const found: (string | { readonly path: string; readonly uid: number })[] = ["/"];
  let links = 0;
  let at = "";
  let rest = partsOf(path);
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === "..") {
      at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
      continue;
    }
    const next = `${at}/${part}`;
    const leads = links < MOST_LINKS ? link(next) : undefined;
    if (leads === undefined) {
      at = next;
      found.push(next);
      continue;
    }
    links++;
    found.push({ path: next, uid: leads.uid });
    if (leads.target.startsWith("/")) at = "";
    rest = [...partsOf(leads.target), ...rest];
  }
  return found;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Whether a file runs as root whoever starts it: set-user-ID or set-group-ID. */
export function becomesRoot({ mode, uid, gid }: ScriptStat): boolean {
  return ((mode & 0o4000) !== 0 && uid === 0) || ((mode & 0o2000) !== 0 && gid === 0);
}

/** Whether somebody may execute a file; root may when anybody may. */
export function isExecutableFor(
  { mode, uid, gid }: ScriptStat,
  who: { readonly uid: number; readonly gid: number },
): boolean {
  if (who.uid === 0) return (mode & 0o111) !== 0;
  if (uid === who.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === who.gid ? 0o010 : 0o001)) !== 0;
}
