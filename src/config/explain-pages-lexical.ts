/** The pages of help of what is wrong below the level of keywords: includes, conditions, parameters, sequences. */
import type { DiagnosticCode } from "./diagnostic.ts";
import type { Page } from "./explain-pages.ts";

export const lexicalPages: Readonly<Partial<Record<DiagnosticCode, Page>>> = {
  "include-failed": {
    means:
      "A strict include (includer, includem, includew, includeb, includea, include_check or --all-config) found no file, or one that cannot be read.",
    hurts: "The daemon does not start: that is what the stricter variant asks for.",
    write:
      "Create the file, correct pattern or permissions, or use plain include where the file is optional.",
  },
  "include-too-many": {
    means: "Files include each other more than 128 deep, or thousands of files are included.",
    hurts: "The rest is not read; keepalived would go on until it has no file descriptors left.",
    write: "Look for a circle behind symbolic links, or for a pattern that matches more than was meant.",
  },
  "line-continuation": {
    means: "A line ends in a backslash outside of a $NAME= definition.",
    hurts: "keepalived joins no lines there: the backslash becomes part of the last word.",
    write: "Put everything on one line and remove the backslash.",
  },
  "condition-without-id": {
    means: "A line begins with @ or @^ and a blank.",
    hurts: "An empty name is never that of a host: the line is always dropped, or with ^ always kept.",
    write: "Write the config-id directly behind it: @NAME TEXT or @^NAME TEXT.",
  },
  "environment-unset": {
    means: `\${_ENV NAME} names an environment variable that is not set.`,
    hurts: "Nothing is put in its place, so that a value is missing.",
    write: "Set the variable where the daemon is started, or write the value.",
  },
  "expansion-too-large": {
    means: "Parameters and sequences make more than 1.5 million lines or 64 million characters.",
    hurts: "The rest is dropped; keepalived would take all memory.",
    write: "Use shorter sequences, or fewer of them within each other.",
  },
  "parameter-invalid": {
    means: "A predefined parameter has arguments that it does not take.",
    hurts: "It stays as it is, or for numbers in the wrong order becomes the first one.",
    write: `Write \${_RANDOM}, \${_RANDOM MIN}, \${_RANDOM MIN MAX}, \${_ENV NAME}, and the others without arguments.`,
  },
  "parameter-not-last": {
    means: "A parameter of several lines is referred to in the middle of a line.",
    hurts: "It is not replaced there, so that its name is read as a word.",
    write: "Make the reference the last thing on its line.",
  },
  "parameter-recursion": {
    means: "The value of a parameter contains the parameter itself, directly or through others.",
    hurts: "It is not replaced; keepalived would never come to an end.",
    write: "Give the inner one another name.",
  },
  "parameter-undefined": {
    means: `\${NAME} stands outside of quotes, and nothing defines it.`,
    hurts: "It stays as it is, and its braces are taken for those of a block.",
    write: "Define it above with $NAME=VALUE, or correct the name.",
  },
  "sequence-invalid": {
    means: "A ~SEQ or ~LST line does not say which values its variable takes, or has a million of them.",
    hurts: "The whole line is dropped.",
    write: "Write ~SEQ(VARIABLE, START, STEP, END) TEXT or ~LST(VARIABLE, VALUE, ...) TEXT.",
  },
};
