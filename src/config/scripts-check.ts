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

/** @param stat follows links; undefined: no such file */
export function weakComponent(
  path: string,
  stat: (path: string) => ScriptStat | undefined,
): WeakComponent | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  for (let i = 0; i <= parts.length; i++) {
    const component = `/${parts.slice(0, i).join("/")}`;
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

/** Whether somebody may execute a file; root may when anybody may. */
export function isExecutableFor(
  { mode, uid, gid }: ScriptStat,
  who: { readonly uid: number; readonly gid: number },
): boolean {
  if (who.uid === 0) return (mode & 0o111) !== 0;
  if (uid === who.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === who.gid ? 0o010 : 0o001)) !== 0;
}
