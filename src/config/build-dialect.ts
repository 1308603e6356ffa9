/** The EulerOS keywords of virtual and real servers to their parts of the model (ecosystem 4.1 to 4.3). */
import { familyOf, type IpAddress, parseIpAddress } from "../base/address.ts";
import type { Seconds } from "../base/units.ts";
import type { Draft } from "./draft.ts";
import type { ClientNetwork, ServiceDialect, VxlanDestination } from "./model-lvs.ts";
import { parseInteger } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";

/** Almost no file has any of these words, so that one look at the cells must be enough. */
function hasDialect(draft: Draft): boolean {
  for (const cell of draft.cells) if (cell.row.since === "EulerOS") return true;
  return false;
}

/** More entries of one list than the dialect allows. */
const MOST_CLIENTS = 1000;

/** @returns undefined when the block has none of the dialect's keywords */
export function readServiceDialect(reporter: Reporter, draft: Draft): ServiceDialect | undefined {
  if (!hasDialect(draft)) return undefined;
  const checkerOff = draft.has("checker_off");
  const checkerMerge = draft.has("checker_merge");
  if (checkerOff && checkerMerge)
    reporter.word(
      "dialect-conflict",
      draft.statementOf("checker_merge"),
      0,
      "checker_merge does nothing together with checker_off; remove one of them",
    );
  const clientAllow = readClients(reporter, draft, "client_ipaddr_allow");
  const clientExclude = readClients(reporter, draft, "client_ipaddr_exclude");
  if (clientAllow !== undefined && clientExclude !== undefined)
    reporter.word(
      "dialect-conflict",
      draft.statementOf("client_ipaddr_exclude"),
      0,
      "client_ipaddr_exclude does nothing together with client_ipaddr_allow; remove one of them",
    );
  return {
    localAddressGroup: draft.text("laddr_group_name"),
    vipBindDev: draft.text("vip_bind_dev"),
    tcpDrainingTimeout: draft.number("tcp_draining_timeout") as Seconds | undefined,
    flowControlCps: draft.number("flow_control_cps") ?? 0,
    flowControlInterval: (draft.number("flow_control_interval") ?? 0) as Seconds,
    flowControlPc: draft.number("flow_control_pc") ?? 0,
    clientAllow,
    clientExclude,
    checkerOff,
    checkerMerge: checkerMerge && !checkerOff,
  };
}

/** One network a line, IPv4 only. @returns undefined when the block has no such list */
function readClients(
  reporter: Reporter,
  draft: Draft,
  keyword: string,
): readonly ClientNetwork[] | undefined {
  if (!draft.has(keyword)) return undefined;
  const networks: ClientNetwork[] = [];
  for (const line of draft.lines(keyword))
    for (const [index, word] of line.words.entries()) {
      const [text = "", length = "32"] = word.split("/");
      const address = parseIpAddress(text);
      const prefix = parseInteger(length, 1, 32);
      if (address === undefined || familyOf(address) !== "ipv4" || !prefix.ok)
        reporter.word(
          "client-network-invalid",
          line,
          index,
          `${keyword} cannot be "${word}", which is ignored; write an IPv4 address, or one with /1 to /32 behind it`,
        );
      else if (networks.length < MOST_CLIENTS) networks.push({ address, prefixLength: prefix.value });
      else
        reporter.once(
          "client-network-invalid",
          line,
          `${keyword} ${draft.statement.line}`,
          `${keyword} has more than ${MOST_CLIENTS} entries, the others are ignored; join them to larger networks`,
        );
    }
  return networks;
}

/** @returns undefined when the block has none of the dialect's keywords */
export function readVxlan(reporter: Reporter, draft: Draft): VxlanDestination | undefined {
  if (!hasDialect(draft)) return undefined;
  const vtep = draft.endpoint("vteppaddr");
  const vni = draft.number("vni");
  const text = draft.text("mac");
  const forwarding = draft.text("dest_lb_kind") as VxlanDestination["forwarding"];
  const isMac = text !== undefined && /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text);
  if (text !== undefined && !isMac)
    reporter.word(
      "mac-invalid",
      draft.statementOf("mac"),
      1,
      `"${text}" is no MAC address and is ignored; write six bytes like 52:54:00:04:0a:0b`,
    );
  if (vtep !== undefined && vtep.port === 0)
    reporter.word(
      "vtep-port-missing",
      draft.statementOf("vteppaddr"),
      2,
      `vteppaddr needs the port of the VXLAN behind the address; write: vteppaddr ${vtep.address} 4789`,
    );
  return {
    mac: isMac ? text.toLowerCase() : undefined,
    vni,
    vtep: vtep === undefined ? undefined : { address: vtep.address as IpAddress, port: vtep.port },
    forwarding,
  };
}
