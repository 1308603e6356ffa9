// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written like this
/** Fuzz targets of everything below keywords: text, includes, parameters, sequences, bytes and lengths. */
import { tables } from "../../grammar/keywords/table.ts";
import { type ConfigSystem, loadConfig } from "../../src/config/load.ts";
import { fakeSystem } from "./fake-system.ts";
import { type Dice, fuzz } from "./fuzz.ts";

let last = "";
const describe = (): string => (last.length > 2000 ? `${last.slice(0, 2000)}… (${last.length})` : last);

function load(text: string | Uint8Array): ReturnType<typeof loadConfig> {
  last = typeof text === "string" ? text : Buffer.from(text).toString("latin1");
  return loadConfig("m.conf", fakeSystem({ "m.conf": text }), { seed: 1 });
}

const keywords: readonly string[] = tables.flatMap(({ rows }) => rows.map(({ keyword }) => keyword));
const pieces: readonly string[] = [
  ...[
    "{",
    "}",
    " ",
    "  ",
    "\t",
    "\n",
    "\n",
    "\n",
    "\r\n",
    '"',
    "'",
    "#",
    "!",
    "\\",
    "\\\n",
    "\0",
    "\f",
    "\u00a0",
    "\u3000",
  ],
  ...[
    "$",
    "${",
    "$A",
    "${A}",
    "$A=",
    "$B= \\\n",
    "${B}",
    "${_PWD}",
    "${_RANDOM 1 2}",
    "${_ENV X}",
    "@host ",
    "@^host ",
    "@x ",
  ],
  ...[
    "~SEQ(i,1,3) ",
    "~SEQx(i,9,11) ",
    "~LST(i,a,b) ",
    "~LST({i,j},{1,2}) ",
    "${i}",
    "include ",
    "includea m.conf",
  ],
  ...[
    "1",
    "0",
    "-1",
    "1.5",
    "4294967296",
    "192.0.2.1",
    "192.0.2.1/24",
    "::1",
    "eth0",
    "fwmark",
    "group",
    "dev",
    "V1",
    "é",
    "路",
  ],
];

fuzz(
  "text",
  (dice) =>
    load(dice.many(60, () => (dice.below(3) === 0 ? `${dice.pick(keywords)} ` : dice.pick(pieces))).join("")),
  describe,
);

fuzz(
  "bytes with NUL and invalid UTF-8",
  (dice) => {
    const bytes = Buffer.from(
      dice.many(40, () => (dice.below(2) === 0 ? `${dice.pick(keywords)} ` : dice.pick(pieces))).join(""),
    );
    for (let i = dice.below(8); i > 0 && bytes.length > 0; i--)
      bytes[dice.below(bytes.length)] = dice.pick([0, 0x80, 0xc3, 0xff, 0xed, 0xf4, 10, 34, dice.below(256)]);
    return load(bytes);
  },
  describe,
);

fuzz(
  "long lines",
  (dice) => {
    const length = 1 << (10 + dice.below(11));
    const part = dice.pick([
      "x",
      "x ",
      "$A ",
      "${A}",
      "{ ",
      "} ",
      '"',
      "\\",
      "# ",
      "@x ",
      "~SEQ(i,1,2) ",
      "a,",
      "é",
      " ",
    ]);
    const before = dice.pick([
      "",
      "$A=y\n",
      "$A=\n",
      "$A=${B}\n$B=zz\n",
      "vrrp_instance V {\n",
      "$A= \\\nq \\\nr\n",
    ]);
    const head = dice.pick([
      "",
      "router_id ",
      "$B=",
      "~LST(i,",
      "~SEQ(",
      "include ",
      "@",
      "${",
      "virtual_server ",
    ]);
    return load(
      `${before}${head}${part.repeat(Math.max(1, length / part.length))}${dice.pick(["", "\n", ")\n", "}\n"])}`,
    );
  },
  describe,
);

fuzz("parameters", (dice) => load(dice.many(12, () => parameterLine(dice)).join("\n")), describe);

function parameterLine(dice: Dice): string {
  const name = (): string => dice.pick(["A", "B", "C", "D"]);
  const reference = (): string =>
    dice.pick([`$${name()}`, `\${${name()}}`, `\${${name()}`, "x", " ", "@low", "#", '"', "~LST(D,1,2)"]);
  const value = (): string => dice.many(6, reference).join(dice.pick(["", " "]));
  switch (dice.below(5)) {
    case 0:
      return `$${name()}=${value()} \\\n${value()} \\\n${value()}`;
    case 1:
      return `~SEQ(${name()},1,${dice.below(5)}) ${value()}`;
    case 2:
      return value();
    default:
      return `$${name()}=${value()}`;
  }
}

fuzz(
  "growth of parameters",
  (dice) => {
    const depth = dice.below(30);
    const width = 1 + dice.below(6);
    const several = dice.below(2) === 0;
    let text = `$P0=${"x".repeat(dice.below(50))}\n`;
    for (let i = 1; i <= depth; i++)
      text += several
        ? `$P${i}= \\\n${Array.from({ length: width }, () => `$P${i - 1}`).join(" \\\n")}\n`
        : `$P${i}=${`\${P${i - 1}}`.repeat(width)}\n`;
    return load(`${text}$P${depth}\nend`);
  },
  describe,
);

fuzz(
  "sequences",
  (dice) => {
    const number = (): string =>
      dice.pick([
        "0",
        "1",
        "2",
        "-1",
        "10",
        "300",
        "99999",
        "1000000",
        "9999999999999999999999",
        "0x1f",
        "017",
        "08",
        "",
        "x",
        "${i}",
        "$i",
      ]);
    const sequence = (): string =>
      dice.pick([
        () => `~SEQ(${dice.pick(["i", "j", "k", "$i", ""])},${dice.many(3, number).join(",")})`,
        () => `~SEQx(i,${number()})`,
        () =>
          `~LST(${dice.pick(["i", "{i,j}", "{i", ""])},${dice.many(4, () => dice.pick(["a", "{1,2}", "{", "", " b ", "${j}"])).join(",")})`,
      ])();
    return load(
      dice
        .many(
          4,
          () =>
            `${dice.many(3, sequence).join(" ")} ${dice.pick(["x${i}", "", "$i=1", "@host y", "z {", "}", "include n$i"])}`,
        )
        .join("\n"),
    );
  },
  describe,
);

fuzz(
  "includes",
  (dice) => {
    const names = [
      "m.conf",
      "a.conf",
      "b.conf",
      "d/a.conf",
      "d/b.conf",
      "d/e/a.conf",
      "x",
      "locked.conf",
      "d/exe.conf",
    ];
    const files: Record<string, string> = {};
    const pattern = (): string =>
      dice.pick([
        ...names,
        "*",
        "*.conf",
        "d/*",
        "../*.conf",
        "{a,b}.conf",
        "{a,nope}.conf",
        "../a.conf",
        "d",
        "/dev/zero",
        "nope",
        "[ab].conf",
        "{",
        "**",
        "${_PWD}/a.conf",
      ]);
    const line = (): string =>
      dice.pick([
        () => `include${dice.pick(["", "", "r", "m", "w", "b", "a"])} ${pattern()}`,
        () => `~SEQ(i,1,3) include ${pattern()}`,
        () => "global_defs { include_check +match",
        () => "}",
        () => "$X= \\",
        () => "word",
      ])();
    for (const name of names) if (dice.below(4) > 0) files[name] = dice.many(4, line).join("\n");
    last = JSON.stringify(files);
    return loadConfig("m.conf", treeSystem(files), { seed: 1, allConfig: dice.below(8) === 0 });
  },
  describe,
);

fuzz(
  "deep includes",
  (dice) => {
    const depth = dice.below(200);
    const files: Record<string, string> = {};
    for (let i = 0; i < depth; i++)
      files[i === 0 ? "m.conf" : `f${i}.conf`] =
        `${dice.pick(["", "x {\n", "$A=${A}\n", "@host "])}include f${i + 1}.conf\n${dice.pick(["", "}", "y", `include f${dice.below(depth)}.conf`])}`;
    last = JSON.stringify(files);
    return loadConfig("m.conf", treeSystem(files), { seed: 1 });
  },
  describe,
);

/** Files that are there, one that may not be read, directories, and one that is executable. */
function treeSystem(files: Readonly<Record<string, string>>): ConfigSystem {
  const base = fakeSystem(files);
  const plain = (path: string): string => {
    const parts: string[] = [];
    for (const part of path.split("/"))
      if (part === "..") parts.pop();
      else if (part !== ".") parts.push(part);
    return parts.join("/");
  };
  return {
    ...base,
    readFile: (path) => {
      if (plain(path) === "locked.conf") throw Object.assign(new Error("denied"), { code: "EACCES" });
      return base.readFile(plain(path));
    },
    fileKind: (path) => {
      if (path.startsWith("/dev/")) return "other";
      if (plain(path) === "d/exe.conf") return "executable";
      if (plain(path) in files) return "file";
      return Object.keys(files).some((name) => name.startsWith(`${plain(path)}/`)) ? "directory" : undefined;
    },
    glob: (pattern) => {
      const expression = plain(pattern)
        .replace(/[.+^$(){}|\\]/g, "\\$&")
        .replace(/\*/g, "[^/]*")
        .replace(/\?/g, ".");
      try {
        const matcher = new RegExp(`^${expression}$`);
        return Object.keys(files).filter((name) => matcher.test(name));
      } catch {
        return [];
      }
    },
  };
}
