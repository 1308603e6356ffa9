/**
 * Whether iptables rules can be used here: the command must be the legacy one, because the other one only
 * translates to nftables, which we speak ourselves. A shell: it looks at the file system.
 */
import { realpathSync } from "node:fs";

const DIRECTORIES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** @returns why not; undefined when they can */
export function iptablesObstacle(): string | undefined {
  for (const directory of DIRECTORIES) {
    const target = targetOf(`${directory}/iptables`);
    if (target !== undefined)
      return target.includes("nft") ? "the iptables command is not the legacy one" : undefined;
  }
  return "there is no iptables command";
}

function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // it is not there
  }
}
