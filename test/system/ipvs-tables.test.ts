/**
 * The kernel's tables that ours makes of a file are those that Debian's C keepalived makes of the same
 * file. Real servers without a checker count as alive, so no server needs to answer here.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Daemon, type Make } from "../lab/daemon.ts";
import { ipvsTable } from "../lab/ipvs.ts";
import { until } from "../lab/shell.ts";
import { Topology } from "../lab/topology.ts";

const exampleText = readFileSync(new URL("../../examples/active-active/lb1.conf", import.meta.url), "utf8");

interface Case {
  readonly about: string;
  readonly file: string;
  /** what both must make of it, by `ipvsadm -Sn` */
  readonly table: readonly string[];
}

const CASES: readonly Case[] = [
  {
    about: "persistent round robin by direct routing, TCP checks yet to come",
    file: `
      virtual_server 10.0.0.100 80 {
          delay_loop 6
          lb_algo rr
          lb_kind DR
          persistence_timeout 120
          protocol TCP
          real_server 10.0.0.13 80 {
              weight 1
              TCP_CHECK {
                  connect_timeout 5
                  nb_get_retry 3
                  delay_before_retry 3
              }
          }
          real_server 10.0.0.14 80 {
              weight 1
              TCP_CHECK {
                  connect_timeout 5
                  nb_get_retry 3
                  delay_before_retry 3
              }
          }
      }`,
    table: [
      "-A -t 10.0.0.100:80 -s rr -p 120\n" +
        "-a -t 10.0.0.100:80 -r 10.0.0.13:80 -g -w 1\n" +
        "-a -t 10.0.0.100:80 -r 10.0.0.14:80 -g -w 1",
    ],
  },
  {
    about: "masquerading and tunnelling with weights and every common scheduler",
    file: `
      virtual_server 10.0.0.1 80 {
          lvs_sched wrr
          lvs_method NAT
          protocol TCP
          real_server 10.0.1.1 8080 {
              weight 3
          }
          real_server 10.0.1.2 8080 {
              weight 0
          }
      }
      virtual_server 10.0.0.2 53 {
          lvs_sched wlc
          lvs_method TUN
          protocol UDP
          real_server 10.0.2.1 53 {
              weight 65535
          }
      }
      virtual_server 10.0.0.3 443 {
          lvs_sched lc
          lvs_method DR
          protocol TCP
          real_server 10.0.3.1 443 {
          }
      }
      virtual_server 10.0.0.4 443 {
          lvs_sched sh
          lvs_method DR
          protocol TCP
          real_server 10.0.3.1 443 {
          }
      }
      virtual_server 10.0.0.5 443 {
          lvs_sched dh
          lvs_method DR
          protocol TCP
          real_server 10.0.3.1 443 {
          }
      }
      virtual_server 10.0.0.6 443 {
          lvs_sched sed
          lvs_method DR
          protocol TCP
          real_server 10.0.3.1 443 {
          }
      }
      virtual_server 10.0.0.7 443 {
          lvs_sched mh
          lvs_method DR
          protocol TCP
          real_server 10.0.3.1 443 {
          }
      }`,
    table: [
      "-A -t 10.0.0.1:80 -s wrr\n-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m -w 3\n-a -t 10.0.0.1:80 -r 10.0.1.2:8080 -m -w 0",
      "-A -t 10.0.0.3:443 -s lc\n-a -t 10.0.0.3:443 -r 10.0.3.1:443 -g -w 1",
      "-A -t 10.0.0.4:443 -s sh\n-a -t 10.0.0.4:443 -r 10.0.3.1:443 -g -w 1",
      "-A -t 10.0.0.5:443 -s dh\n-a -t 10.0.0.5:443 -r 10.0.3.1:443 -g -w 1",
      "-A -t 10.0.0.6:443 -s sed\n-a -t 10.0.0.6:443 -r 10.0.3.1:443 -g -w 1",
      "-A -t 10.0.0.7:443 -s mh\n-a -t 10.0.0.7:443 -r 10.0.3.1:443 -g -w 1",
      "-A -u 10.0.0.2:53 -s wlc\n-a -u 10.0.0.2:53 -r 10.0.2.1:53 -i -w 65535 --tun-type ipip",
    ],
  },
  {
    about: "a firewall mark with persistence granularity, and IPv6",
    file: `
      virtual_server fwmark 7 {
          lb_algo rr
          lb_kind DR
          persistence_timeout 360
          persistence_granularity 255.255.255.0
          protocol TCP
          real_server 10.0.1.1 80 {
              weight 2
          }
      }
      virtual_server 2001:db8::1 80 {
          lb_algo wlc
          lb_kind DR
          persistence_timeout 60
          protocol TCP
          real_server 2001:db8:1::1 80 {
              weight 5
          }
          real_server 2001:db8:1::2 80 {
              weight 6
          }
      }`,
    table: [
      "-A -f 7 -s rr -p 360 -M 255.255.255.0\n-a -f 7 -r 10.0.1.1:0 -g -w 2",
      "-A -t [2001:db8::1]:80 -s wlc -p 60\n" +
        "-a -t [2001:db8::1]:80 -r [2001:db8:1::1]:80 -g -w 5\n" +
        "-a -t [2001:db8::1]:80 -r [2001:db8:1::2]:80 -g -w 6",
    ],
  },
  {
    about: "the example's services before their first verdicts",
    file: exampleText.slice(exampleText.indexOf("virtual_server ")),
    table: ["10.255.23.73", "10.255.23.74"].map(
      (vip) =>
        `-A -t ${vip}:8765 -s rr -p 120\n` +
        `-a -t ${vip}:8765 -r 10.255.23.4:8765 -g -w 1\n` +
        `-a -t ${vip}:8765 -r 10.255.23.10:8765 -g -w 1`,
    ),
  },
];

describe("the kernel's table of a file", () => {
  let topology: Topology;

  before(async () => {
    topology = await Topology.build();
  });
  after(async () => {
    await topology?.remove();
  });

  async function tableBy(make: Make, file: string, expected: readonly string[]): Promise<readonly string[]> {
    const daemon = new Daemon(topology, make === "c" ? "lb1" : "lb2", make);
    try {
      await daemon.start(file);
      let table: readonly string[] = [];
      await until("the whole table", async () => {
        table = await ipvsTable(topology, make === "c" ? "lb1" : "lb2");
        return table.join("\n") === expected.join("\n");
      }).catch(() => undefined);
      return table;
    } finally {
      await daemon.stop();
    }
  }

  for (const { about, file, table } of CASES) {
    for (const make of ["c", "ours"] as const) {
      test(`${about}: by ${make}`, async () => {
        assert.deepEqual(await tableBy(make, file, table), table);
      });
    }
  }
});
