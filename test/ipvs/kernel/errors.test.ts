import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { IpvsOperation } from "../../../src/ipvs/model.ts";
import { address, destination, ip, service } from "../samples.ts";
import { ipvsadm, openInNamespace } from "./namespace.ts";

const kernel = openInNamespace();
const web = address("tcp", "10.0.0.1", 80);
const gone = address("tcp", "10.0.0.9", 80);
const server = destination("192.168.0.1", 80);
const present: readonly IpvsOperation[] = [
  { kind: "addService", service: service(web) },
  { kind: "addDestination", service: web, destination: server },
];

beforeEach(() => {
  kernel.flush();
  assert.deepEqual(kernel.apply(present), [undefined, undefined]);
});

/** Each with what the kernel says to it while `present` is in the table. */
const refusals: readonly { operation: IpvsOperation; code: string; message: string }[] = [
  {
    operation: { kind: "addService", service: service(gone, { scheduler: "foo" }) },
    code: "ENOENT",
    message: 'IPVS_CMD_NEW_SERVICE: ENOENT: scheduler "foo": not found',
  },
  {
    operation: { kind: "editService", service: service(web, { scheduler: "foo" }) },
    code: "ENOENT",
    message: 'IPVS_CMD_SET_SERVICE: ENOENT: scheduler "foo": not found',
  },
  {
    operation: { kind: "addService", service: service(gone, { timeout: 60, persistenceEngine: "foo" }) },
    code: "ENOENT",
    message: 'IPVS_CMD_NEW_SERVICE: ENOENT: scheduler "rr" or persistence engine "foo": not found',
  },
  {
    operation: { kind: "addService", service: service(web) },
    code: "EEXIST",
    message: "IPVS_CMD_NEW_SERVICE: EEXIST: service TCP 10.0.0.1:80: already exists",
  },
  {
    operation: { kind: "editService", service: service(gone) },
    code: "ESRCH",
    message: "IPVS_CMD_SET_SERVICE: ESRCH: service TCP 10.0.0.9:80: not found",
  },
  {
    operation: { kind: "deleteService", identity: gone },
    code: "ESRCH",
    message: "IPVS_CMD_DEL_SERVICE: ESRCH: service TCP 10.0.0.9:80: not found",
  },
  {
    operation: { kind: "addDestination", service: gone, destination: server },
    code: "ESRCH",
    message: "IPVS_CMD_NEW_DEST: ESRCH: service TCP 10.0.0.9:80: not found",
  },
  {
    operation: { kind: "addDestination", service: web, destination: server },
    code: "EEXIST",
    message: "IPVS_CMD_NEW_DEST: EEXIST: destination 192.168.0.1:80: already exists",
  },
  {
    operation: { kind: "editDestination", service: web, destination: destination("192.168.0.9", 80) },
    code: "ENOENT",
    message: "IPVS_CMD_SET_DEST: ENOENT: destination 192.168.0.9:80: not found",
  },
  {
    operation: {
      kind: "deleteDestination",
      service: web,
      destination: { address: ip("192.168.0.9"), port: 80 },
    },
    code: "ENOENT",
    message: "IPVS_CMD_DEL_DEST: ENOENT: destination 192.168.0.9:80: not found",
  },
  {
    operation: { kind: "addDestination", service: web, destination: destination("2001:db8::9", 80) },
    code: "EINVAL",
    message:
      "IPVS_CMD_NEW_DEST: EINVAL: destination [2001:db8::9]:80: a server of the other address family can only be reached by TUN",
  },
  {
    operation: { kind: "addDestination", service: web, destination: destination("224.0.0.18", 80) },
    code: "EINVAL",
    message:
      "IPVS_CMD_NEW_DEST: EINVAL: destination 224.0.0.18:80: not a unicast address, or no interface was ever up here",
  },
  {
    operation: {
      kind: "addDestination",
      service: web,
      destination: destination("192.168.0.9", 80, { upperThreshold: 1, lowerThreshold: 2 }),
    },
    code: "ERANGE",
    message:
      "IPVS_CMD_NEW_DEST: ERANGE: destination 192.168.0.9:80: lower threshold 2 is above the upper threshold 1",
  },
  {
    operation: {
      kind: "editDestination",
      service: web,
      destination: destination("192.168.0.1", 80, { weight: 2_147_483_648 }),
    },
    code: "ERANGE",
    message: "IPVS_CMD_SET_DEST: ERANGE: destination 192.168.0.1:80: weight 2147483648 is out of range",
  },
];

for (const { operation, code, message } of refusals)
  test(`the kernel refuses: ${message}`, () => {
    const [error] = kernel.apply([operation]);
    assert.equal(error?.code, code);
    assert.equal(error?.message, message);
    assert.deepEqual(ipvsadm(["-Sn"]), [
      "-A -t 10.0.0.1:80 -s rr",
      "-a -t 10.0.0.1:80 -r 192.168.0.1:80 -g -w 1",
    ]);
  });

test("every refusal comes back to the operation that caused it, and the others take effect", () => {
  const operations: IpvsOperation[] = [];
  const expected: (string | undefined)[] = [];
  for (let i = 0; i < 200; i++) {
    const good = address("tcp", `10.2.0.${i}`, 80);
    operations.push({ kind: "addService", service: service(good) });
    expected.push(undefined);
    const refusal = refusals[i % refusals.length];
    assert.ok(refusal);
    operations.push(refusal.operation);
    expected.push(refusal.message);
  }
  assert.deepEqual(
    kernel.apply(operations).map((e) => e?.message),
    expected,
  );
  assert.equal(kernel.dump().size, 201);
});
