import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { diffTables } from "../../../src/ipvs/diff.ts";
import type { IpvsEntry, IpvsOperation, IpvsTable } from "../../../src/ipvs/model.ts";
import { address, destination, entryOf, service, tableOf } from "../samples.ts";
import { assertSameTable, ipvsadm, openInNamespace } from "./namespace.ts";

const kernel = openInNamespace();
const web = address("tcp", "10.0.0.1", 80);

beforeEach(() => kernel.flush());

/** Makes the kernel's table the desired one; every operation must succeed. */
function reconcile(desired: IpvsTable): readonly IpvsOperation[] {
  const operations = diffTables(kernel.dump(), desired);
  const refused = kernel.apply(operations).filter((e) => e !== undefined);
  assert.equal(refused[0]?.message, undefined);
  return operations;
}

/** Every scheduler of Linux 6.1. */
const SCHEDULERS = ["dh", "fo", "lblc", "lblcr", "lc", "mh", "nq", "ovf", "rr", "sed", "sh", "wlc", "wrr"];

test("every scheduler serves every protocol of both families as ipvsadm sees it", () => {
  const entries: IpvsEntry[] = [];
  const lines: string[] = [];
  SCHEDULERS.forEach((scheduler, i) => {
    for (const [protocol, option] of [
      ["tcp", "-t"],
      ["udp", "-u"],
      ["sctp", "--sctp-service"],
    ] as const) {
      entries.push(entryOf(service(address(protocol, `10.0.1.${i}`, 80), { scheduler })));
      lines.push(`-A ${option} 10.0.1.${i}:80 -s ${scheduler}`);
      entries.push(entryOf(service(address(protocol, `2001:db8::1:${i}`, 80), { scheduler })));
      lines.push(`-A ${option} [2001:db8::1:${i}]:80 -s ${scheduler}`);
    }
  });
  const desired = tableOf(...entries);
  reconcile(desired);
  assert.deepEqual(ipvsadm(["-Sn"]), lines.sort());
  assertSameTable(kernel.dump(), desired);
});

test("every forwarding method of both families, weights and thresholds are as ipvsadm sees them", () => {
  const desired = tableOf(
    entryOf(service(web), [
      destination("192.168.0.1", 80),
      destination("192.168.0.2", 8080, { forwarding: "masquerade", weight: 3 }),
      destination("192.168.0.3", 80, {
        forwarding: "tunnel",
        weight: 0,
        upperThreshold: 100,
        lowerThreshold: 50,
      }),
      destination("2001:db8::4", 80, { forwarding: "tunnel", weight: 65_536 }),
    ]),
    entryOf(service(address("udp", "2001:db8::1", 53)), [
      destination("2001:db8::2", 53),
      destination("2001:db8::3", 5353, { forwarding: "masquerade", weight: 2_147_483_647 }),
      destination("2001:db8::4", 53, { forwarding: "tunnel" }),
      destination("192.168.0.5", 53, { forwarding: "tunnel" }),
    ]),
  );
  reconcile(desired);
  assert.deepEqual(ipvsadm(["-Sn"]), [
    "-A -t 10.0.0.1:80 -s rr",
    "-A -u [2001:db8::1]:53 -s rr",
    "-a -t 10.0.0.1:80 -r 192.168.0.1:80 -g -w 1",
    "-a -t 10.0.0.1:80 -r 192.168.0.2:8080 -m -w 3",
    "-a -t 10.0.0.1:80 -r 192.168.0.3:80 -i -w 0 --tun-type ipip",
    "-a -t 10.0.0.1:80 -r [2001:db8::4]:80 -i -w 65536 --tun-type ipip",
    "-a -u [2001:db8::1]:53 -r 192.168.0.5:53 -i -w 1 --tun-type ipip",
    "-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 1",
    "-a -u [2001:db8::1]:53 -r [2001:db8::3]:5353 -m -w 2147483647",
    "-a -u [2001:db8::1]:53 -r [2001:db8::4]:53 -i -w 1 --tun-type ipip",
  ]);
  // -S leaves the thresholds out
  const shown = ipvsadm(["-Ln", "--thresholds"]).map((line) => line.split(/ +/).slice(2, 5));
  assert.deepEqual(
    shown.filter(([server]) => server === "192.168.0.3:80"),
    [["192.168.0.3:80", "100", "50"]],
  );
  assertSameTable(kernel.dump(), desired);
});

test("persistence, scheduler flags, one-packet and persistence engine are as ipvsadm sees them", () => {
  const desired = tableOf(
    entryOf(service(web, { timeout: 360 })),
    entryOf(service(address("tcp", "10.0.0.2", 0), { timeout: 60, persistencePrefixLength: 24 })),
    entryOf(service(address("tcp", "2001:db8::2", 443), { timeout: 300, persistencePrefixLength: 64 })),
    entryOf(service(address("tcp", "10.0.0.3", 80), { scheduler: "sh", flags: 0x18 })),
    entryOf(service(address("tcp", "10.0.0.4", 80), { scheduler: "mh", flags: 0x10 })),
    entryOf(service(address("tcp", "10.0.0.5", 80), { scheduler: "wlc", flags: 0x20 })),
    entryOf(service(address("udp", "10.0.0.6", 53), { flags: 0x4 })),
    entryOf(service(address("udp", "10.0.0.7", 5060), { timeout: 90, persistenceEngine: "sip" })),
  );
  reconcile(desired);
  assert.deepEqual(ipvsadm(["-Sn"]), [
    "-A -t 10.0.0.1:80 -s rr -p 360",
    "-A -t 10.0.0.2:0 -s rr -p 60 -M 255.255.255.0",
    "-A -t 10.0.0.3:80 -s sh -b sh-fallback,sh-port",
    "-A -t 10.0.0.4:80 -s mh -b mh-port",
    "-A -t 10.0.0.5:80 -s wlc -b flag-3",
    "-A -t [2001:db8::2]:443 -s rr -p 300 -M 64",
    "-A -u 10.0.0.6:53 -s rr -o",
    "-A -u 10.0.0.7:5060 -s rr -p 90 --pe sip",
  ]);
  assertSameTable(kernel.dump(), desired);
});

test("a firewall mark serves both families apart", () => {
  const desired = tableOf(
    entryOf(service({ kind: "fwmark", mark: 7, family: "ipv4" }), [destination("192.168.0.1", 0)]),
    entryOf(service({ kind: "fwmark", mark: 7, family: "ipv6" }, { scheduler: "wlc" }), [
      destination("2001:db8::1", 0, { weight: 2 }),
    ]),
    entryOf(service({ kind: "fwmark", mark: 2_147_483_647, family: "ipv4" })),
  );
  reconcile(desired);
  assert.deepEqual(ipvsadm(["-Sn"]), [
    "-A -f 2147483647 -s rr",
    "-A -f 7 -6 -s wlc",
    "-A -f 7 -s rr",
    "-a -f 7 -6 -r [2001:db8::1]:0 -g -w 2",
    "-a -f 7 -r 192.168.0.1:0 -g -w 1",
  ]);
  assertSameTable(kernel.dump(), desired);
});

test("a table that ipvsadm made is read as what it says", () => {
  ipvsadm(
    ["-R"],
    [
      "-A -t 10.0.0.1:80 -s wrr -p 360 -M 255.255.0.0",
      "-a -t 10.0.0.1:80 -r 192.168.0.1:8080 -m -w 5 -x 9 -y 3",
      "-A -t 10.0.0.2:80 -s wlc -p 360 -M 255.0.255.0",
      "-A -u [2001:db8::1]:53 -s sh -b sh-port",
      "-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -i -w 1 --tun-type gre",
      "",
    ].join("\n"),
  );
  assertSameTable(
    kernel.dump(),
    tableOf(
      entryOf(service(web, { scheduler: "wrr", timeout: 360, persistencePrefixLength: 16 }), [
        destination("192.168.0.1", 8080, {
          forwarding: "masquerade",
          weight: 5,
          upperThreshold: 9,
          lowerThreshold: 3,
        }),
      ]),
      entryOf(
        service(address("tcp", "10.0.0.2", 80), {
          scheduler: "wlc",
          timeout: 360,
          persistencePrefixLength: -1,
        }),
      ),
      entryOf(service(address("udp", "2001:db8::1", 53), { scheduler: "sh", flags: 0x10 }), [
        destination("2001:db8::2", 53, { forwarding: "tunnel" }),
      ]),
    ),
  );
});

test("each setting of a service and of its server is changed in place", () => {
  const stages: readonly (readonly [IpvsEntry, readonly string[]])[] = [
    [
      entryOf(service(web), [destination("192.168.0.1", 80)]),
      ["-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 192.168.0.1:80 -g -w 1"],
    ],
    [
      entryOf(service(web, { scheduler: "sh", flags: 0x8 }), [destination("192.168.0.1", 80, { weight: 9 })]),
      ["-A -t 10.0.0.1:80 -s sh -b sh-fallback", "-a -t 10.0.0.1:80 -r 192.168.0.1:80 -g -w 9"],
    ],
    [
      entryOf(service(web, { scheduler: "sh", timeout: 50, persistencePrefixLength: 8 }), [
        destination("192.168.0.1", 80, { forwarding: "masquerade", upperThreshold: 4, lowerThreshold: 2 }),
      ]),
      ["-A -t 10.0.0.1:80 -s sh -p 50 -M 255.0.0.0", "-a -t 10.0.0.1:80 -r 192.168.0.1:80 -m -w 1"],
    ],
    [
      entryOf(service(web), [destination("192.168.0.1", 80)]),
      ["-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 192.168.0.1:80 -g -w 1"],
    ],
  ];
  stages.forEach(([entry, lines], i) => {
    const kinds = reconcile(tableOf(entry)).map((o) => o.kind);
    assert.deepEqual(kinds, i === 0 ? ["addService", "addDestination"] : ["editService", "editDestination"]);
    assert.deepEqual(ipvsadm(["-Sn"]), lines);
    assertSameTable(kernel.dump(), tableOf(entry));
  });
});

test("services and servers that are no longer desired go, a second run does nothing", () => {
  const kept = entryOf(service(web), [destination("192.168.0.2", 80), destination("192.168.0.3", 80)]);
  reconcile(
    tableOf(
      entryOf(service(web), [destination("192.168.0.1", 80), destination("192.168.0.2", 80)]),
      entryOf(service(address("tcp", "10.0.0.9", 80)), [destination("192.168.0.1", 80)]),
    ),
  );
  assert.deepEqual(
    reconcile(tableOf(kept)).map((o) => o.kind),
    ["deleteService", "addDestination", "deleteDestination"],
  );
  const before = kernel.dump();
  const sent = kernel.operationsSent;
  assert.deepEqual(reconcile(tableOf(kept)), []);
  assert.equal(kernel.operationsSent, sent);
  assert.deepEqual(kernel.dump(), before);
  assert.deepEqual(ipvsadm(["-Sn"]), [
    "-A -t 10.0.0.1:80 -s rr",
    "-a -t 10.0.0.1:80 -r 192.168.0.2:80 -g -w 1",
    "-a -t 10.0.0.1:80 -r 192.168.0.3:80 -g -w 1",
  ]);
});

test("a service of somebody else survives when foreign services are kept", () => {
  ipvsadm(["-A", "-t", "10.0.0.9:80", "-s", "rr"]);
  const operations = diffTables(kernel.dump(), tableOf(entryOf(service(web))), { foreign: "keep" });
  assert.deepEqual(kernel.apply(operations), [undefined]);
  assert.deepEqual(ipvsadm(["-Sn"]), ["-A -t 10.0.0.1:80 -s rr", "-A -t 10.0.0.9:80 -s rr"]);
});

test("a server with 300 comrades and a table of 1,000 services are read whole", () => {
  const crowd = Array.from({ length: 300 }, (_, i) => destination(`192.168.${1 + (i >> 8)}.${i & 255}`, 80));
  const services = Array.from({ length: 1_000 }, (_, i) =>
    entryOf(service(address("tcp", `10.1.${i >> 8}.${i & 255}`, 80)), [destination("192.168.0.1", 80)]),
  );
  const desired = tableOf(entryOf(service(web), crowd), ...services);
  reconcile(desired);
  assertSameTable(kernel.dump(), desired);
  assert.deepEqual(reconcile(desired), []);
});

test("the kernel tells its version and table size", () => {
  const { version, connectionTableSize } = kernel.info();
  assert.equal(version, "1.2.1");
  assert.equal(Number.isInteger(Math.log2(connectionTableSize)), true);
});
