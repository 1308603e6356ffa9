/**
 * The request of an HTTP check, exactly the bytes that keepalived sends: these header fields, in
 * this order, and no others. Pure text.
 */
import type { UrlConfig, WebCheckCommon } from "../config/model.ts";

/** HTTP/1.0 unless the configuration asks for more; 1.0C and 1.1 ask the server to close. */
export function httpRequest(config: WebCheckCommon, url: UrlConfig): Uint8Array {
  const { httpProtocol, connect } = config;
  const version = httpProtocol.startsWith("1.1") ? "1.1" : "1.0";
  const close = httpProtocol === "1.0C" || httpProtocol === "1.1" ? "Connection: close\r\n" : "";
  const address = connect.address.includes(":") ? `[${connect.address}]` : connect.address;
  const host = url.virtualhost ?? `${address}:${connect.port}`;
  return Buffer.from(
    `GET ${url.path} HTTP/${version}\r\nUser-Agent: KeepAliveClient\r\n${close}Host: ${host}\r\n\r\n`,
    "utf8",
  );
}
