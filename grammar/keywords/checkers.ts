/**
 * The keywords of the health checkers.
 */
import type { BlockTable, KeywordRow } from "./row.ts";

/** Where a probe goes and comes from. */
const connectRows: readonly KeywordRow[] = [
  {
    keyword: "connect_ip",
    argument: { kind: "address" },
    field: "connect.address",
    default: "real server address",
    help: "address to probe",
    effect: "works",
  },
  {
    keyword: "connect_port",
    argument: { kind: "integer", min: 1, max: 65535 },
    field: "connect.port",
    default: "real server port",
    help: "port to probe",
    effect: "works",
  },
  {
    keyword: "bindto",
    argument: { kind: "address" },
    field: "connect.bindto",
    default: "kernel choice",
    help: "local address of probe",
    effect: "works",
  },
  {
    keyword: "bind_port",
    argument: { kind: "integer", min: 1, max: 65535 },
    field: "connect.bindPort",
    default: "ephemeral",
    help: "local port of probe",
    effect: "works",
  },
  {
    keyword: "bind_if",
    argument: { kind: "interface" },
    field: "connect.bindIf",
    help: "interface of probe; required for link-local targets",
    effect: "works",
  },
  {
    keyword: "connect_timeout",
    argument: { kind: "duration", min: 0.000001, max: 4294.967295 },
    field: "connect.timeout",
    default: "real server value",
    help: "connection/response timeout",
    effect: "works",
  },
  {
    keyword: "fwmark",
    argument: { kind: "integer", min: 0, max: 4294967295 },
    field: "connect.fwmark",
    default: "0",
    help: "SO_MARK on probe packets",
    effect: "works",
  },
];

/** How often a checker runs and what a result means. */
const commonRows: readonly KeywordRow[] = [
  {
    keyword: "retry",
    argument: { kind: "integer", min: 0, max: 4294967295 },
    field: "retry",
    default: "real server value, else checker default",
    help: "extra attempts before failure",
    effect: "works",
  },
  {
    keyword: "delay_before_retry",
    argument: { kind: "duration", min: 0, max: 4294.967295 },
    field: "delayBeforeRetry",
    default: "real server value, else checker default",
    help: "pause before an extra attempt",
    effect: "works",
  },
  {
    keyword: "warmup",
    argument: { kind: "duration", min: 0, max: 4294.967295 },
    field: "warmup",
    default: "real server value, else delay_loop",
    help: "maximum random delay of first check",
    effect: "works",
  },
  {
    keyword: "delay_loop",
    argument: { kind: "duration", min: 0.000001, max: 4294967 },
    field: "delayLoop",
    default: "real server value",
    help: "interval between checks",
    effect: "works",
  },
  {
    keyword: "alpha",
    argument: { kind: "boolean" },
    field: "alpha",
    default: "real server value",
    help: "consider failed until first success",
    effect: "works",
  },
  {
    keyword: "log_all_failures",
    argument: { kind: "boolean" },
    field: "logAllFailures",
    default: "false",
    help: "log every failed attempt while up",
    effect: "works",
  },
];

/**
 * The old name of `retry`. keepalived knows it in the HTTP checkers only; in TCP_CHECK and UDP_CHECK, where
 * much-copied examples and the EulerOS dialect have it too, it would skip the word and try once instead of
 * as written.
 */
function withOldRetry(row: KeywordRow): KeywordRow {
  return row.keyword === "retry" ? { ...row, deprecated: ["nb_get_retry"] } : row;
}

const tcpCheck: BlockTable = {
  block: "TCP_CHECK",
  rows: [...connectRows, ...commonRows.map(withOldRetry)],
};

/** What HTTP_GET and SSL_GET share. */
const httpRows: readonly KeywordRow[] = [
  {
    keyword: "virtualhost",
    argument: { kind: "string" },
    default: "real/virtual server value",
    help: "Host header for all urls",
    effect: "works",
  },
  {
    keyword: "http_protocol",
    argument: { kind: "word", words: ["1.0", "1.0C", "1.1"], ignoreCase: true },
    field: "httpProtocol",
    default: "1.0",
    help: "HTTP version; C and 1.1 add Connection: close",
    effect: "works",
  },
  {
    keyword: "enable_sni",
    argument: { kind: "boolean" },
    default: "false",
    help: "send TLS SNI",
    field: "enableSni",
    effect: "works",
  },
  {
    keyword: "sni_name",
    argument: { kind: "string", optional: true },
    default: "virtualhost",
    help: "SNI name; implies enable_sni",
    field: "sniName",
    since: "later than 2.2.7",
    effect: "works",
  },
  {
    keyword: "fast_recovery",
    argument: { kind: "boolean" },
    field: "fastRecovery",
    default: "false",
    help: "check remaining urls without delay while not up",
    effect: "works",
  },
];

const httpGet: BlockTable = {
  block: "HTTP_GET",
  rows: [
    ...connectRows,
    ...commonRows.map(withOldRetry),
    ...httpRows,
    {
      keyword: "url",
      argument: { kind: "block", block: "url", head: "none" },
      field: "urls",
      help: "one resource to fetch",
      again: "add",
      effect: "works",
    },
  ],
};

/** PCRE2's compile options by keepalived's names. */
export const regexWords: readonly string[] = (
  "allow_empty_class alt_bsux auto_callout caseless dollar_endonly dotall dupnames extended firstline " +
  "match_unset_backref multiline never_ucp never_utf no_auto_capture no_auto_possess no_dotstar_anchor " +
  "no_start_optimize ucp ungreedy utf never_backslash_c alt_circumflex alt_verbnames use_offset_limit"
).split(" ");

const urlRows: readonly KeywordRow[] = [
  {
    keyword: "path",
    argument: { kind: "string" },
    field: "path",
    default: "required",
    help: "request target",
    effect: "works",
  },
  {
    keyword: "digest",
    argument: { kind: "digest" },
    field: "digest",
    help: "required MD5 of the body",
    again: "first",
    effect: "works",
  },
  {
    keyword: "status_code",
    argument: { kind: "statusCodes" },
    field: "statusCode",
    default: "200-299",
    help: "acceptable status codes",
    again: "add",
    effect: "works",
  },
  {
    keyword: "virtualhost",
    argument: { kind: "string" },
    field: "virtualhost",
    default: "checker value",
    help: "Host header for this url",
    effect: "works",
  },
  {
    keyword: "regex",
    argument: { kind: "string", escaped: true },
    help: "PCRE2 pattern the body must contain",
    field: "regex.pattern",
    effect: "parsed",
  },
  {
    keyword: "regex_no_match",
    argument: { kind: "none" },
    help: "invert regex result",
    field: "regex.inverted",
    effect: "parsed",
  },
  {
    keyword: "regex_options",
    argument: { kind: "words", least: 1 },
    help: "PCRE2 compile options, any number",
    syntax: regexWords.join("|"),
    field: "regex.options",
    effect: "parsed",
  },
  {
    keyword: "regex_min_offset",
    argument: { kind: "integer", min: 0, max: 4294967295, unit: "bytes" },
    default: "0",
    help: "earliest match position",
    field: "regex.minOffset",
    effect: "parsed",
  },
  {
    keyword: "regex_max_offset",
    argument: { kind: "integer", min: 0, max: 4294967295, unit: "bytes" },
    default: "unlimited",
    help: "latest match start",
    field: "regex.maxOffset",
    effect: "parsed",
  },
  {
    keyword: "regex_stack",
    argument: { kind: "words", least: 1 },
    help: "JIT stack size",
    syntax: "START MAX",
    field: "regex.stack",
    effect: "parsed",
  },
];

const url: BlockTable = { block: "url", rows: urlRows };

const sslGet: BlockTable = {
  block: "SSL_GET",
  rows: [
    ...connectRows,
    ...commonRows.map(withOldRetry),
    ...httpRows,
    {
      keyword: "tls_compliant",
      argument: { kind: "boolean" },
      default: "false",
      help: "perform orderly TLS shutdown",
      field: "tlsCompliant",
      since: "later than 2.2.7",
      effect: "works",
    },
    {
      keyword: "url",
      argument: { kind: "block", block: "ssl_url", head: "none" },
      help: "one resource to fetch",
      field: "urls",
      again: "add",
      effect: "works",
    },
  ],
};

const sslUrl: BlockTable = {
  block: "ssl_url",
  rows: [
    ...urlRows,
    {
      keyword: "tls_compliant",
      argument: { kind: "boolean" },
      default: "checker value",
      help: "orderly TLS shutdown for this url",
      field: "tlsCompliant",
      since: "later than 2.2.7",
      effect: "works",
    },
  ],
};

const miscCheck: BlockTable = {
  block: "MISC_CHECK",
  rows: [
    ...commonRows,
    {
      keyword: "misc_path",
      argument: { kind: "script" },
      default: "required",
      help: "command to execute",
      syntax: "COMMAND",
      field: "script",
      effect: "works",
    },
    {
      keyword: "misc_timeout",
      argument: { kind: "integer", min: 0, max: 4294967, unit: "s" },
      default: "virtual server delay_loop",
      help: "kill script after this time and fail",
      field: "timeout",
      effect: "works",
    },
    {
      keyword: "misc_dynamic",
      argument: { kind: "none" },
      help: "exit status 2..255 sets weight to status-2",
      field: "dynamic",
      effect: "works",
    },
    {
      keyword: "user",
      argument: { kind: "user" },
      default: "script_user",
      help: "identity to run as",
      field: "script.uid",
      effect: "works",
    },
  ],
};

const smtpCheck: BlockTable = {
  block: "SMTP_CHECK",
  rows: [
    ...connectRows,
    ...commonRows,
    {
      keyword: "helo_name",
      argument: { kind: "string" },
      default: "smtpchecker.keepalived.org",
      help: "argument of HELO",
      field: "heloName",
      again: "first",
      effect: "works",
    },
    {
      keyword: "host",
      argument: { kind: "block", block: "host", head: "none" },
      help: "extra target, becomes a separate checker",
      again: "add",
      effect: "works",
    },
  ],
};

const smtpHost: BlockTable = {
  block: "host",
  rows: [...connectRows, ...commonRows],
};

const pingCheck: BlockTable = {
  block: "PING_CHECK",
  rows: [...connectRows, ...commonRows],
};

const udpCheck: BlockTable = {
  block: "UDP_CHECK",
  rows: [
    ...connectRows,
    ...commonRows.map(withOldRetry),
    {
      keyword: "payload",
      argument: { kind: "hex", wildcards: false },
      default: "built-in filler payload",
      help: "datagram contents",
      field: "payload",
      effect: "works",
    },
    {
      keyword: "require_reply",
      argument: { kind: "hex", wildcards: true, optional: true },
      help: "require an answer, optionally matching",
      field: "requireReply",
      effect: "works",
    },
    {
      keyword: "min_reply_length",
      argument: { kind: "integer", min: 0, max: 65535, unit: "bytes" },
      default: "0",
      help: "shortest acceptable reply",
      field: "minReplyLength",
      effect: "works",
    },
    {
      keyword: "max_reply_length",
      argument: { kind: "integer", min: 0, max: 65535, unit: "bytes" },
      default: "255",
      help: "longest acceptable reply",
      field: "maxReplyLength",
      effect: "works",
    },
    {
      keyword: "ping_check_off",
      argument: { kind: "none" },
      field: "pingCheckOff",
      help: "EulerOS: ask by UDP only; keepalived's UDP_CHECK never pings first",
      since: "EulerOS",
      effect: "works",
    },
  ],
};

const dnsCheck: BlockTable = {
  block: "DNS_CHECK",
  rows: [
    ...connectRows,
    ...commonRows,
    {
      keyword: "type",
      argument: {
        kind: "word",
        words: ["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"],
        ignoreCase: true,
      },
      default: "SOA",
      help: "query type",
      field: "type",
      effect: "works",
    },
    {
      keyword: "name",
      argument: { kind: "string" },
      default: "root",
      help: "query name",
      field: "name",
      effect: "works",
    },
  ],
};

const fileCheck: BlockTable = {
  block: "FILE_CHECK",
  rows: [
    {
      keyword: "track_file",
      argument: { kind: "string" },
      default: "required",
      help: "track_file to use; must be defined earlier",
      field: "trackFile",
      effect: "works",
    },
    {
      keyword: "weight",
      argument: { kind: "words", least: 1 },
      default: "track_file's weight",
      help: "multiplier for the file value",
      syntax: "-2147483647..2147483647 [reverse|noreverse]",
      field: "weight",
      effect: "works",
    },
  ],
};

const bfdCheck: BlockTable = {
  block: "BFD_CHECK",
  rows: [
    {
      keyword: "name",
      argument: { kind: "string" },
      default: "required",
      help: "BFD session; must be defined earlier",
      field: "name",
      effect: "works",
    },
    {
      keyword: "alpha",
      argument: { kind: "boolean" },
      field: "alpha",
      default: "real server value",
      help: "consider failed until session is up",
      effect: "works",
    },
  ],
};

export const checkerTables: readonly BlockTable[] = [
  tcpCheck,
  httpGet,
  url,
  sslGet,
  sslUrl,
  miscCheck,
  smtpCheck,
  smtpHost,
  pingCheck,
  udpCheck,
  dnsCheck,
  fileCheck,
  bfdCheck,
];
