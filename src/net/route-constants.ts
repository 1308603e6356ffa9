/** Numbers of linux/rtnetlink.h, linux/lwtunnel.h and linux/fib_rules.h for routes and rules, by header. */

// linux/rtnetlink.h
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;
/** group masks for `NetlinkSocket` */
export const RTMGRP_IPV4_ROUTE = 0x40;
export const RTMGRP_IPV4_RULE = 0x80;
export const RTMGRP_IPV6_ROUTE = 0x400;
export const RTMGRP_IPV6_RULE = 0x40000;
/** routes that the kernel made from others */
export const RTM_F_CLONED = 0x200;
export const RTNH_F_ONLINK = 4;
export const RT_TABLE_COMPAT = 252;
export const RT_TABLE_MAIN = 254;
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_LINK = 253;
export const RT_SCOPE_HOST = 254;
export const RT_SCOPE_NOWHERE = 255;
export const RTA_DST = 1;
export const RTA_SRC = 2;
export const RTA_OIF = 4;
export const RTA_GATEWAY = 5;
export const RTA_PRIORITY = 6;
export const RTA_PREFSRC = 7;
export const RTA_METRICS = 8;
export const RTA_MULTIPATH = 9;
export const RTA_FLOW = 11;
export const RTA_TABLE = 15;
export const RTA_PREF = 20;
export const RTA_ENCAP_TYPE = 21;
export const RTA_ENCAP = 22;
export const RTA_EXPIRES = 23;
export const RTA_TTL_PROPAGATE = 26;

export const RTN_UNICAST = 1;
/** RTN_* by the word of the file */
export const routeTypeNumbers: ReadonlyMap<string, number> = new Map([
  ["unicast", 1],
  ["local", 2],
  ["broadcast", 3],
  ["anycast", 4],
  ["multicast", 5],
  ["blackhole", 6],
  ["unreachable", 7],
  ["prohibit", 8],
  ["throw", 9],
  ["nat", 10],
]);

/**
 * RTAX_* by the word of the file, with what a value of the file is multiplied by: the kernel keeps round
 * trip times in eighths and their deviation in quarters of a millisecond.
 */
export const routeMetricNumbers: ReadonlyMap<string, { readonly type: number; readonly factor: number }> =
  new Map(
    (
      [
        ["mtu", 2, 1],
        ["window", 3, 1],
        ["rtt", 4, 8],
        ["rttvar", 5, 4],
        ["ssthresh", 6, 1],
        ["cwnd", 7, 1],
        ["advmss", 8, 1],
        ["reordering", 9, 1],
        ["hoplimit", 10, 1],
        ["initcwnd", 11, 1],
        ["features", 12, 1],
        ["rto_min", 13, 1],
        ["initrwnd", 14, 1],
        ["quickack", 15, 1],
        ["congctl", 16, 1],
        ["fastopen_no_cookie", 17, 1],
      ] as const
    ).map(([word, type, factor]) => [word, { type, factor }]),
  );
export const RTAX_LOCK = 1;
export const RTAX_FEATURE_ECN = 1;

// linux/lwtunnel.h, linux/mpls_iptunnel.h, linux/ila.h; the IPv6 numbers are the same
export const LWTUNNEL_ENCAP_MPLS = 1;
export const LWTUNNEL_ENCAP_IP = 2;
export const LWTUNNEL_ENCAP_ILA = 3;
export const LWTUNNEL_ENCAP_IP6 = 4;
export const LWTUNNEL_IP_ID = 1;
export const LWTUNNEL_IP_DST = 2;
export const LWTUNNEL_IP_SRC = 3;
export const LWTUNNEL_IP_TTL = 4;
export const LWTUNNEL_IP_TOS = 5;
export const LWTUNNEL_IP_FLAGS = 6;
export const MPLS_IPTUNNEL_DST = 1;
export const ILA_ATTR_LOCATOR = 1;

// linux/fib_rules.h
export const FIB_RULE_INVERT = 2;
export const FR_ACT_TO_TBL = 1;
export const FR_ACT_GOTO = 2;
export const FR_ACT_NOP = 3;
export const FR_ACT_BLACKHOLE = 6;
export const FR_ACT_UNREACHABLE = 7;
export const FR_ACT_PROHIBIT = 8;
export const FRA_DST = 1;
export const FRA_SRC = 2;
export const FRA_IIFNAME = 3;
export const FRA_GOTO = 4;
export const FRA_PRIORITY = 6;
export const FRA_FWMARK = 10;
export const FRA_FLOW = 11;
export const FRA_TUN_ID = 12;
export const FRA_SUPPRESS_IFGROUP = 13;
export const FRA_SUPPRESS_PREFIXLEN = 14;
export const FRA_TABLE = 15;
export const FRA_FWMASK = 16;
export const FRA_OIFNAME = 17;
export const FRA_L3MDEV = 19;
export const FRA_UID_RANGE = 20;
export const FRA_PROTOCOL = 21;
export const FRA_IP_PROTO = 22;
export const FRA_SPORT_RANGE = 23;
export const FRA_DPORT_RANGE = 24;
