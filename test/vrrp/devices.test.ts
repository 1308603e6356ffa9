/** Which VMACs and ipvlans a configuration needs; names as Debian's keepalived gave them on the same one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { seconds } from "../../src/base/units.ts";
import type { VrrpInstanceConfig } from "../../src/config/model.ts";
import type { VmacConfig } from "../../src/config/model-vrrp.ts";
import {
  type DeviceLink,
  type DevicePlans,
  type DeviceSettings,
  deviceSysctls,
  macBytes,
  needsExtraAnnouncements,
  parentSysctls,
  planDevices,
  rpFilterSysctls,
} from "../../src/vrrp/devices.ts";
import { instance, vip } from "./model.ts";

const vmac: VmacConfig = { name: undefined, mac: undefined, netlinkNotifyMsg: false, group: undefined };
const physical = (index: number, name: string): DeviceLink => ({
  index,
  name,
  mac: Uint8Array.of(2, 0, 0, 0, 0, index),
  kind: undefined,
  parent: undefined,
  macvlanMode: undefined,
});
const macvlan = (index: number, name: string, parent: number, mac: string, mode = 1): DeviceLink => ({
  index,
  name,
  mac: macBytes(mac),
  kind: "macvlan",
  parent,
  macvlanMode: mode,
});
const eth0 = physical(2, "eth0");
const eth1 = physical(3, "eth1");
const eth2 = physical(4, "eth2");
const settings: DeviceSettings = { prefix: "vrrp", addressPrefix: "vrrp", groups: [] };
const v4mac = "00:00:5e:00:01:33";
const v6mac = "00:00:5e:00:02:33";

function plan(
  instances: readonly Partial<VrrpInstanceConfig>[],
  links: readonly DeviceLink[] = [eth0, eth1, eth2],
  ours: readonly number[] = [],
  more: Partial<DeviceSettings> = {},
): DevicePlans {
  return planDevices(instances.map(instance), { ...settings, ...more }, links, new Set(ours));
}

/** `name@parent mac-or-kind` of each device */
const devices = ({ devices: all }: DevicePlans): string[] =>
  all.map(({ name, parent, type }) => `${name}@${parent} ${type.kind === "macvlan" ? type.mac : type.flags}`);
/** the interface of each address of the i-th instance */
const homes = ({ instances }: DevicePlans, i = 0): (string | undefined)[] =>
  [...(instances[i]?.virtualIpaddress ?? []), ...(instances[i]?.virtualIpaddressExcluded ?? [])].map(
    (v) => v.dev,
  );

describe("which devices", () => {
  test("none without use_vmac: the configuration stays as it is", () => {
    const c = instance();
    const plans = planDevices([c], settings, [eth0], new Set());
    assert.equal(plans.instances[0], c);
    assert.deepEqual(plans.devices, []);
  });

  test("use_vmac: one with the virtual router's MAC, for addresses and adverts; the parent gives the source", () => {
    const plans = plan([{ vmac }]);
    assert.deepEqual(plans.devices, [
      {
        name: "vrrp.51",
        parent: "eth0",
        type: { kind: "macvlan", mac: v4mac },
        group: undefined,
        family: "ipv4",
        ipv6: false,
        linkLocal: undefined,
        address: undefined,
        announceParent: false,
        instance: "VI_1",
      },
    ]);
    assert.deepEqual(plans.instances[0]?.placement, {
      device: "vrrp.51",
      own: "vrrp.51",
      wire: "vrrp.51",
      source: "eth0",
    });
    assert.deepEqual(homes(plans), ["vrrp.51"]);
  });

  test("vmac_xmit_base: addresses on the VMAC, adverts on the parent", () => {
    const plans = plan([{ vmac, vmacXmitBase: true }]);
    assert.deepEqual(plans.instances[0]?.placement, {
      device: "vrrp.51",
      own: "vrrp.51",
      wire: "eth0",
      source: "eth0",
    });
  });

  test("IPv6: its own link-local address is the source, unless the parent transmits", () => {
    const v6 = { vmac, family: "ipv6", virtualIpaddress: [vip("fe80::100", { prefixLength: 128 })] } as const;
    const [own, base] = [plan([v6]), plan([{ ...v6, vmacXmitBase: true }])];
    assert.deepEqual(devices(own), [`vrrp.51@eth0 ${v6mac}`]);
    assert.deepEqual(own.instances[0]?.placement, {
      device: "vrrp.51",
      own: "vrrp.51",
      wire: "vrrp.51",
      source: "vrrp.51",
    });
    assert.equal(own.devices[0]?.linkLocal, "parent");
    assert.equal(plan([{ ...v6, mcastSrcIp: "fe80::9" as IpAddress }]).devices[0]?.linkLocal, "fe80::9");
    assert.deepEqual(base.instances[0]?.placement, {
      device: "vrrp.51",
      own: "vrrp.51",
      wire: "eth0",
      source: "eth0",
    });
    assert.equal(base.devices[0]?.linkLocal, undefined);
  });

  test("use_vmac_addr: one for each interface and family of addresses, VRRP's own for what fits it", () => {
    const plans = plan([
      {
        vmac,
        useVmacAddr: true,
        virtualIpaddress: [
          vip("10.9.0.100"),
          vip("10.9.0.101", { dev: "eth0" }),
          vip("10.9.0.102", { dev: "eth1" }),
          vip("10.9.0.103", { dev: "eth2" }),
        ],
        virtualIpaddressExcluded: [vip("2001:db8::1"), vip("2001:db8::2", { dev: "eth1" })],
      },
    ]);
    assert.deepEqual(devices(plans), [
      `vrrp.51@eth0 ${v4mac}`,
      `vrrp1.51@eth1 ${v4mac}`,
      `vrrp2.51@eth2 ${v4mac}`,
      `vrrp6.51@eth0 ${v6mac}`,
      `vrrp3.51@eth1 ${v6mac}`,
    ]);
    assert.deepEqual(homes(plans), ["vrrp.51", "vrrp.51", "vrrp1.51", "vrrp2.51", "vrrp6.51", "vrrp3.51"]);
  });

  test("use_vmac of an address: for that address only", () => {
    const plans = plan(
      [
        {
          virtualRouterId: 52,
          virtualIpaddress: [
            vip("10.9.0.200"),
            vip("10.9.0.202", { dev: "eth0", useVmac: true }),
            vip("10.9.0.203", { useVmac: true }),
            vip("10.9.0.201", { dev: "eth1", useVmac: true }),
          ],
          virtualIpaddressExcluded: [vip("2001:db8::8", { useVmac: true })],
        },
      ],
      undefined,
      [],
      { addressPrefix: "vip" },
    );
    assert.deepEqual(devices(plans), [
      "vip.52@eth0 00:00:5e:00:01:34",
      "vip1.52@eth1 00:00:5e:00:01:34",
      "vip6.52@eth0 00:00:5e:00:02:34",
    ]);
    assert.deepEqual(homes(plans), [undefined, "vip.52", "vip.52", "vip1.52", "vip6.52"]);
    assert.equal(plans.instances[0]?.placement, undefined);
  });

  test("without use_vmac_addr an address that names an interface stays there, and others go to the VMAC", () => {
    const plans = plan([
      {
        vmac,
        virtualIpaddress: [vip("10.9.0.1", { dev: "eth0" }), vip("10.9.0.2", { dev: "eth1" })],
        virtualIpaddressExcluded: [vip("2001:db8::1")],
      },
    ]);
    assert.deepEqual(homes(plans), ["eth0", "eth1", "vrrp.51"]);
    assert.equal(plans.devices[0]?.ipv6, true);
  });

  test("an ipvlan carries and gives the source of adverts; addresses are on its parent", () => {
    const address = { address: "10.9.0.7" as IpAddress, prefixLength: 24 };
    const plans = plan([{ ipvlan: { name: "ipv0", address, mode: "vepa", group: undefined } }]);
    assert.deepEqual(devices(plans), ["ipv0@eth0 vepa"]);
    assert.deepEqual(plans.devices[0]?.address, address);
    assert.deepEqual(plans.instances[0]?.placement, {
      device: "ipv0",
      own: "eth0",
      wire: "ipv0",
      source: "ipv0",
    });
    assert.deepEqual(homes(plans), [undefined]);
    const [device] = plans.devices;
    assert.ok(device);
    assert.deepEqual(deviceSysctls(device), [{ name: "net/ipv6/conf/ipv0/disable_ipv6", value: "1" }]);
  });

  test("instances of one group may share a device; of others the later one is told who has it", () => {
    const pair = [
      { vmac, useVmacAddr: true, virtualIpaddressExcluded: [vip("2001:db8::1")] },
      { vmac, name: "VI_6", family: "ipv6", virtualIpaddress: [vip("fe80::200")] },
    ] as const;
    const apart = plan(pair);
    assert.deepEqual(devices(apart), [`vrrp.51@eth0 ${v4mac}`, `vrrp6.51@eth0 ${v6mac}`]);
    assert.deepEqual(
      apart.instances.map((c) => c.deviceTakenBy),
      [undefined, "VI_1"],
    );
    const together = plan(pair, undefined, [], { groups: [["VI_1", "VI_6"]] });
    assert.equal(together.instances[1]?.deviceTakenBy, undefined);
  });
});

test("announcements beyond the adverts: on VMACs that adverts do not leave by, or everywhere else", () => {
  const garpExtraIf = (all: boolean) => ({ all, interval: seconds(10) });
  const told = (more: Partial<VrrpInstanceConfig>) => {
    const [c] = plan([more]).instances;
    assert.ok(c);
    const links = [eth0, eth1, macvlan(8, "vrrp.51", 2, v4mac), macvlan(9, "vrrp1.51", 3, v4mac)];
    return links.filter((link) => needsExtraAnnouncements(c, link)).map((link) => link.name);
  };
  assert.deepEqual(told({ vmac, garpExtraIf: garpExtraIf(false) }), ["vrrp1.51"]);
  assert.deepEqual(told({ vmac, vmacXmitBase: true, garpExtraIf: garpExtraIf(false) }), [
    "vrrp.51",
    "vrrp1.51",
  ]);
  assert.deepEqual(told({ garpExtraIf: garpExtraIf(true) }), ["eth1", "vrrp.51", "vrrp1.51"]);
});

describe("names", () => {
  test("the file's, with its MAC and group", () => {
    const plans = plan([{ vmac: { ...vmac, name: "router", mac: "02:11:22:33:44:55", group: 7 } }]);
    assert.deepEqual(devices(plans), ["router@eth0 02:11:22:33:44:55"]);
    assert.equal(plans.devices[0]?.group, 7);
  });

  test("the next one when a stranger has it: vrrp1 for IPv4, vrrp6 for IPv6", () => {
    const taken = [eth0, physical(9, "vrrp.51")];
    assert.deepEqual(devices(plan([{ vmac }], taken)), [`vrrp1.51@eth0 ${v4mac}`]);
    assert.deepEqual(devices(plan([{ vmac, family: "ipv6" }], taken)), [`vrrp6.51@eth0 ${v6mac}`]);
    const public1 = [eth0, macvlan(9, "vrrp.51", 2, v4mac, 4)];
    assert.deepEqual(devices(plan([{ vmac }], public1)), [`vrrp1.51@eth0 ${v4mac}`]);
  });

  test("a name of the file that a stranger has is told of and another one made", () => {
    const plans = plan([{ vmac: { ...vmac, name: "eth1" } }]);
    assert.deepEqual(plans.clashes, [{ instance: "VI_1", name: "eth1" }]);
    assert.deepEqual(devices(plans), [`vrrp.51@eth0 ${v4mac}`]);
  });

  test("a private macvlan with the MAC on the parent is adopted under the name that it has", () => {
    const left = [eth0, macvlan(9, "left", 2, v4mac)];
    assert.deepEqual(devices(plan([{ vmac }], left)), [`left@eth0 ${v4mac}`]);
    assert.deepEqual(devices(plan([{ vmac: { ...vmac, name: "router" } }], left)), [`left@eth0 ${v4mac}`]);
    const elsewhere = [eth0, eth1, macvlan(9, "left", 3, v4mac)];
    assert.deepEqual(devices(plan([{ vmac }], elsewhere)), [`vrrp.51@eth0 ${v4mac}`]);
  });

  test("our own gets the name that the file gives now, and keeps it when the file gives none", () => {
    const made = [eth0, macvlan(9, "old", 2, v4mac)];
    assert.deepEqual(devices(plan([{ vmac: { ...vmac, name: "new" } }], made, [9])), [`new@eth0 ${v4mac}`]);
    assert.deepEqual(devices(plan([{ vmac }], made, [9])), [`old@eth0 ${v4mac}`]);
  });

  test("a macvlan on a macvlan lies on the lower one's parent", () => {
    const links = [eth0, macvlan(8, "mv", 2, "02:00:00:00:00:99"), macvlan(9, "left", 2, v4mac)];
    assert.deepEqual(devices(plan([{ interface: "mv", vmac }], links)), [`left@mv ${v4mac}`]);
  });
});

describe("kernel parameters", () => {
  const of = (more: Partial<VrrpInstanceConfig>) => plan([more]).devices;

  test("of an IPv4 VMAC and its parent", () => {
    const [device] = of({ vmac });
    assert.ok(device);
    assert.deepEqual(
      [...deviceSysctls(device), ...parentSysctls(device)].map(({ name, value }) => `${name}=${value}`),
      [
        "net/ipv4/conf/vrrp.51/arp_ignore=1",
        "net/ipv4/conf/vrrp.51/accept_local=1",
        "net/ipv4/conf/vrrp.51/rp_filter=0",
        "net/ipv4/conf/vrrp.51/promote_secondaries=1",
        "net/ipv6/conf/vrrp.51/disable_ipv6=1",
        "net/ipv6/conf/vrrp.51/addr_gen_mode=1",
        "net/ipv4/conf/eth0/arp_ignore=1",
        "net/ipv4/conf/eth0/arp_filter=1",
      ],
    );
  });

  test("of an IPv6 VMAC: little, and none of its parent", () => {
    const [device] = of({ vmac, family: "ipv6" });
    assert.ok(device);
    assert.deepEqual(
      deviceSysctls(device).map(({ name, value }) => `${name}=${value}`),
      [
        "net/ipv4/conf/vrrp.51/arp_ignore=1",
        "net/ipv6/conf/vrrp.51/disable_ipv6=0",
        "net/ipv6/conf/vrrp.51/addr_gen_mode=1",
      ],
    );
    assert.deepEqual(parentSysctls(device), []);
  });

  test("reverse path filtering of all moves to default and to every interface that has less", () => {
    const filters = new Map([
      ["default", 0],
      ["lo", 0],
      ["eth0", 1],
      ["eth1", 2],
      ["vrrp.51", 0],
      ["all", 2],
    ]);
    const wishes = (plans: ReturnType<typeof of>) =>
      rpFilterSysctls(plans, filters).map(({ name, value }) => `${name.split("/").at(-2)}=${value}`);
    assert.deepEqual(wishes(of({ vmac })), ["default=2", "lo=2", "eth0=2", "all=0"]);
    assert.deepEqual(wishes(of({ vmac, family: "ipv6" })), []);
    assert.deepEqual(rpFilterSysctls(of({ vmac }), new Map([["all", 0]])), []);
  });
});
