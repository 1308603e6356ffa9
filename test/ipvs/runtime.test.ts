import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeOperation } from "../../src/ipvs/codec.ts";
import type { IpvsOperation } from "../../src/ipvs/model.ts";
import { IpvsKernel } from "../../src/ipvs/runtime.ts";
import { address, destination, entryOf, service, tableOf } from "./samples.ts";
import { scriptedKernel } from "./scripted-kernel.ts";

const ENOENT = 2;
const ESRCH = 3;
const web = address("tcp", "10.0.0.1", 80);
const dns = address("udp", "10.0.0.1", 53);

test("a kernel without IPVS gives an error that names the module and why it could not be loaded", () => {
  const asked: string[] = [];
  const kernel = scriptedKernel({ hasFamily: () => false });
  assert.throws(
    () =>
      IpvsKernel.open(kernel.native, (name) => {
        asked.push(name);
        return "modprobe: FATAL: Module ip_vs not found";
      }),
    {
      name: "DaemonError",
      code: "ENOENT",
      message: "IPVS: ENOENT: kernel module ip_vs is not available (modprobe: FATAL: Module ip_vs not found)",
    },
  );
  assert.deepEqual(asked, ["ip_vs"]);
  assert.equal(kernel.isOpen(), false);
});

test("the module is loaded when the kernel does not know IPVS yet, and not when it does", () => {
  let loaded = false;
  const kernel = scriptedKernel({ hasFamily: () => loaded });
  const load = (name: string): undefined => {
    assert.equal(name, "ip_vs");
    assert.equal(loaded, false);
    loaded = true;
  };
  IpvsKernel.open(kernel.native, load).close();
  IpvsKernel.open(kernel.native, load).close();
  assert.equal(kernel.isOpen(), false);
});

test("a missing scheduler is loaded once, and only what failed for it is sent again, in order", () => {
  const operations: readonly IpvsOperation[] = [
    { kind: "deleteService", identity: web },
    { kind: "addService", service: service(web, { scheduler: "mh" }) },
    { kind: "addDestination", service: web, destination: destination("192.168.0.2", 80) },
    { kind: "deleteService", identity: address("tcp", "10.0.0.9", 80) },
    { kind: "addService", service: service(dns, { scheduler: "mh" }) },
    { kind: "addDestination", service: dns, destination: destination("192.168.0.2", 53) },
  ];
  const bytes = operations.map((o) => encodeOperation(o).toString("hex"));
  const asked: string[] = [];
  const failures = new Map([
    [bytes[1], ENOENT],
    [bytes[2], ESRCH],
    [bytes[3], ESRCH],
    [bytes[4], ENOENT],
    [bytes[5], ESRCH],
  ]);
  const kernel = scriptedKernel({
    hasFamily: () => true,
    outcome: (body) => {
      const hex = body.toString("hex");
      return asked.length > 0 && hex !== bytes[3] ? 0 : (failures.get(hex) ?? 0);
    },
  });
  const ipvs = IpvsKernel.open(kernel.native, (name) => {
    asked.push(name);
    return undefined;
  });
  assert.deepEqual(
    ipvs.apply(operations).map((e) => e?.message),
    [
      undefined,
      undefined,
      undefined,
      "IPVS_CMD_DEL_SERVICE: ESRCH: service TCP 10.0.0.9:80: not found",
      undefined,
      undefined,
    ],
  );
  assert.deepEqual(asked, ["ip_vs_mh"]);
  const again = [1, 2, 4, 5];
  assert.deepEqual(
    kernel.requests.map((r) => bytes.indexOf(r.toString("hex"))),
    [0, 1, 2, 3, 4, 5, ...again],
  );
  assert.equal(ipvs.operationsSent, 10);
});

test("a scheduler that nobody has is an error of its service, with modprobe asked once for all", () => {
  const asked: string[] = [];
  const kernel = scriptedKernel({ hasFamily: () => true, outcome: () => ENOENT });
  const ipvs = IpvsKernel.open(kernel.native, (name) => {
    asked.push(name);
    return "not found";
  });
  const foo = { scheduler: "foo" };
  const errors = ipvs.apply([
    { kind: "addService", service: service(web, foo) },
    { kind: "editService", service: service(dns, foo) },
  ]);
  assert.deepEqual(
    errors.map((e) => e?.message),
    [
      'IPVS_CMD_NEW_SERVICE: ENOENT: scheduler "foo": not found',
      'IPVS_CMD_SET_SERVICE: ENOENT: scheduler "foo": not found',
    ],
  );
  assert.deepEqual(asked, ["ip_vs_foo"]);
  assert.equal(ipvs.operationsSent, 2);
});

test("a persistence engine is loaded like a scheduler", () => {
  const asked: string[] = [];
  const kernel = scriptedKernel({ hasFamily: () => true, outcome: () => (asked.length === 2 ? 0 : ENOENT) });
  const ipvs = IpvsKernel.open(kernel.native, (name) => {
    asked.push(name);
    return undefined;
  });
  const sip = service(dns, { persistenceEngine: "sip", timeout: 300 });
  assert.deepEqual(ipvs.apply([{ kind: "addService", service: sip }]), [undefined]);
  assert.deepEqual(asked, ["ip_vs_rr", "ip_vs_pe_sip"]);
});

test("a name that no module can have never reaches modprobe", () => {
  const kernel = scriptedKernel({ hasFamily: () => true, outcome: () => ENOENT });
  const ipvs = IpvsKernel.open(kernel.native, (name) => assert.fail(name));
  for (const scheduler of ["-r", "../x", "a b", "rr;id", ""])
    assert.equal(
      ipvs.apply([{ kind: "addService", service: service(web, { scheduler }) }])[0]?.code,
      "ENOENT",
    );
});

test("nothing to do sends nothing", () => {
  const kernel = scriptedKernel({ hasFamily: () => true });
  const ipvs = IpvsKernel.open(kernel.native);
  assert.deepEqual(ipvs.apply([]), []);
  assert.equal(ipvs.operationsSent, 0);
  assert.equal(kernel.requests.length, 0);
});

test("a dump asks for the destinations of each service and leaves out protocols that nobody can configure", () => {
  const mine = encodeOperation({ kind: "addService", service: service(web) });
  const gre = Buffer.from(mine);
  gre[gre.indexOf(Buffer.from("060002000600", "hex")) + 4] = 47;
  const server = encodeOperation({
    kind: "addDestination",
    service: web,
    destination: destination("192.168.0.2", 80),
  });
  const kernel = scriptedKernel({
    hasFamily: () => true,
    dump: (body) => (body[0] === 4 ? [gre, mine] : [server]),
  });
  assert.deepEqual(
    IpvsKernel.open(kernel.native).dump(),
    tableOf(entryOf(service(web), [destination("192.168.0.2", 80)])),
  );
});

test("a damaged reply is an error, not a table with a hole", () => {
  const mine = encodeOperation({ kind: "addService", service: service(web) });
  const kernel = scriptedKernel({ hasFamily: () => true, dump: () => [mine.subarray(0, mine.length - 8)] });
  assert.throws(() => IpvsKernel.open(kernel.native).dump(), {
    name: "DaemonError",
    code: "EBADMSG",
    message: "IPVS_CMD_GET_SERVICE: EBADMSG: malformed: attribute length",
  });
});
