/**
 * What can be wrong with a configuration: the closed list of codes with severity and consequence, and
 * how many of them add up to an exit status. Decides nothing about layout (render.ts does).
 */

/** Where a piece of text stands: a source of the `SourceMap` and the offsets of its characters. */
export interface Span {
  readonly source: number;
  readonly start: number;
  /** offset behind the last character */
  readonly end: number;
}

/**
 * fatal: the configuration cannot run · error: the statement is dropped · warning: it is changed or
 * doubtful · deprecated: it works, another spelling is better · security · note: only said
 */
export type Severity = "fatal" | "error" | "warning" | "deprecated" | "security" | "note";

/** What a code means for `--config-test` and for a start. */
export interface Consequence {
  readonly severity: Severity;
  /** least exit status of a config test; 2 ends everything, else the highest wins (process-and-cli 1.3) */
  readonly test: 0 | 2 | 4 | 5 | 6;
  /** 2: the daemon does not start; 6: there is no configuration */
  readonly start: 0 | 2 | 6;
}

const fatal = { severity: "fatal", test: 5, start: 2 } as const;
const error = { severity: "error", test: 5, start: 0 } as const;
const warning = { severity: "warning", test: 5, start: 0 } as const;
/** keepalived says nothing here, so that the exit status must not change either */
const hint = { severity: "warning", test: 0, start: 0 } as const;
const note = { severity: "note", test: 0, start: 0 } as const;

export type DiagnosticCode =
  // files and characters
  | "file-unreadable"
  | "include-no-match"
  | "include-unreadable"
  | "include-loop"
  | "include-failed"
  | "include-too-many"
  | "invalid-utf8"
  | "line-continuation"
  | "nul-byte"
  | "unmatched-quote"
  // conditions, parameters and sequences
  | "condition-without-id"
  | "environment-unset"
  | "expansion-too-large"
  | "parameter-invalid"
  | "parameter-not-last"
  | "parameter-recursion"
  | "parameter-undefined"
  | "sequence-invalid"
  // structure
  | "nesting-too-deep"
  | "unknown-keyword"
  | "misplaced-keyword"
  | "unexpected-brace"
  | "missing-brace"
  | "unclosed-block"
  | "extra-brace"
  // arguments
  | "missing-parameter"
  | "missing-value"
  | "missing-name"
  | "extra-parameter"
  | "extra-block-parameter"
  | "deprecated-keyword"
  | "former-keyword"
  | "no-effect-yet"
  | "keyword-repeated"
  | "already-specified"
  | "number-invalid"
  | "number-out-of-range"
  | "number-corrected"
  | "too-many-decimals"
  | "word-invalid"
  | "boolean-invalid"
  | "string-too-long"
  | "address-invalid"
  | "address-family"
  | "prefix-invalid"
  | "not-multicast"
  | "host-invalid"
  | "not-link-local"
  | "netmask-invalid"
  | "netmask-family"
  | "digest-invalid"
  | "status-code-invalid"
  | "empty-list"
  | "iptables-replaced"
  | "value-reset"
  | "path-not-absolute"
  | "umask-invalid"
  | "policy-conflict"
  | "hex-invalid"
  // addresses of an instance
  | "option-unknown"
  | "option-without-value"
  | "label-too-long"
  | "scope-invalid"
  // interfaces
  | "interface-name-too-long"
  | "interface-unknown"
  | "interface-missing"
  | "interface-loopback"
  // vrrp_instance
  | "name-duplicate"
  | "vrid-missing"
  | "vrid-duplicate"
  | "vip-missing"
  | "vip-required"
  | "vip-excess"
  | "vip-duplicate"
  | "advert-int-rounded"
  | "auth-truncated"
  | "auth-no-password"
  | "auth-no-type"
  | "auth-not-in-version-3"
  | "nopreempt-cleared"
  | "preempt-delay-cleared"
  | "track-own-interface"
  // trackers, groups, routes, rules and the rarer settings of an instance
  | "bfd-invalid"
  | "client-network-invalid"
  | "dialect-conflict"
  | "full-nat-fwmark"
  | "garp-group-duplicate"
  | "garp-group-empty"
  | "group-address-invalid"
  | "group-empty"
  | "group-member-twice"
  | "group-member-unknown"
  | "group-mixed"
  | "group-port"
  | "group-single"
  | "group-unknown"
  | "hmac-disabled"
  | "hmac-key-invalid"
  | "hmac-key-readable"
  | "interface-ignored"
  | "ipvlan-no-address"
  | "local-addresses-missing"
  | "mac-invalid"
  | "option-invalid"
  | "route-invalid"
  | "rule-invalid"
  | "rule-no-preference"
  | "setting-cleared"
  | "setting-forced"
  | "state-corrected"
  | "static-address-invalid"
  | "strict-mode"
  | "strict-unicast"
  | "track-duplicate"
  | "track-group-unknown"
  | "track-object-invalid"
  | "track-script-disabled"
  | "track-unknown"
  | "track-unused"
  | "track-weight-ignored"
  | "unicast-no-peer"
  | "value-doubtful"
  | "vmac-invalid"
  | "vmac-name-taken"
  | "vtep-port-missing"
  // scripts
  | "script-user-unknown"
  | "user-unknown"
  | "script-missing"
  | "script-not-executable"
  | "script-path-search"
  | "script-insecure"
  | "script-security-off"
  // virtual_server
  | "virtual-server-duplicate"
  | "real-server-missing"
  | "real-server-duplicate"
  | "protocol-missing"
  | "protocol-ignored"
  | "scheduler-unknown"
  | "scheduler-missing"
  | "forwarding-unknown"
  | "forwarding-missing"
  | "tunnel-invalid"
  | "reply-length-impossible"
  | "dns-name-invalid"
  | "script-path-missing"
  | "checker-target-unknown"
  | "regex-option-unknown"
  | "ha-suspend-cleared"
  | "sorry-server-inhibit"
  | "family-conflict"
  | "hashed-ignored"
  | "scheduler-replaced"
  | "ssl-replaced"
  | "group-duplicate"
  | "server-group-empty"
  | "group-ambiguous"
  | "group-family"
  | "port-forced"
  | "port-ignored"
  | "persistence-implied"
  | "one-packet-cleared"
  | "quorum-reduced"
  | "hysteresis-reduced"
  | "keyword-order"
  | "url-missing"
  | "path-missing"
  | "bind-if-missing"
  // traps that keepalived does not see (lint.ts)
  | "password-comment"
  | "quorum-unreachable"
  | "state-outranked"
  | "timeouts-overlong"
  | "weight-useless";

/** Every code with what follows from it. */
export const consequences: Readonly<Record<DiagnosticCode, Consequence>> = {
  "file-unreadable": { severity: "fatal", test: 4, start: 6 },
  "include-no-match": hint,
  "include-unreadable": hint,
  "include-loop": error,
  "include-failed": { severity: "fatal", test: 6, start: 6 },
  "include-too-many": error,
  "invalid-utf8": hint,
  "line-continuation": hint,
  "nul-byte": error,
  "unmatched-quote": error,
  "condition-without-id": hint,
  "environment-unset": hint,
  "expansion-too-large": error,
  "parameter-invalid": error,
  "parameter-not-last": hint,
  "parameter-recursion": error,
  "parameter-undefined": hint,
  "sequence-invalid": error,
  "nesting-too-deep": error,
  "unknown-keyword": error,
  "misplaced-keyword": error,
  "unexpected-brace": error,
  "missing-brace": error,
  "unclosed-block": error,
  "extra-brace": error,
  "missing-parameter": { severity: "fatal", test: 2, start: 2 },
  "missing-value": error,
  "missing-name": error,
  "extra-parameter": hint,
  "extra-block-parameter": warning,
  "deprecated-keyword": { severity: "deprecated", test: 5, start: 0 },
  "former-keyword": hint,
  "no-effect-yet": note,
  "keyword-repeated": hint,
  "already-specified": warning,
  "number-invalid": error,
  "number-out-of-range": error,
  "number-corrected": warning,
  "too-many-decimals": warning,
  "word-invalid": error,
  "boolean-invalid": error,
  "string-too-long": warning,
  "address-invalid": error,
  "address-family": error,
  "prefix-invalid": error,
  "not-multicast": error,
  "host-invalid": error,
  "not-link-local": warning,
  "netmask-invalid": error,
  "netmask-family": hint,
  "digest-invalid": error,
  "status-code-invalid": error,
  "empty-list": warning,
  "iptables-replaced": warning,
  "value-reset": hint,
  "path-not-absolute": error,
  "umask-invalid": error,
  "policy-conflict": warning,
  "hex-invalid": error,
  "option-unknown": error,
  "option-without-value": error,
  "label-too-long": error,
  "scope-invalid": error,
  "interface-name-too-long": error,
  "interface-unknown": fatal,
  "interface-missing": fatal,
  "interface-loopback": error,
  "name-duplicate": error,
  "vrid-missing": fatal,
  "vrid-duplicate": fatal,
  "vip-missing": warning,
  "vip-required": fatal,
  "vip-excess": warning,
  "vip-duplicate": hint,
  "advert-int-rounded": warning,
  "auth-truncated": warning,
  "auth-no-password": warning,
  "auth-no-type": hint,
  "auth-not-in-version-3": warning,
  "nopreempt-cleared": warning,
  "preempt-delay-cleared": warning,
  "track-own-interface": warning,
  "bfd-invalid": error,
  "client-network-invalid": error,
  "dialect-conflict": hint,
  "full-nat-fwmark": error,
  "garp-group-duplicate": warning,
  "garp-group-empty": warning,
  "group-address-invalid": error,
  "group-empty": error,
  "group-member-twice": error,
  "group-member-unknown": error,
  "group-mixed": warning,
  "group-port": warning,
  "group-single": warning,
  "group-unknown": hint,
  "hmac-disabled": error,
  "hmac-key-invalid": error,
  "hmac-key-readable": { severity: "security", test: 6, start: 0 },
  "interface-ignored": error,
  "ipvlan-no-address": fatal,
  "local-addresses-missing": hint,
  "mac-invalid": hint,
  "option-invalid": error,
  "route-invalid": error,
  "rule-invalid": error,
  "rule-no-preference": warning,
  "setting-cleared": warning,
  "setting-forced": warning,
  "state-corrected": warning,
  "static-address-invalid": error,
  "strict-mode": warning,
  "strict-unicast": fatal,
  "track-duplicate": warning,
  "track-group-unknown": error,
  "track-object-invalid": error,
  "track-script-disabled": error,
  "track-unknown": error,
  "track-unused": note,
  "track-weight-ignored": warning,
  "unicast-no-peer": { severity: "deprecated", test: 5, start: 0 },
  "value-doubtful": hint,
  "vmac-invalid": warning,
  "vmac-name-taken": warning,
  "vtep-port-missing": hint,
  "script-user-unknown": error,
  "user-unknown": hint,
  "script-missing": hint,
  "script-not-executable": hint,
  "script-path-search": hint,
  "script-insecure": hint,
  "script-security-off": { severity: "security", test: 6, start: 0 },
  "virtual-server-duplicate": hint,
  "real-server-missing": warning,
  "real-server-duplicate": warning,
  "protocol-missing": error,
  "protocol-ignored": warning,
  "scheduler-unknown": error,
  "scheduler-missing": error,
  "forwarding-unknown": error,
  "forwarding-missing": error,
  "tunnel-invalid": error,
  "reply-length-impossible": warning,
  "dns-name-invalid": error,
  "script-path-missing": error,
  "checker-target-unknown": error,
  "regex-option-unknown": hint,
  "ha-suspend-cleared": warning,
  "sorry-server-inhibit": warning,
  "family-conflict": error,
  "hashed-ignored": warning,
  "scheduler-replaced": note,
  "ssl-replaced": warning,
  "group-duplicate": hint,
  "server-group-empty": warning,
  "group-ambiguous": warning,
  "group-family": hint,
  "port-forced": warning,
  "port-ignored": warning,
  "persistence-implied": warning,
  "one-packet-cleared": warning,
  "quorum-reduced": warning,
  "hysteresis-reduced": warning,
  "keyword-order": error,
  "url-missing": error,
  "path-missing": error,
  "bind-if-missing": error,
  "password-comment": hint,
  "quorum-unreachable": hint,
  "state-outranked": hint,
  "timeouts-overlong": hint,
  "weight-useless": hint,
};

export interface Related {
  readonly note: string;
  readonly span: Span;
}

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** undefined: about the configuration as a whole */
  readonly span: Span | undefined;
  /** what is wrong; what to write instead. Without location and code, never with a secret in it. */
  readonly message: string;
  readonly related: readonly Related[];
}

/** Exit status of `--config-test`: a keyword without its parameter ends all, else the highest wins. */
export function testStatusOf(diagnostics: readonly Diagnostic[]): 0 | 2 | 4 | 5 | 6 {
  let highest: 0 | 4 | 5 | 6 = 0;
  for (const d of diagnostics) {
    const status = consequences[d.code].test;
    if (status === 2) return 2;
    if (status > highest) highest = status;
  }
  return highest;
}

/** Exit status of `--config-test --strict`: what keepalived tolerates counts as an error, notes do not. */
export function strictStatusOf(diagnostics: readonly Diagnostic[]): 0 | 2 | 4 | 5 | 6 {
  const status = testStatusOf(diagnostics);
  return status === 0 && diagnostics.some((d) => d.severity !== "note") ? 5 : status;
}

/** Whether the daemon can start: 0, or the exit status with which it refuses. */
export function startStatusOf(diagnostics: readonly Diagnostic[]): 0 | 2 | 6 {
  let highest: 0 | 2 | 6 = 0;
  for (const d of diagnostics) {
    const status = consequences[d.code].start;
    if (status > highest) highest = status;
  }
  return highest;
}
