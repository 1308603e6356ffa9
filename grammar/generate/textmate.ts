/** VS Code: a TextMate grammar and the extension's manifest around it. */
import { directives, notice, wordGroups } from "./words.ts";

export function textMate(): readonly (readonly [string, string])[] {
  return [
    ["grammar/vscode/syntaxes/keepalived.tmLanguage.json", json(grammar())],
    ["grammar/vscode/language-configuration.json", json(language)],
    ["grammar/vscode/package.json", json(manifest)],
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const manifest = {
  name: "keepalived-conf",
  displayName: "keepalived.conf",
  description: "Colours for keepalived.conf",
  version: "0.1.0",
  license: "Apache-2.0",
  private: true,
  engines: { vscode: "^1.75.0" },
  contributes: {
    languages: [
      {
        id: "keepalived",
        aliases: ["keepalived.conf"],
        filenames: ["keepalived.conf"],
        filenamePatterns: ["**/keepalived/*.conf"],
        configuration: "./language-configuration.json",
      },
    ],
    grammars: [
      {
        language: "keepalived",
        scopeName: "source.keepalived",
        path: "./syntaxes/keepalived.tmLanguage.json",
      },
    ],
  },
} as const;

const language = {
  comments: { lineComment: "#" },
  brackets: [["{", "}"]],
  autoClosingPairs: [
    { open: "{", close: "}" },
    { open: '"', close: '"' },
  ],
  indentationRules: { increaseIndentPattern: "\\{\\s*([#!].*)?$", decreaseIndentPattern: "^\\s*\\}" },
} as const;

function grammar(): unknown {
  const groups = wordGroups();
  return {
    information_for_contributors: [notice],
    name: "keepalived.conf",
    scopeName: "source.keepalived",
    patterns: [
      { name: "constant.character.escape.keepalived", match: "\\\\[#!]" },
      { name: "comment.line.keepalived", match: "[#!].*$" },
      {
        name: "string.quoted.double.keepalived",
        begin: '"',
        end: '"|$',
        patterns: [{ include: "#parameter" }],
      },
      { name: "keyword.control.conditional.keepalived", match: "^\\s*@\\^?[A-Za-z0-9_-]*" },
      { include: "#parameter" },
      words("keyword.control.include.keepalived", directives),
      words("entity.name.section.keepalived", groups.blocks),
      words("keyword.other.keepalived", groups.keywords),
      words("invalid.deprecated.keepalived", groups.deprecated),
      words("variable.parameter.keepalived", groups.options),
      words("constant.language.keepalived", groups.values),
      {
        name: "constant.numeric.address.keepalived",
        match:
          "\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?:/\\d+)?\\b|(?<![\\w:])[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/\\d+)?",
      },
      { name: "constant.numeric.keepalived", match: "(?<![\\w.-])-?\\d+(?:\\.\\d+)?(?![\\w.-])" },
    ],
    repository: {
      parameter: {
        patterns: [
          { name: "variable.other.keepalived", match: "\\$(?:\\{[^}]*\\}|[A-Za-z_]\\w*)" },
          { name: "variable.other.sequence.keepalived", match: "~(?:SEQx?|LST)\\([^)]*\\)" },
        ],
      },
    },
  };
}

/** Longer words first: an alternative that matches ends the search. */
function words(name: string, list: readonly string[]): unknown {
  const longestFirst = [...list].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return { name, match: `(?<![\\w./-])(?:${longestFirst.join("|")})(?![\\w./-])` };
}
