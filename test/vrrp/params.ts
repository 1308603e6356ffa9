/** Parameters of a router for tests of the cores. */
import type { IpAddress } from "../../src/base/address.ts";
import type { Centiseconds, Micros } from "../../src/base/units.ts";
import type { VrrpParams } from "../../src/vrrp/state.ts";

/** Version 2, one second, priority 100, keepalived's defaults. A priority given alone is the base too. */
export function params(more: Partial<VrrpParams> = {}): VrrpParams {
  return {
    name: "VI_1",
    interface: "eth0",
    version: 2,
    virtualRouterId: 51,
    basePriority: more.priority ?? 100,
    priority: 100,
    advertInterval: 100 as Centiseconds,
    downTimerAdverts: 3,
    sourceAddress: "10.9.0.1" as IpAddress,
    addresses: ["10.9.0.100" as IpAddress],
    preemptMode: true,
    preemptDelay: 0 as Micros,
    skipCheckAdvAddr: false,
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    announceOnLowerPriority: true,
    ...more,
  };
}
