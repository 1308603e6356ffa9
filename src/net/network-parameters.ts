/**
 * Kernel parameters of the network: files, and where /proc/sys may not be written (containers), the same
 * by rtnetlink as far as that can. Decides which way; never which values.
 */
import { AttributeWriter } from "../base/attributes.ts";
import { DaemonError } from "../base/errors.ts";
import {
  AF_INET,
  AF_INET6,
  IFLA_AF_SPEC,
  IFLA_INET_CONF,
  IFLA_INET6_ADDR_GEN_MODE,
  RTM_SETLINK,
} from "./constants.ts";
import type { NetlinkRequest } from "./netlink.ts";
import type { SysctlFiles } from "./sysctl-files.ts";

/** IPV4_DEVCONF_* of linux/ip.h. */
const IPV4_DEVCONF: Readonly<Record<string, number>> = {
  rp_filter: 8,
  arp_filter: 13,
  arp_ignore: 19,
  promote_secondaries: 20,
  accept_local: 23,
};
const READ_ONLY = new Set(["EROFS", "EACCES", "EPERM"]);

/** What the second way needs. */
export interface ParameterLinks {
  /** 0: there is no such interface */
  indexOf(name: string): number;
  /** @throws DaemonError */
  request(request: NetlinkRequest): void;
}

export class NetworkParameters {
  readonly #files: SysctlFiles;
  readonly #links: ParameterLinks;

  constructor(files: SysctlFiles, links: ParameterLinks) {
    this.#files = files;
    this.#links = links;
  }

  /** @see SysctlFiles.read */
  read(name: string): string | undefined {
    return this.#files.read(name);
  }

  /** @throws DaemonError the refusal of the file when there is no second way */
  write(name: string, value: string): void {
    try {
      this.#files.write(name, value);
    } catch (e) {
      if (!(e instanceof DaemonError) || !READ_ONLY.has(e.code)) throw e;
      const [, , , ifname = "", parameter = ""] = name.split("/");
      const index = this.#links.indexOf(ifname);
      const request = index === 0 ? undefined : parameterRequest(index, name, parameter, Number(value));
      if (request === undefined) throw e;
      this.#links.request(request);
    }
  }
}

/** @returns undefined for what rtnetlink cannot set: those of `all`, `default` and most of IPv6 */
export function parameterRequest(
  index: number,
  name: string,
  parameter: string,
  value: number,
): NetlinkRequest | undefined {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  const body = new AttributeWriter(header);
  const conf = IPV4_DEVCONF[parameter];
  if (name.startsWith("net/ipv4/") && conf !== undefined)
    body.nested(IFLA_AF_SPEC, (families) =>
      families.nested(AF_INET, (inet) => inet.nested(IFLA_INET_CONF, (all) => all.u32(conf, value))),
    );
  else if (name.startsWith("net/ipv6/") && parameter === "addr_gen_mode")
    body.nested(IFLA_AF_SPEC, (families) =>
      families.nested(AF_INET6, (inet6) => inet6.u8(IFLA_INET6_ADDR_GEN_MODE, value)),
    );
  else return undefined;
  return { type: RTM_SETLINK, flags: 0, body: body.finish(), name: "RTM_SETLINK" };
}
