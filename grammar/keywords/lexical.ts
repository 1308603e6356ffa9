/**
 * What lies below keywords: includes, conditions, parameters, sequences, comments, quotes and the forms
 * that values take. For the reference and for help; the lexer has them in code.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language is written like this

export interface LexicalRow {
  /** as it is written */
  readonly form: string;
  readonly help: string;
  /** lines that may stand in a file, separated by \n */
  readonly example: string;
}

const strictly = "as include, but";

export const lexicalRows: readonly LexicalRow[] = [
  {
    form: "include PATTERN",
    help: "reads the files that match here, relative to this file; missing ones, directories, executables and unreadable ones are passed over",
    example: "include conf.d/*.conf",
  },
  {
    form: "includer PATTERN",
    help: `${strictly} a match that cannot be read fails`,
    example: "includer {web,mail}.conf",
  },
  {
    form: "includem PATTERN",
    help: `${strictly} also a name without wildcards that matches nothing fails`,
    example: "includem web.conf",
  },
  {
    form: "includew PATTERN",
    help: `${strictly} also a pattern with wildcards that matches nothing fails`,
    example: "includew conf.d/*.conf",
  },
  {
    form: "includeb PATTERN",
    help: `${strictly} each name in braces must exist`,
    example: "includeb {web,mail}.conf",
  },
  {
    form: "includea PATTERN",
    help: `${strictly} with all these checks; --all-config makes every include so`,
    example: "includea web.conf",
  },
  {
    form: "@ID TEXT",
    help: "keeps the text only on the host whose config-id (-i, or the host name up to its first dot) is ID",
    example: "@lb1 include web.conf",
  },
  {
    form: "@^ID TEXT",
    help: "keeps the text on every host but that one",
    example: "@^lb1 include mail.conf",
  },
  {
    form: "$NAME=VALUE",
    help: "defines a parameter; the value is put in where it is used, and may refer to others",
    example: "$IF=eth0",
  },
  {
    form: "$NAME=VALUE \\",
    help: "defines a parameter of several lines, each but the last with a backslash at its end; a comment hides the backslash",
    example: "$PAIR= \\\n192.0.2.1 \\\n192.0.2.2",
  },
  {
    form: "$NAME",
    help: "the value of a parameter, before a blank, a ) or the end of the line; what is not defined stays",
    example: "$F=web.conf\ninclude $F",
  },
  {
    form: "${NAME}",
    help: "the same anywhere in a line, also in quotes",
    example: "$F=web\ninclude ${F}.conf",
  },
  { form: "${_PWD}", help: "the directory of this file", example: "include ${_PWD}/web.conf" },
  { form: "${_INSTANCE}", help: "the config-id", example: 'global_defs { router_id "${_INSTANCE}" }' },
  {
    form: "${_RANDOM [MIN [MAX]]}",
    help: "a number from MIN (0) to MAX (32767); random_seed makes it the same each time",
    example: 'global_defs { router_id "lb${_RANDOM 1 9}" }',
  },
  {
    form: "${_ENV NAME}",
    help: "a variable of the environment",
    example: 'global_defs { router_id "${_ENV ROLE}" }',
  },
  {
    form: "${_HASH}",
    help: "a #; outside of quotes it begins a comment",
    example: 'global_defs { router_id "lb ${_HASH}1" }',
  },
  {
    form: "${_BANG}",
    help: "a !; outside of quotes it begins a comment",
    example: 'global_defs { router_id "lb${_BANG}" }',
  },
  {
    form: "~SEQ(VARIABLE, [START, [STEP,]] END) TEXT",
    help: "repeats the text with $VARIABLE from START (1 or -1) to END; in further sequences, too",
    example: "~SEQ(i, 1, 2) include web${i}.conf",
  },
  {
    form: "~SEQx(VARIABLE, [START, [STEP,]] END) TEXT",
    help: "the same with hexadecimal digits, from 0 on",
    example: "~SEQx(i, 9, 0xa) include web${i}.conf",
  },
  {
    form: "~LST(VARIABLE, VALUE, …) TEXT",
    help: "repeats the text with $VARIABLE for each value",
    example: "~LST(f, web, mail) include ${f}.conf",
  },
  {
    form: "~LST({VARIABLE, …}, {VALUE, …}, …) TEXT",
    help: "repeats the text with several variables at a time; missing values are empty",
    example: "~LST({d, f}, {a, web}, {b}) include ${d}/${f}.conf",
  },
  {
    form: "# COMMENT",
    help: "a comment to the end of the line, outside of double quotes; \\# is a #",
    example: "# both directors",
  },
  { form: "! COMMENT", help: "the same; \\! is a !", example: "! both directors" },
  {
    form: "\\",
    help: "at the end of a line joins the next one to a definition; nowhere else",
    example: "$A= \\\nb \\\nc",
  },
  {
    form: '"TEXT"',
    help: "one word with blanks, braces and # in it; closed on its line; splits from what stands beside it",
    example: 'global_defs { router_id "lb 1 {a}" }',
  },
  {
    form: "SCRIPT and regex words",
    help: "with \" and ' and \\a \\b \\E \\f \\n \\r \\t \\v \\NNN \\xHH \\cX, else \\ takes the next character as it is; a command is read so twice",
    example: "global_defs { startup_script '/bin/true \"a b\"' }",
  },
  {
    form: "{ }",
    help: "begin and end a block; split a line wherever they stand outside of double quotes",
    example: "global_defs\n{ router_id lb1 }",
  },
  {
    form: "BOOL",
    help: "true, on, yes or false, off, no, in small letters; the keyword alone means true",
    example: "global_defs { vrrp_skip_check_adv_addr off }",
  },
  {
    form: "TIMER",
    help: "seconds with up to six decimals; more are rounded",
    example: "global_defs { vrrp_garp_interval 0.001 }",
  },
  {
    form: "HEXSTR",
    help: "hexadecimal digits in pairs, one alone before a blank; x for any digit in require_reply",
    example:
      "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind NAT\nreal_server 192.0.2.2 53 { UDP_CHECK { payload 00ff1\n} } }",
  },
  {
    form: "SCRIPT [USER [GROUP]]",
    help: "a command, quoted when it has arguments, and who runs it; : or :GROUP adds the user's other groups",
    example: 'global_defs { startup_script "/bin/true x" root :root }',
  },
];
