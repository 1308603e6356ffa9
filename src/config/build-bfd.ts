/** One `bfd_instance` to its model (RFC 5880; intervals in the file are milliseconds). */
import { familyOf, type IpAddress } from "../base/address.ts";
import { type Micros, millis } from "../base/units.ts";
import type { Draft } from "./draft.ts";
import type { BfdInstanceConfig } from "./model-vrrp.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";

/** keepalived keeps names in fields of this size. */
const LONGEST_NAME = 31;
/** Slower than this, a session finds a failure later than VRRP itself. */
const SLOW: Micros = millis(10_000);
/** RFC 5881 §5, which keepalived follows for IPv4 only. */
const SINGLE_HOP_TTL = 255;

/** Which session speaks with whom: a packet that names no session must belong to one only. */
export class BfdPlaces {
  /** by neighbour and hop kind, then by source, "" for any */
  readonly #taken = new Map<string, Map<string, string>>();

  /** @returns the session that speaks with the same neighbour in a way that cannot be told apart */
  claim(
    name: string,
    neighbor: IpAddress,
    multihop: boolean,
    source: IpAddress | undefined,
  ): string | undefined {
    const place = `${neighbor} ${multihop}`;
    const sources = this.#taken.get(place) ?? new Map<string, string>();
    this.#taken.set(place, sources);
    const [first] = sources.values();
    const twin = source === undefined ? first : (sources.get(source) ?? sources.get(""));
    if (twin === undefined) sources.set(source ?? "", name);
    return twin;
  }
}

/** @returns undefined when the session cannot exist (reported) */
export function buildBfdInstance(
  reporter: Reporter,
  draft: Draft,
  name: string,
  places: BfdPlaces,
): BfdInstanceConfig | undefined {
  if (name.length > LONGEST_NAME) {
    reporter.word(
      "bfd-invalid",
      draft.statement,
      1,
      `the name of bfd_instance ${name} is longer than ${LONGEST_NAME} characters, it is ignored; shorten it`,
    );
    return undefined;
  }
  const neighbor = draft.text("neighbor_ip") as IpAddress | undefined;
  if (neighbor === undefined)
    return reportAtEnd(
      reporter,
      "bfd-invalid",
      draft,
      `bfd_instance ${name} has no neighbor_ip and is ignored; write: neighbor_ip ADDR`,
    );
  const source = draft.text("source_ip") as IpAddress | undefined;
  if (source !== undefined && familyOf(source) !== familyOf(neighbor))
    return reportAtEnd(
      reporter,
      "bfd-invalid",
      draft,
      `source_ip ${source} and neighbor_ip ${neighbor} of ${name} are not of one family, it is ignored; correct one of them`,
    );
  const multihop = draft.flag("multihop") ?? false;
  const twin = places.claim(name, neighbor, multihop, source);
  if (twin !== undefined)
    return reportAtEnd(
      reporter,
      "bfd-invalid",
      draft,
      `bfd_instance ${twin} speaks with ${neighbor} in the same way, ${name} is ignored; give each a source_ip of its own or remove one`,
    );
  const { weight, reverse } = draft.weight("weight") ?? { weight: 0, reverse: false };
  const ttl = draft.number("ttl");
  // keepalived itself sends IPv6 packets with 64 unless told otherwise, and they must be heard
  const expected = ttl ?? (familyOf(neighbor) === "ipv6" ? 64 : 255);
  const toAll = !draft.has("vrrp") && !draft.has("checker");
  return {
    where: reporter.where(draft.statement),
    name,
    neighbor,
    source,
    minRx: readInterval(reporter, draft, "min_rx") ?? millis(10),
    minTx: readInterval(reporter, draft, "min_tx") ?? millis(10),
    idleTx: readInterval(reporter, draft, "idle_tx") ?? millis(1000),
    multiplier: draft.number("multiplier") ?? 5,
    passive: draft.has("passive"),
    ttl: ttl ?? SINGLE_HOP_TTL,
    minTtl: expected - readMaxHops(reporter, draft, expected, name),
    multihop,
    weight,
    reverse,
    vrrp: toAll || draft.has("vrrp"),
    checker: toAll || draft.has("checker"),
  };
}

function readInterval(reporter: Reporter, draft: Draft, keyword: string): Micros | undefined {
  const value = draft.number(keyword) as Micros | undefined;
  if (value !== undefined && value > SLOW)
    reporter.word(
      "value-doubtful",
      draft.statementOf(keyword),
      1,
      `${keyword} is in milliseconds, ${value / 1_000_000} seconds is slow for BFD; write a smaller number if that was not meant`,
    );
  return value;
}

/** @returns how much a TTL may have shrunk on its way: never more than there is room for */
function readMaxHops(reporter: Reporter, draft: Draft, ttl: number, name: string): number {
  const given = draft.number("max_hops") ?? 0;
  if (given === 255 || given === -1) return ttl;
  if (given <= ttl) return given;
  reporter.word(
    "number-corrected",
    draft.statementOf("max_hops"),
    1,
    `max_hops ${given} of ${name} is more than its TTL ${ttl}, which is taken`,
  );
  return ttl;
}
