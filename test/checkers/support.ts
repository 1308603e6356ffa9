/** Configurations, a manual clock and recorders for the tests of the checkers. */
import type { IpAddress } from "../../src/base/address.ts";
import type { Clock } from "../../src/base/clock.ts";
import { type Instant, millis, type Seconds, seconds } from "../../src/base/units.ts";
import type { PoolEffect } from "../../src/checkers/pool.ts";
import type {
  ConnectConfig,
  HttpCheckConfig,
  RealServerConfig,
  ScriptRef,
  SorryServerConfig,
  TcpCheckConfig,
  UrlConfig,
  VirtualServerConfig,
} from "../../src/config/model.ts";
import type {
  DnsCheckConfig,
  MiscCheckConfig,
  PingCheckConfig,
  SmtpCheckConfig,
  SslCheckConfig,
  UdpCheckConfig,
} from "../../src/config/model-lvs.ts";
import type { IpvsOperation } from "../../src/ipvs/model.ts";
import { checkerLine } from "../../src/log/catalogue/checkers.ts";

export const ip = (text: string): IpAddress => text as IpAddress;
export const script = (name: string): ScriptRef => ({ argv: [name], uid: 0, gid: 0 });

export function connect(port = 80, more: Partial<ConnectConfig> = {}): ConnectConfig {
  return {
    address: ip("127.0.0.1"),
    port,
    timeout: seconds(5),
    bindto: undefined,
    bindPort: undefined,
    bindIf: undefined,
    fwmark: undefined,
    ...more,
  };
}

const COMMON = {
  where: "t.conf:9",
  alpha: false,
  delayLoop: seconds(10),
  retry: 2,
  delayBeforeRetry: seconds(1),
  warmup: seconds(0),
  logAllFailures: false,
};

export function tcpCheck(more: Partial<TcpCheckConfig> = {}): TcpCheckConfig {
  return { kind: "TCP_CHECK", ...COMMON, connect: connect(), ...more };
}

export function url(path: string, more: Partial<UrlConfig> = {}): UrlConfig {
  return { path, statusCode: [{ from: 200, to: 299 }], digest: undefined, virtualhost: undefined, ...more };
}

export function httpCheck(more: Partial<HttpCheckConfig> = {}): HttpCheckConfig {
  return {
    kind: "HTTP_GET",
    ...COMMON,
    connect: connect(),
    httpProtocol: "1.0",
    fastRecovery: false,
    urls: [url("/")],
    ...more,
  };
}

export function sslCheck(more: Partial<SslCheckConfig> = {}): SslCheckConfig {
  return {
    ...httpCheck(),
    enableSni: false,
    sniName: undefined,
    tlsCompliant: false,
    ...more,
    kind: "SSL_GET",
  };
}

export function pingCheck(more: Partial<PingCheckConfig> = {}): PingCheckConfig {
  return { kind: "PING_CHECK", ...COMMON, connect: connect(), ...more };
}

export function udpCheck(more: Partial<UdpCheckConfig> = {}): UdpCheckConfig {
  return {
    kind: "UDP_CHECK",
    ...COMMON,
    connect: connect(),
    payload: undefined,
    requireReply: false,
    replyPattern: undefined,
    minReplyLength: 0,
    maxReplyLength: 255,
    pingCheckOff: false,
    ...more,
  };
}

export function dnsCheck(more: Partial<DnsCheckConfig> = {}): DnsCheckConfig {
  return { kind: "DNS_CHECK", ...COMMON, connect: connect(), type: "SOA", name: ".", ...more };
}

export function smtpCheck(more: Partial<SmtpCheckConfig> = {}): SmtpCheckConfig {
  return { kind: "SMTP_CHECK", ...COMMON, connect: connect(), heloName: "lb.example", ...more };
}

export function miscCheck(more: Partial<MiscCheckConfig> = {}): MiscCheckConfig {
  return {
    kind: "MISC_CHECK",
    ...COMMON,
    script: script("/check"),
    timeout: seconds(5),
    dynamic: false,
    ...more,
  };
}

/** A real server 10.0.0.`n`:80 with notify scripts `up-n` and `down-n`. */
export function real(n: number, more: Partial<RealServerConfig> = {}): RealServerConfig {
  return {
    where: `t.conf:${n}`,
    address: ip(`10.0.0.${n}`),
    port: 80,
    weight: 1,
    forwarding: "direct",
    inhibitOnFailure: false,
    upperThreshold: 0,
    lowerThreshold: 0,
    notifyUp: script(`up-${n}`),
    notifyDown: script(`down-${n}`),
    smtpAlert: false,
    checkers: [tcpCheck({ connect: connect(80, { address: ip(`10.0.0.${n}`) }) })],
    ...more,
  };
}

export function sorry(more: Partial<SorryServerConfig> = {}): SorryServerConfig {
  return {
    where: "t.conf:7",
    address: ip("10.0.0.99"),
    port: 80,
    forwarding: "direct",
    inhibit: false,
    ...more,
  };
}

/** 10.1.0.1:80 TCP with scripts `quorum-up` and `quorum-down`. */
export function virtual(
  realServers: readonly RealServerConfig[],
  more: Partial<VirtualServerConfig> = {},
): VirtualServerConfig {
  return {
    where: "t.conf:1",
    target: { kind: "address", address: ip("10.1.0.1"), port: 80, protocol: "tcp" },
    delayLoop: seconds(10),
    scheduler: "rr",
    flags: 0,
    persistenceTimeout: undefined as Seconds | undefined,
    persistenceEngine: undefined,
    persistencePrefixLength: 32,
    quorum: 1,
    hysteresis: 0,
    quorumUp: script("quorum-up"),
    quorumDown: script("quorum-down"),
    omega: false,
    rsInitNotifies: false,
    smtpAlert: false,
    sorryServer: undefined,
    realServers,
    ...more,
  };
}

export class ManualClock implements Clock {
  #now = 0;

  now(): Instant {
    return this.#now as Instant;
  }

  advance(ms: number): void {
    this.#now += millis(ms);
  }
}

/** `add 10.0.0.2:80 w1`, `delete service`, and so on: an operation as a line. */
export function operationText(o: IpvsOperation): string {
  switch (o.kind) {
    case "addService":
      return `add service ${o.service.scheduler}`;
    case "editService":
      return `edit service ${o.service.scheduler}`;
    case "deleteService":
      return "delete service";
    case "addDestination":
      return `add ${o.destination.address}:${o.destination.port} w${o.destination.weight}`;
    case "editDestination":
      return `edit ${o.destination.address}:${o.destination.port} w${o.destination.weight}`;
    case "deleteDestination":
      return `delete ${o.destination.address}:${o.destination.port}`;
  }
}

/** Effects as lines: log text in quotes, `run NAME`, `ipvs OPERATION`, `ipvs! OPERATION` when decisive. */
export function effectTexts(effects: readonly PoolEffect[]): string[] {
  return effects.map((e) => {
    if (e.kind === "log") return `"${checkerLine(e.sentence).text}"`;
    if (e.kind === "script") return `run ${e.script.argv[0]}`;
    return `ipvs${e.decisive ? "!" : ""} ${operationText(e.operation)}`;
  });
}
