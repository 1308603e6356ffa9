/**
 * Numbers with a unit are types: mixing microseconds with centiseconds does not compile.
 * Every core computes durations in integer microseconds on the monotonic clock; other units
 * exist only where a packet, a file or a kernel attribute speaks them.
 */
declare const unit: unique symbol;
type Unit<U extends string> = number & { readonly [unit]: U };

/** A point on the monotonic clock, in microseconds. Never wall time. */
export type Instant = Unit<"instant-us">;
/** A duration in microseconds: the only duration that cores compute with. */
export type Micros = Unit<"us">;
/** A duration in hundredths of a second, the wire unit of VRRPv3 (RFC 9568 §5.2.7). */
export type Centiseconds = Unit<"cs">;
/** A duration in whole seconds, the wire unit of VRRPv2 and of IPVS timeouts. */
export type Seconds = Unit<"s">;

/** @param cs any number of hundredths of a second */
export function microsFromCentiseconds(cs: Centiseconds): Micros {
  return (cs * 10_000) as Micros;
}

/** @param s seconds, fractions allowed; rounded to the nearest microsecond */
export function seconds(s: number): Micros {
  return Math.round(s * 1_000_000) as Micros;
}

/** @param ms milliseconds, fractions allowed; rounded to the nearest microsecond */
export function millis(ms: number): Micros {
  return Math.round(ms * 1_000) as Micros;
}

/** The instant that lies `d` after `t`; `d` may be negative. */
export function after(t: Instant, d: Micros): Instant {
  return (t + d) as Instant;
}

/** How long after `from` the instant `to` lies; negative when it lies before. */
export function between(from: Instant, to: Instant): Micros {
  return (to - from) as Micros;
}
