import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../src/base/errors.ts";
import { describeFailure } from "../../src/ipvs/failure.ts";
import type { IpvsOperation } from "../../src/ipvs/model.ts";
import { address, destination, service } from "./samples.ts";

const web = address("tcp", "10.0.0.1", 80);
const addService: IpvsOperation = { kind: "addService", service: service(web, { scheduler: "foo" }) };
const addServer: IpvsOperation = {
  kind: "addDestination",
  service: web,
  destination: destination("192.168.0.2", 8080),
};

const cases: readonly { about: string; operation: IpvsOperation; code: string; says: string }[] = [
  {
    about: "an unknown scheduler is named",
    operation: addService,
    code: "ENOENT",
    says: 'scheduler "foo": not found',
  },
  {
    about: "an unknown persistence engine is named beside the scheduler, for the kernel does not tell which",
    operation: { kind: "editService", service: service(web, { persistenceEngine: "pip" }) },
    code: "ENOENT",
    says: 'scheduler "rr" or persistence engine "pip": not found',
  },
  {
    about: "a service that is already there is named",
    operation: addService,
    code: "EEXIST",
    says: "service TCP 10.0.0.1:80: already exists",
  },
  {
    about: "a destination whose service is gone names the service",
    operation: addServer,
    code: "ESRCH",
    says: "service TCP 10.0.0.1:80: not found",
  },
  {
    about: "a destination that is gone is named",
    operation: { kind: "deleteDestination", service: web, destination: destination("2001:db8::2", 80) },
    code: "ENOENT",
    says: "destination [2001:db8::2]:80: not found",
  },
  {
    about: "thresholds the wrong way round are shown",
    operation: {
      ...addServer,
      destination: destination("192.168.0.2", 80, { upperThreshold: 5, lowerThreshold: 9 }),
    },
    code: "ERANGE",
    says: "destination 192.168.0.2:80: lower threshold 9 is above the upper threshold 5",
  },
  {
    about: "a weight beyond the kernel's range is shown",
    operation: { ...addServer, destination: destination("192.168.0.2", 80, { weight: 2 ** 31 }) },
    code: "ERANGE",
    says: "destination 192.168.0.2:80: weight 2147483648 is out of range",
  },
  {
    about: "a server of the other family without a tunnel is explained",
    operation: { ...addServer, destination: destination("2001:db8::2", 80) },
    code: "EINVAL",
    says: "destination [2001:db8::2]:80: a server of the other address family can only be reached by TUN",
  },
  {
    about: "a missing capability is named",
    operation: addService,
    code: "EPERM",
    says: "not permitted, IPVS needs CAP_NET_ADMIN",
  },
  {
    about: "any other refusal is quoted behind its subject",
    operation: { kind: "deleteService", identity: web },
    code: "EIO",
    says: "service TCP 10.0.0.1:80: IPVS: EIO: oops",
  },
];

for (const { about, operation, code, says } of cases)
  test(about, () => {
    assert.equal(describeFailure(operation, new DaemonError("IPVS", 1, code, { detail: "oops" })), says);
  });
