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

/** @returns undefined when the session cannot exist (reported) */
export function buildBfdInstance(
  reporter: Reporter,
  draft: Draft,
  name: string,
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
  const { weight, reverse } = draft.weight("weight") ?? { weight: 0, reverse: false };
  const ttl = draft.number("ttl") ?? (familyOf(neighbor) === "ipv6" ? 64 : 255);
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
    ttl,
    maxHops: readMaxHops(reporter, draft, ttl, name),
    multihop: draft.flag("multihop") ?? false,
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

/** More hops than the TTL has room for cannot be. */
function readMaxHops(reporter: Reporter, draft: Draft, ttl: number, name: string): number {
  const given = draft.number("max_hops") ?? 0;
  if (given === 255) return -1;
  if (given <= ttl) return given;
  reporter.word(
    "number-corrected",
    draft.statementOf("max_hops"),
    1,
    `max_hops ${given} of ${name} is more than its TTL ${ttl}, which is taken`,
  );
  return ttl;
}
