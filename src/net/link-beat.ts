/**
 * Asks a driver whether a link is there, for drivers that do not tell by themselves. Decides which of three
 * ways works; never decides what the answer means.
 *
 * @see keepalived.conf(5) "linkbeat_interfaces"
 */
import { DaemonError } from "../base/errors.ts";
import { AF_INET, IFF_RUNNING, SOCK_DGRAM } from "./constants.ts";
import type { Fd, Native } from "./native-api.ts";

/** In the order in which they are tried. */
export const BEAT_METHODS = ["MII", "ETHTOOL", "IOCTL"] as const;
export type BeatMethod = (typeof BEAT_METHODS)[number];

// linux/sockios.h, linux/ethtool.h, linux/mii.h
const SIOCGIFFLAGS = 0x8913;
const SIOCETHTOOL = 0x8946;
const SIOCGMIIPHY = 0x8947;
const SIOCGMIIREG = 0x8948;
const ETHTOOL_GLINK = 0x0a;
const MII_BMSR = 1;
const BMSR_LSTATUS = 0x4;

export class LinkBeat {
  readonly #native: Native;
  readonly #fd: Fd;

  /** @throws DaemonError */
  constructor(native: Native) {
    this.#native = native;
    this.#fd = native.socket(AF_INET, SOCK_DGRAM, 0);
  }

  /** The wanted way if the driver knows it, else the first one that works; undefined: no interface. */
  method(ifname: string, wanted: BeatMethod | undefined): BeatMethod | undefined {
    const others = BEAT_METHODS.filter((method) => method !== wanted);
    return [...(wanted === undefined ? [] : [wanted]), ...others].find(
      (method) => this.probe(ifname, method) !== undefined,
    );
  }

  /** @returns undefined when the driver does not know the way, or there is no such interface */
  probe(ifname: string, method: BeatMethod): boolean | undefined {
    try {
      if (method === "MII") return this.#mii(ifname);
      if (method === "ETHTOOL") return this.#ethtool(ifname);
      return this.#flags(ifname);
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      return undefined;
    }
  }

  close(): void {
    this.#native.close(this.#fd);
  }

  /** struct mii_ioctl_data: phy_id, reg_num, val_in, val_out. The link bit remembers a loss until read. */
  #mii(ifname: string): boolean {
    const data = Buffer.alloc(8);
    this.#native.interfaceRequest(this.#fd, SIOCGMIIPHY, ifname, data, "inside");
    let status = 0;
    for (let reading = 0; reading < 2; reading++) {
      data.writeUInt16LE(MII_BMSR, 2);
      this.#native.interfaceRequest(this.#fd, SIOCGMIIREG, ifname, data, "inside");
      status = data.readUInt16LE(6);
    }
    return (status & BMSR_LSTATUS) !== 0;
  }

  /** struct ethtool_value: cmd, data */
  #ethtool(ifname: string): boolean {
    const data = Buffer.alloc(8);
    data.writeUInt32LE(ETHTOOL_GLINK, 0);
    this.#native.interfaceRequest(this.#fd, SIOCETHTOOL, ifname, data, "pointer");
    return data.readUInt32LE(4) !== 0;
  }

  #flags(ifname: string): boolean {
    const data = Buffer.alloc(2);
    this.#native.interfaceRequest(this.#fd, SIOCGIFFLAGS, ifname, data, "inside");
    return (data.readUInt16LE(0) & IFF_RUNNING) !== 0;
  }
}
