/** The pair that this project began with: two VRRP files, a TCP and an HTTP listing, read as they stand. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { fakeSystem } from "./fake-system.ts";

const bond: ReadonlySet<string> = new Set(["lo", "bond0"]);

function instance(name: string, state: string, vrid: number, priority: number, vip: string): string {
  return `vrrp_instance ${name} {
    state ${state}
    interface bond0
    virtual_router_id ${vrid}
 
    priority ${priority}
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 11112222
    }
    virtual_ipaddress {
        ${vip}
    }
}
`;
}

const expectedInstance = {
  family: "ipv4",
  version: 2,
  interface: "bond0",
  advertInt: 100,
  authentication: { type: "PASS", password: "11112222" },
  virtualIpaddressExcluded: [],
  nopreempt: false,
  preemptDelay: 0,
  mcastSrcIp: undefined,
  dontTrackPrimary: false,
  skipCheckAdvAddr: false,
  trackInterface: [],
  garp: {
    masterDelay: 5_000_000,
    masterRepeat: 5,
    masterRefresh: 0,
    masterRefreshRepeat: 1,
    lowerPrioDelay: 5_000_000,
    lowerPrioRepeat: 5,
    interval: 0,
  },
  lowerPrioNoAdvert: false,
  higherPrioSendAdvert: false,
  downTimerAdverts: 3,
  notify: { master: undefined, backup: undefined, fault: undefined, stop: undefined, any: undefined },
  smtpAlert: false,
  vmac: undefined,
  ipvlan: undefined,
  useVmacAddr: false,
  vmacXmitBase: false,
  unicast: undefined,
  vrf: undefined,
  mcastDstIp: undefined,
  trackSrcIp: false,
  trackScripts: [],
  trackFiles: [],
  trackProcesses: [],
  trackBfd: [],
  virtualRoutes: [],
  virtualRules: [],
  promoteSecondaries: false,
  vipRestore: false,
  linkbeatUsePolling: false,
  v3ChecksumAsV2: false,
  oldUnicastChecksum: undefined,
  accept: true,
  strictMode: false,
  noVirtualIpaddress: false,
  debug: 0,
  notifyDeleted: { report: false, script: undefined },
  notifyMasterRxLowerPri: undefined,
  notifyPriorityChanges: false,
  timerExpiredBackup: undefined,
  garpExtraIf: undefined,
  ownerIgnoreAdverts: false,
  kernelRxBufSize: undefined,
  authHmac: undefined,
  lvsSyncDaemonInterface: undefined,
} as const;

function expectedAddress(where: string, address: string): object {
  return {
    where,
    address,
    prefixLength: 32,
    dev: undefined,
    label: undefined,
    broadcast: undefined,
    scope: 0,
    noTrack: false,
  };
}

test("the first balancer's file gives VI_1 as MASTER and VI_2 as BACKUP, without a complaint", () => {
  const text =
    instance("VI_1", "MASTER", 51, 100, "10.255.23.73") + instance("VI_2", "BACKUP", 52, 90, "10.255.23.74");
  const result = loadConfig("keepalived.conf", fakeSystem({ "keepalived.conf": text }, { interfaces: bond }));
  assert.deepEqual(result.diagnostics, []);
  assert.equal(result.testStatus, 0);
  assert.equal(result.startStatus, 0);
  assert.deepEqual(result.model?.vrrpInstances, [
    {
      ...expectedInstance,
      where: "keepalived.conf:1",
      name: "VI_1",
      state: "MASTER",
      virtualRouterId: 51,
      priority: 100,
      virtualIpaddress: [expectedAddress("keepalived.conf:13", "10.255.23.73")],
    },
    {
      ...expectedInstance,
      where: "keepalived.conf:16",
      name: "VI_2",
      state: "BACKUP",
      virtualRouterId: 52,
      priority: 90,
      virtualIpaddress: [expectedAddress("keepalived.conf:28", "10.255.23.74")],
    },
  ]);
});

test("the second balancer's file gives the mirror image", () => {
  const text =
    instance("VI_1", "BACKUP", 51, 90, "10.255.23.73") + instance("VI_2", "MASTER", 52, 100, "10.255.23.74");
  const { model, testStatus } = loadConfig("b.conf", fakeSystem({ "b.conf": text }, { interfaces: bond }));
  assert.equal(testStatus, 0);
  assert.deepEqual(
    model?.vrrpInstances.map((i) => [i.name, i.state, i.virtualRouterId, i.priority]),
    [
      ["VI_1", "BACKUP", 51, 90],
      ["VI_2", "MASTER", 52, 100],
    ],
  );
});

test("the TCP listing is read as it stands; nb_get_retry counts, and its modern name is given", () => {
  const server = (address: string): string => `    real_server ${address} 80 {
        weight 1
        TCP_CHECK {   
            connect_timeout 5
            nb_get_retry 3   
            delay_before_retry 3
        }
    }
`;
  const text = `#tcp健康探测
virtual_server 10.0.0.100 80 {
    delay_loop 6
    lb_algo rr
    lb_kind DR
    persistence_timeout 120
    protocol TCP
${server("10.0.0.13")}${server("10.0.0.14")}}
`;
  const { model, diagnostics, testStatus, startStatus } = loadConfig(
    "t.conf",
    fakeSystem({ "t.conf": text }),
  );
  assert.deepEqual([testStatus, startStatus], [5, 0]);
  assert.deepEqual(
    diagnostics.map((d) => [d.code, d.severity]),
    [
      ["timeouts-overlong", "warning"],
      ["deprecated-keyword", "deprecated"],
      ["deprecated-keyword", "deprecated"],
    ],
  );
  const expectedServer = (line: number, address: string): object => ({
    where: `t.conf:${line}`,
    address,
    port: 80,
    weight: 1,
    forwarding: "direct",
    tunnel: undefined,
    vxlan: undefined,
    snmpName: undefined,
    inhibitOnFailure: false,
    upperThreshold: 0,
    lowerThreshold: 0,
    notifyUp: undefined,
    notifyDown: undefined,
    smtpAlert: true,
    checkers: [
      {
        where: `t.conf:${line + 2}`,
        kind: "TCP_CHECK",
        alpha: false,
        delayLoop: 6_000_000,
        retry: 3,
        delayBeforeRetry: 3_000_000,
        warmup: 6_000_000,
        logAllFailures: false,
        connect: {
          address,
          port: 80,
          timeout: 5_000_000,
          bindto: undefined,
          bindPort: undefined,
          bindIf: undefined,
          fwmark: undefined,
        },
      },
    ],
  });
  assert.deepEqual(model?.virtualServers, [
    {
      where: "t.conf:2",
      target: { kind: "address", address: "10.0.0.100", port: 80, protocol: "tcp" },
      delayLoop: 6_000_000,
      scheduler: "rr",
      flags: 0,
      persistenceTimeout: 120,
      persistenceEngine: undefined,
      persistencePrefixLength: 32,
      quorum: 1,
      hysteresis: 0,
      quorumUp: undefined,
      quorumDown: undefined,
      omega: false,
      haSuspend: false,
      snmpName: undefined,
      dialect: undefined,
      rsInitNotifies: false,
      smtpAlert: false,
      sorryServer: undefined,
      realServers: [expectedServer(8, "10.0.0.13"), expectedServer(16, "10.0.0.14")],
    },
  ]);
});

test("the HTTP listing has both services twice: the first definitions count and are pointed at", () => {
  const server = (address: string): string => `    real_server ${address} 8765 {
        weight 1
        HTTP_GET {
            url {
                path /index.html
                status_code 200
            }
            connect_timeout 5
            nb_get_retry 3
            delay_before_retry 3
        }
    }
`;
  const service = (vip: string, delay: number): string => `virtual_server ${vip} 8765 {
    delay_loop ${delay}
    lb_algo rr
    lb_kind DR
    persistence_timeout 120
    protocol TCP
${server("10.255.23.4")}${server("10.255.23.10")}}
 
`;
  const text =
    service("10.255.23.73", 10) +
    service("10.255.23.74", 10) +
    service("10.255.23.73", 6) +
    service("10.255.23.74", 6);
  const { model, diagnostics, testStatus, sources } = loadConfig("h.conf", fakeSystem({ "h.conf": text }));
  assert.equal(testStatus, 5);
  assert.equal(diagnostics.filter((d) => d.code === "deprecated-keyword").length, 8);
  assert.deepEqual(
    diagnostics
      .filter((d) => d.code === "virtual-server-duplicate")
      .map((d) => [d.span, d.related[0]?.span].map((s) => sources.place(0, s?.start ?? 0).line)),
    [
      [65, 1],
      [97, 33],
    ],
  );
  assert.deepEqual(
    model?.virtualServers.map((v) => [v.target.kind === "address" ? v.target.address : "", v.delayLoop]),
    [
      ["10.255.23.73", 10_000_000],
      ["10.255.23.74", 10_000_000],
    ],
  );
  assert.deepEqual(model?.virtualServers[0]?.realServers[1]?.checkers, [
    {
      where: "h.conf:21",
      kind: "HTTP_GET",
      alpha: false,
      delayLoop: 10_000_000,
      retry: 3,
      delayBeforeRetry: 3_000_000,
      warmup: 10_000_000,
      logAllFailures: false,
      httpProtocol: "1.0",
      fastRecovery: false,
      connect: {
        address: "10.255.23.10",
        port: 8765,
        timeout: 5_000_000,
        bindto: undefined,
        bindPort: undefined,
        bindIf: undefined,
        fwmark: undefined,
      },
      urls: [
        {
          path: "/index.html",
          statusCode: [{ from: 200, to: 200 }],
          digest: undefined,
          virtualhost: undefined,
        },
      ],
    },
  ]);
});

test("every example is read without an error", () => {
  const examples = new URL("../../examples/", import.meta.url);
  const names = readdirSync(examples, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".conf"),
  );
  assert.ok(names.length > 0);
  for (const name of names) {
    const text = readFileSync(new URL(name, examples), "utf8");
    const interfaces = new Set(["lo", "eth0", "bond0"]);
    const { diagnostics, startStatus } = loadConfig(name, fakeSystem({ [name]: text }, { interfaces }));
    assert.deepEqual(
      diagnostics.filter((d) => d.severity === "error" || d.severity === "fatal"),
      [],
      name,
    );
    assert.equal(startStatus, 0, name);
  }
});
