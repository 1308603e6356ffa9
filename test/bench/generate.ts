/**
 * Configurations for benchmarks: many virtual servers of one shape, or many VRRP instances, with
 * every value that matters for the measurement as a parameter.
 */

export interface ServicesOptions {
  /** number of virtual servers */
  readonly services: number;
  /** real servers of each */
  readonly realServers: number;
  /** seconds between two checks of one server */
  readonly delayLoop: number;
  /** weight of the last real server of the last service, to make exactly one change */
  readonly lastWeight?: number;
  /** where the checks connect; the real server itself when undefined */
  readonly connect?: { readonly address: string; readonly port: number };
}

/** A file of `services` virtual servers (24 lines each with two real servers) with TCP checks. */
export function servicesConfig(o: ServicesOptions): string {
  const lines: string[] = ["global_defs {", "    router_id bench", "}"];
  for (let i = 0; i < o.services; i++) {
    const address = `10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
    lines.push(
      `virtual_server ${address} 80 {`,
      `    delay_loop ${o.delayLoop}`,
      "    lb_algo wrr",
      "    lb_kind DR",
      "    protocol TCP",
    );
    for (let r = 0; r < o.realServers; r++) {
      const last = i === o.services - 1 && r === o.realServers - 1;
      lines.push(
        `    real_server 10.${200 + r}.${(i >> 8) & 255}.${i & 255} 80 {`,
        `        weight ${last ? (o.lastWeight ?? 10) : 10}`,
        "        TCP_CHECK {",
        ...(o.connect === undefined
          ? []
          : [`            connect_ip ${o.connect.address}`, `            connect_port ${o.connect.port}`]),
        "            connect_timeout 3",
        "            retry 3",
        "            delay_before_retry 3",
        "        }",
        "    }",
        "",
      );
    }
    lines.push("}");
  }
  return `${lines.join("\n")}\n`;
}

/** One VRRPv3 instance at the given advert interval, for jitter measurements. */
export function advertConfig(ifname: string, intervalSeconds: number): string {
  return [
    "vrrp_instance VI_1 {",
    "    state BACKUP",
    "    version 3",
    `    interface ${ifname}`,
    "    virtual_router_id 51",
    "    priority 100",
    `    advert_int ${intervalSeconds}`,
    "    virtual_ipaddress {",
    "        192.0.2.100/32",
    "    }",
    "}",
    "",
  ].join("\n");
}

export interface InstancesOptions {
  /** number of VRRP instances, spread over the interfaces in turn; at most 255 of them on each */
  readonly instances: number;
  readonly interfaces: readonly string[];
  /** seconds */
  readonly interval: number;
  readonly priority: number;
}

/** The address of instance i. */
function instanceAddress(i: number): string {
  return `10.77.${i >> 8}.${i & 255}`;
}

/** Many VRRPv3 instances with one address each. */
export function instancesConfig(o: InstancesOptions): string {
  const lines = ["global_defs {", "    router_id bench", "}"];
  for (let i = 0; i < o.instances; i++) {
    const lanes = o.interfaces.length;
    lines.push(
      `vrrp_instance VI_${i} {`,
      "    state BACKUP",
      "    version 3",
      `    interface ${o.interfaces[i % lanes]}`,
      `    virtual_router_id ${Math.floor(i / lanes) + 1}`,
      `    priority ${o.priority}`,
      `    advert_int ${o.interval}`,
      "    virtual_ipaddress {",
      `        ${instanceAddress(i)}/32`,
      "    }",
      "}",
    );
  }
  return `${lines.join("\n")}\n`;
}
