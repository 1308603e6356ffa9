/** The sentences about interfaces, as operators' monitoring knows them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type InterfaceLogFields,
  interfaceLog,
  renderInterfaceLog,
} from "../../src/log/catalogue/vrrp-interfaces.ts";

const fields: InterfaceLogFields = {
  "device-created": { instance: "VI_1", device: "vrrp.51", kind: "VMAC" },
  "device-adopted": { instance: "VI_1", device: "vrrp.51" },
  "device-removed": { instance: "VI_1", device: "vrrp.51" },
  "device-failed": { instance: "VI_1", device: "vrrp.51", parent: "eth0", reason: "eth0 is not Ethernet" },
  "device-remove-failed": { instance: "VI_1", device: "vrrp.51", reason: "RTM_DELLINK: EPERM" },
  "device-name-taken": { instance: "VI_1", device: "eth1" },
  "device-shared": { instance: "VI_2", other: "VI_1" },
  "sysctl-set": { sysctl: "net/ipv4/conf/all/rp_filter", was: "2", now: "0" },
  "sysctl-reset": { sysctl: "net/ipv4/conf/all/rp_filter", now: "2" },
  "sysctl-failed": { sysctl: "net/ipv4/conf/all/rp_filter", value: "0", reason: "open: EROFS" },
  "linkbeat-state": { interface: "eth0", up: false },
  "linkbeat-off": { interface: "vrrp.51" },
  "linkbeat-method": { interface: "eth0", wanted: "MII", method: "ETHTOOL" },
  "debounce-limited": { instance: "VI_1", interface: "eth0", downTimerAdverts: 3 },
  "interface-added": { interface: "eth0" },
  "interface-renamed": { from: "eth0", to: "lan0" },
};

test("every line about interfaces has its sentence", () => {
  const ids = Object.keys(interfaceLog) as (keyof InterfaceLogFields)[];
  assert.deepEqual(
    ids.map((id) => renderInterfaceLog(id, fields[id]).text),
    [
      "(VI_1): Success creating VMAC interface vrrp.51",
      "(VI_1) Found matching interface vrrp.51",
      "(VI_1) Success removing VMAC interface vrrp.51",
      "(VI_1) could not make vrrp.51 on eth0: eth0 is not Ethernet",
      "(VI_1) Error removing VMAC interface vrrp.51: RTM_DELLINK: EPERM",
      "(VI_1) VMAC interface name 'eth1' already exists as a non VMAC interface - ignoring configured name",
      "(VI_2) uses same VMAC as VRRP instance VI_1, disabling VI_2",
      "NOTICE: setting sysctl net.ipv4.conf.all.rp_filter from 2 to 0",
      "NOTICE: resetting sysctl net.ipv4.conf.all.rp_filter to 2",
      "could not set sysctl net.ipv4.conf.all.rp_filter to 0: open: EROFS",
      "Linkbeat reports eth0 down",
      "Turning off linkbeat for vrrp.51 since netlink works for vmacs/ipvlans",
      "(eth0): Configured linkbeat type MII not supported, using ETHTOOL",
      "VI_1: interface eth0 debounce timer(s) not less than 2 * advert_int - resetting",
      "Interface eth0 added",
      "Interface name has changed from eth0 to lan0",
    ],
  );
  assert.equal(
    renderInterfaceLog("debounce-limited", { ...fields["debounce-limited"], downTimerAdverts: 1 }).text,
    "VI_1: cannot use debounce timers with down_timer_adverts = 1 - resetting",
  );
});
