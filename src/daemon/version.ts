/** Who we are for those who ask: exporters and monitoring parse keepalived's own first line. */

/** The keepalived release whose behaviour, files and sentences this daemon has. */
const COMPATIBLE_WITH = "2.4.3";
const RELEASED = "11/20,2026";

/** `Keepalived v2.4.3 (11/20,2026)`: first line of `--version`, part of the first and last log line */
export const BANNER: string = `Keepalived v${COMPATIBLE_WITH} (${RELEASED})`;
