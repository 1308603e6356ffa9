/**
 * Links and addresses over rtnetlink. Decides how a wanted address becomes a kernel message and back;
 * never decides which addresses are wanted.
 */
import type { IpAddress } from "../base/address.ts";
import { type DaemonError, InternalError } from "../base/errors.ts";
import type { Native } from "./native-api.ts";

export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFF_* of linux/if.h */
  readonly flags: number;
  /** bytes */
  readonly mtu: number;
  /** 6 bytes on Ethernet, 20 on InfiniBand, none on some tunnels */
  readonly mac: Uint8Array;
  /** ARPHRD_* of linux/if_arp.h; 1 is Ethernet */
  readonly arphrd: number;
  /** IFF_UP and IFF_RUNNING */
  readonly up: boolean;
  /** IFLA_INFO_KIND, for example `macvlan`; undefined for hardware and loopback */
  readonly kind: string | undefined;
  /** index of the lower device of a macvlan, vlan or veth peer; undefined when none */
  readonly parent: number | undefined;
}

export interface InterfaceAddress {
  readonly ifindex: number;
  /** the local address, on point-to-point links too */
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IPv4 only */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** 0 global, 200 site, 253 link, 254 host */
  readonly scope: number;
  /** IFA_F_* of linux/if_addr.h */
  readonly flags: number;
}

export type AddressOperation = {
  readonly kind: "add" | "delete";
  readonly ifindex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IPv4 only, at most 15 bytes */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  readonly scope: number;
};

export class RouteSocket {
  constructor(native: Native) {
    void native;
  }
  links(): Link[] {
    throw new InternalError("not yet");
  }
  addresses(): InterfaceAddress[] {
    throw new InternalError("not yet");
  }
  /** Applies in order, in batches. @returns the refusal of operation i at index i, undefined for success */
  applyAddresses(operations: readonly AddressOperation[]): readonly (DaemonError | undefined)[] {
    throw new InternalError(`not yet ${operations.length}`);
  }
  close(): void {}
}
