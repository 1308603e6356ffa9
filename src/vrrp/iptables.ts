/**
 * The firewall by iptables rules, where `vrrp_iptables` asks for them: one rule per address and direction
 * in the configured chains. Decides which commands lead from one content to another; others run them, one
 * after the other.
 *
 * @see keepalived.conf(5) "vrrp_iptables", "no_accept"
 */
import { familyOf } from "../base/address.ts";
import type { FirewallContent } from "../net/kernel-objects.ts";
import type { FirewallKernel } from "./firewall.ts";

/** `vrrp_iptables IN OUT`; "" is no chain. */
export interface Chains {
  readonly input: string;
  readonly output: string;
}

export interface IptablesPorts {
  /** Runs a command after those before it. @returns its exit status; -1 when it could not run */
  run(argv: readonly string[]): Promise<number>;
  failed(command: string, status: number): void;
  nameOf(ifindex: number): string | undefined;
}

const NEIGHBOUR_TYPES = ["135", "136"];
const REPORT_TYPES = ["143", "133"];

export class IptablesFirewall implements FirewallKernel {
  readonly #chains: Chains;
  readonly #ports: IptablesPorts;
  #rules: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(chains: Chains, ports: IptablesPorts) {
    this.#chains = chains;
    this.#ports = ports;
  }

  /** What a predecessor left is among what will be refused; deleting what it did not leave is no failure. */
  clear(leftovers?: FirewallContent["refused"]): undefined {
    if (leftovers === undefined) {
      for (const rule of [...this.#rules.values()].toReversed()) this.#run(deletion(rule), false);
      this.#rules = new Map();
      return;
    }
    const rules = rulesOf({ refused: leftovers, diverted: [] }, this.#chains, () => undefined);
    for (const [key, rule] of [...rules].toReversed())
      if (!this.#rules.has(key)) this.#run(deletion(rule), true);
  }

  apply(content: FirewallContent): undefined {
    const wanted = rulesOf(content, this.#chains, (ifindex) => this.#ports.nameOf(ifindex));
    const gone = [...this.#rules].filter(([key]) => !wanted.has(key));
    const come = [...wanted].filter(([key]) => !this.#rules.has(key));
    this.#rules = wanted;
    for (const [, rule] of come) this.#run(rule, false);
    for (const [, rule] of gone.toReversed()) this.#run(deletion(rule), false);
  }

  close(): void {}

  #run(argv: readonly string[], mayFail: boolean): void {
    void this.#ports.run(argv).then((status) => {
      if (status !== 0 && !mayFail) this.#ports.failed(argv.join(" "), status);
    });
  }
}

/** -A becomes -D. */
function deletion(rule: readonly string[]): readonly string[] {
  return rule.map((word) => (word === "-A" ? "-D" : word));
}

/** Whole commands by their text, those that accept before those that drop. */
function rulesOf(
  { refused, diverted }: FirewallContent,
  { input, output }: Chains,
  nameOf: (ifindex: number) => string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const rules = new Map<string, readonly string[]>();
  const add = (command: string, chain: string, ...words: readonly string[]): void => {
    if (chain === "") return;
    const rule = [command, "-w", "-A", chain, ...words];
    rules.set(rule.join(" "), rule);
  };
  for (const { address, ifname } of refused) {
    const ipv6 = familyOf(address) === "ipv6";
    const command = ipv6 ? "ip6tables" : "iptables";
    // The same link-local address may be somebody else's on another interface.
    const on = (flag: string): readonly string[] => (/^fe[89ab]/.test(address) ? [flag, ifname] : []);
    for (const [chain, side, device] of [
      [input, "-d", on("-i")],
      [output, "-s", on("-o")],
    ] as const) {
      for (const type of ipv6 ? NEIGHBOUR_TYPES : [])
        add(command, chain, ...device, side, address, "-p", "icmpv6", "--icmpv6-type", type, "-j", "ACCEPT");
      add(command, chain, ...device, side, address, "-j", "DROP");
    }
  }
  for (const { ifindex, family } of diverted) {
    const device = nameOf(ifindex);
    if (device === undefined) continue;
    // Without a copy for the parent: iptables has none.
    if (family === "ipv4") add("iptables", output, "-o", device, "-p", "igmp", "-j", "DROP");
    else
      for (const type of REPORT_TYPES)
        add("ip6tables", output, "-o", device, "-p", "icmpv6", "--icmpv6-type", type, "-j", "DROP");
  }
  return rules;
}
