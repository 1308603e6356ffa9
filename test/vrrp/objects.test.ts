/** What the words of routes, rules and static blocks mean for the kernel. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  describeObject,
  desiredStatics,
  instanceObjects,
  staticObjects,
  watchedGroups,
} from "../../src/vrrp/objects.ts";
import { withTrackGroups } from "../../src/vrrp/settings.ts";
import { modelFrom } from "./config-text.ts";

const names = ["lo", "eth0", "eth1", "vrf7"];
const links = (table: number | undefined) => ({
  linkByName: (name: string) => {
    const index = names.indexOf(name);
    return index < 0 ? undefined : { index, vrfTable: name === "vrf7" ? table : undefined };
  },
});

const file = (body: string, outside = ""): string => `${outside}
vrrp_instance V {
 interface eth0
 virtual_router_id 1
 virtual_ipaddress {
  10.9.0.100
 }
 ${body}
}`;
const routesOf = (body: string, table: number | undefined = undefined) => {
  const [config] = modelFrom(file(`virtual_routes {\n ${body}\n }`), names).vrrpInstances;
  assert.ok(config);
  const { objects, waiting } = instanceObjects(config, links(table));
  return { routes: objects.flatMap((o) => (o.kind === "route" ? o.route : [])), waiting };
};

describe("objects of an instance", () => {
  test("a route belongs to its table, that of its VRF, or the main one", () => {
    const text = "10.1.0.0/24 dev eth0\n 10.2.0.0/24 dev eth0 table 9\n 10.3.0.0/24 dev eth0 vrf vrf7";
    assert.deepEqual(
      routesOf(text, 77).routes.map((r) => r.table),
      [254, 9, 77],
    );
  });

  test("what needs an interface that is not there waits, and says for which", () => {
    const { routes, waiting } = routesOf("10.3.0.0/24 dev eth0 vrf vrf7");
    assert.deepEqual(
      [routes, waiting],
      [[], [{ what: "10.3.0.0/24", interface: "vrf7", where: "test.conf:9" }]],
    );
  });

  test("hops are looked up one by one", () => {
    const { routes } = routesOf("10.1.0.0/24 nexthop via 10.9.0.8 nexthop dev eth1 weight 3");
    assert.deepEqual(
      routes.map(({ oif, hops }) => [oif, hops]),
      [[undefined, [undefined, 2]]],
    );
  });

  test("are called what ip(8) calls them", () => {
    const text = `virtual_routes {
  10.1.0.0/24 via 10.9.0.8 dev eth0 table 9
 }
 virtual_rules {
  from 10.1.0.0/24 to 10.2.0.0/16 table 9 priority 5
  iif eth0 prohibit priority 6
 }`;
    const [config] = modelFrom(file(text), names).vrrpInstances;
    assert.ok(config);
    const { objects } = instanceObjects(config, links(undefined));
    assert.deepEqual(
      objects.map((o) => describeObject(o, () => "eth0")),
      [
        "10.9.0.100/32 dev eth0",
        "10.1.0.0/24 via 10.9.0.8 dev eth0 table 9",
        "from 10.1.0.0/24 to 10.2.0.0/16 priority 5 lookup 9",
        "priority 6 prohibit",
      ],
    );
  });
});

describe("static blocks", () => {
  const model = modelFrom(
    file(
      "track_interface {\n eth1\n }",
      `track_group G {
 group {
  V
 }
}
static_ipaddress {
 10.7.0.1/24 dev eth1 track_group G
}
static_routes {
 10.70.0.0/24 via 10.7.0.9 dev vrf7 track_group G
}
static_rules {
 from 10.70.0.0/24 table 33 priority 500
}`,
    ),
    names,
  );

  test("are set addresses first, rules last", () => {
    const kinds = desiredStatics(staticObjects(model), links(undefined)).objects.map((o) => o.kind);
    assert.deepEqual(kinds, ["address", "route", "rule"]);
  });

  test("give the instances of a track_group their interfaces to track, each once", () => {
    assert.deepEqual(
      withTrackGroups(model)[0]?.trackInterface.map((t) => t.interface),
      ["eth1", "vrf7"],
    );
  });

  test("are watched in the families that they have", () => {
    const groups = watchedGroups(model.vrrpInstances, staticObjects(model));
    assert.deepEqual([[...groups.routes], [...groups.rules]], [["ipv4"], ["ipv4"]]);
  });
});
