/** Effective configurations for tests, as the configuration loader would make them. */
import type { IpAddress } from "../../src/base/address.ts";
import { type Centiseconds, type Micros, seconds } from "../../src/base/units.ts";
import type { ConfigModel, VirtualAddress, VrrpInstanceConfig } from "../../src/config/model.ts";

/** @param text `10.9.0.100/24` or without the length for /32 */
export function vip(text: string, more: Partial<VirtualAddress> = {}): VirtualAddress {
  const [address = "", length = "32"] = text.split("/");
  return {
    where: "test:1",
    address: address as IpAddress,
    prefixLength: Number(length),
    dev: undefined,
    label: undefined,
    broadcast: undefined,
    scope: 0,
    noTrack: false,
    ...more,
  };
}

/** keepalived's defaults, priority 100, one address. */
export function instance(more: Partial<VrrpInstanceConfig> = {}): VrrpInstanceConfig {
  return {
    where: "test:1",
    name: "VI_1",
    family: "ipv4",
    version: 2,
    state: "BACKUP",
    interface: "eth0",
    virtualRouterId: 51,
    priority: 100,
    advertInt: 100 as Centiseconds,
    authentication: undefined,
    virtualIpaddress: [vip("10.9.0.100")],
    virtualIpaddressExcluded: [],
    nopreempt: false,
    preemptDelay: 0 as Micros,
    mcastSrcIp: undefined,
    dontTrackPrimary: false,
    skipCheckAdvAddr: false,
    trackInterface: [],
    garp: {
      masterDelay: seconds(5),
      masterRepeat: 5,
      masterRefresh: 0 as Micros,
      masterRefreshRepeat: 1,
      lowerPrioDelay: seconds(5),
      lowerPrioRepeat: 5,
      interval: 0 as Micros,
    },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    downTimerAdverts: 3,
    notify: { master: undefined, backup: undefined, fault: undefined, stop: undefined, any: undefined },
    smtpAlert: false,
    ...more,
  };
}

/** A model with these instances and nothing else that VRRP reads. */
export function modelOf(...vrrpInstances: readonly VrrpInstanceConfig[]): ConfigModel {
  const scheduling = {
    priority: undefined,
    rtPriority: undefined,
    rlimitRttime: 10_000 as Micros,
    cpuAffinity: [],
  };
  return {
    global: {
      routerId: "test",
      enableScriptSecurity: false,
      scriptUser: { uid: 0, gid: 0 },
      vrrpVersion: 2,
      notificationEmail: [],
      notificationEmailFrom: "",
      smtpServer: undefined,
      smtpHeloName: "",
      smtpConnectTimeout: seconds(30),
      smtpAlert: undefined,
      smtpAlertVrrp: undefined,
      smtpAlertChecker: undefined,
      childWaitTime: seconds(5),
      lvsFlush: false,
      lvsFlushOnStop: "no",
      processNames: { parent: "", vrrp: "", checker: "" },
      vrrpProcess: scheduling,
      checkerProcess: scheduling,
      vrrpMcastGroup4: "224.0.0.18" as IpAddress,
    },
    vrrpInstances,
    virtualServers: [],
  };
}
