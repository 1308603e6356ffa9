/** The encapsulation of a route or a hop: `encap ip|ip6|mpls|ila …`. */
import { encapIp, encapIp6 } from "../../grammar/keywords/route.ts";
import type { Statement } from "../../grammar/parser.ts";
import { familyOf } from "../base/address.ts";
import type { EncapConfig } from "./model-vrrp.ts";
import { type OptionContext, OptionValues, OptionWords, readOption } from "./option-words.ts";

const words = { ip: new OptionWords(encapIp), ip6: new OptionWords(encapIp6) } as const;

export interface ReadEncap {
  /** false: reported, the route is to be dropped */
  readonly ok: boolean;
  readonly next: number;
  readonly encap: EncapConfig | undefined;
}

/** @param at index of the word behind `encap` */
export function readEncap(context: OptionContext, line: Statement, at: number): ReadEncap {
  const kind = line.words[at];
  if (kind === "ip" || kind === "ip6") return readTunnel(context, line, at, kind);
  const text = line.words[at + 1] ?? "";
  const bad = (message: string): ReadEncap => {
    context.reporter.word("route-invalid", line, at, `${message}, the route is ignored`);
    return { ok: false, next: at + 2, encap: undefined };
  };
  if (kind === "mpls") {
    const labels = text.split("/").map((label) => (/^[0-9]{1,7}$/.test(label) ? Number(label) : -1));
    if (labels.some((label) => label < 0 || label > 1_048_575))
      return bad(`"${text}" is no stack of MPLS labels (0 to 1048575, joined by /)`);
    return { ok: true, next: at + 2, encap: { kind: "mpls", labels } };
  }
  if (kind === "ila") {
    const parts = text.trim().split(":");
    if (parts.length !== 4 || parts.some((part) => !/^[0-9a-f]{1,4}$/i.test(part)))
      return bad(`"${text}" is no ILA locator (four groups of hexadecimal digits, joined by :)`);
    const locator = parts.map((part) => part.toLowerCase().padStart(4, "0")).join("");
    return { ok: true, next: at + 2, encap: { kind: "ila", locator } };
  }
  return bad(`encap does not know "${kind ?? ""}"; write ip, ip6, mpls or ila`);
}

function readTunnel(context: OptionContext, line: Statement, at: number, kind: "ip" | "ip6"): ReadEncap {
  const values = new OptionValues();
  const family = kind === "ip" ? "ipv4" : "ipv6";
  let next = at + 1;
  while (next < line.words.length) {
    const row = words[kind].row(line.words[next] as string);
    if (row === undefined) break;
    const read = readOption(context, line, next, row, values);
    if (!read.ok) return { ...read, encap: undefined };
    const address = row.argument === "address" ? values.address(row.keyword) : undefined;
    if (address !== undefined && familyOf(address) !== family) {
      context.reporter.word(
        "route-invalid",
        line,
        next + 1,
        `encap ${kind} needs ${family} addresses, the route is ignored`,
      );
      return { ok: false, next, encap: undefined };
    }
    next = read.next;
  }
  let id = values.text("id");
  if (id !== undefined && !/^[0-9]{1,20}$/.test(id)) {
    context.reporter.word(
      "option-invalid",
      line,
      values.wordOf("id") + 1,
      `id cannot be "${id}" and is ignored; write a number`,
    );
    id = undefined;
  }
  if (!values.has("id") && !values.has("dst"))
    context.reporter.word(
      "option-without-value",
      line,
      at,
      `encap ${kind} has neither id nor dst; write: encap ${kind} id NUMBER, or dst ADDR`,
    );
  return {
    ok: true,
    next,
    encap: {
      kind,
      id,
      dst: values.address("dst"),
      src: values.address("src"),
      tos: values.number(kind === "ip" ? "tos" : "tc"),
      ttl: values.number(kind === "ip" ? "ttl" : "hoplimit"),
      flags: values.number("flags"),
    },
  };
}
