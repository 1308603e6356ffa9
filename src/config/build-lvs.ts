/**
 * All virtual servers of a file, in its order. Services of groups wait until the end, where every group
 * is known; all others are built at once and their drafts are dropped.
 */
import { buildLocalAddressGroups, buildServerGroups } from "./build-groups.ts";
import type { VirtualServerContext } from "./build-real-server.ts";
import { buildVirtualServer } from "./build-virtual-server.ts";
import type { Draft } from "./draft.ts";
import type { ConfigModel, VirtualServerConfig } from "./model.ts";
import type { LvsVxlanConfig, SslConfig, VirtualServerGroupConfig } from "./model-lvs.ts";
import { type Position, Reporter } from "./reporter.ts";
import { type Built, validateVirtualServers } from "./validate.ts";

type LvsSections = Pick<
  ConfigModel,
  "virtualServers" | "virtualServerGroups" | "localAddressGroups" | "ssl" | "lvsVxlan"
>;

/** Told of each service as it is built, with the draft that goes afterwards. */
export type ServiceListener = (config: VirtualServerConfig, draft: Draft) => void;

interface Slot {
  readonly position: Position;
  config: VirtualServerConfig | undefined;
  /** undefined once it is built */
  draft: Draft | undefined;
}

export class LvsBuilder {
  readonly #reporter: Reporter;
  readonly #listener: ServiceListener;
  readonly #slots: Slot[] = [];
  /** `laddr_group_name` with its place, until the groups are known */
  readonly #localGroups: { readonly name: string; readonly position: Position }[] = [];

  constructor(reporter: Reporter, listener: ServiceListener) {
    this.#reporter = reporter;
    this.#listener = listener;
  }

  service(context: VirtualServerContext, draft: Draft): void {
    const slot: Slot = { position: Reporter.positionOf(draft.statement), config: undefined, draft };
    this.#slots.push(slot);
    if (draft.head.kind !== "virtualServer" || draft.head.target.kind !== "group") this.#build(context, slot);
  }

  /** To be called once, behind the last block. */
  finish(context: VirtualServerContext, root: Draft): LvsSections {
    const virtualServerGroups = buildServerGroups(this.#reporter, root);
    const localAddressGroups = buildLocalAddressGroups(this.#reporter, root);
    const groups = new Map(virtualServerGroups.map((group) => [group.name, group]));
    const withGroups = { ...context, groups };
    for (const slot of this.#slots) this.#build(withGroups, slot);
    const known = new Set(localAddressGroups.map((group) => group.name));
    for (const { name, position } of this.#localGroups)
      if (!known.has(name))
        this.#reporter.word(
          "group-unknown",
          position,
          1,
          `there is no usable local_address_group ${name}; define it outside the virtual_server`,
        );
    const built: Built<VirtualServerConfig>[] = [];
    for (const { config, position } of this.#slots)
      if (config !== undefined) built.push({ config, position });
    return {
      virtualServers: validateVirtualServers(this.#reporter, built),
      virtualServerGroups,
      localAddressGroups,
      ssl: readSsl(this.#reporter, root),
      lvsVxlan: readVxlanParameters(this.#reporter, root),
    };
  }

  #build(context: VirtualServerContext, slot: Slot): void {
    const { draft } = slot;
    if (draft === undefined) return;
    slot.draft = undefined;
    slot.config = buildVirtualServer(context, draft);
    if (slot.config === undefined) return;
    this.#listener(slot.config, draft);
    const name = slot.config.dialect?.localAddressGroup;
    if (name === undefined) return;
    this.#localGroups.push({ name, position: Reporter.positionOf(draft.statementOf("laddr_group_name")) });
  }
}

/** No groups: for the services that need none. */
export const noGroups: ReadonlyMap<string, VirtualServerGroupConfig> = new Map();

/** A second block takes the place of the first one as a whole. */
function readSsl(reporter: Reporter, root: Draft): SslConfig | undefined {
  const blocks = root.children.filter((child) => child.block.name === "SSL");
  const last = blocks.at(-1);
  if (last === undefined) return undefined;
  const [first] = blocks;
  if (first !== undefined && first !== last)
    reporter.word(
      "ssl-replaced",
      last.statement,
      0,
      "a second SSL block takes the place of the first one; leave only one of them",
      [reporter.firstDefinedAt(first.statement)],
    );
  return {
    where: reporter.where(last.statement),
    password: last.text("password"),
    ca: last.text("ca"),
    certificate: last.text("certificate"),
    key: last.text("key"),
  };
}

function readVxlanParameters(reporter: Reporter, root: Draft): LvsVxlanConfig | undefined {
  const block = root.children.find((child) => child.block.name === "LVS_VXLAN_PARAM");
  if (block === undefined) return undefined;
  return {
    where: reporter.where(block.statement),
    id: block.number("id"),
    localVtep: block.text("local_vtepaddr") as LvsVxlanConfig["localVtep"],
  };
}
