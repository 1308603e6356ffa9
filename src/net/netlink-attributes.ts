/** Netlink attributes for the layers that talk to the kernel; the code is pure and lives in base. */
export { type Attribute, AttributeWriter, attributes, readAttributes } from "../base/attributes.ts";
