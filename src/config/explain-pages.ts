/**
 * The page of help of every diagnostic code: what it means, why it hurts, what to write. The words of
 * `keepalived --explain`; when a code is reported, and with which severity, diagnostic.ts says.
 */
import type { DiagnosticCode } from "./diagnostic.ts";
import { lexicalPages } from "./explain-pages-lexical.ts";

export interface Page {
  readonly means: string;
  readonly hurts: string;
  readonly write: string;
}

export const pages: Readonly<Partial<Record<DiagnosticCode, Page>>> = {
  ...lexicalPages,
  // files and characters
  "file-unreadable": {
    means: "The main configuration file does not exist, is a directory, or may not be read by this process.",
    hurts: "Without it there is nothing to run: the daemon ends with status 6, a test with 4.",
    write: "Create the file, correct its permissions, or name another with -f FILE.",
  },
  "include-no-match": {
    means: "No file matches the pattern of an include line.",
    hurts:
      "What the author expects from the missing file - often whole instances - is absent without any other sign.",
    write:
      "Create the file, correct the pattern (relative ones start at the including file), or remove the line.",
  },
  "include-unreadable": {
    means: "A file that an include names cannot be read.",
    hurts: "Its part of the configuration is missing.",
    write: "Give the daemon's user permission to read the file, or exclude it from the pattern.",
  },
  "include-loop": {
    means: "A file includes itself, directly or through others, or includes are nested a hundred deep.",
    hurts: "The inner copy is not read; keepalived would read until its memory ends.",
    write: "Break the circle: move what both files need into a third one.",
  },
  "invalid-utf8": {
    means: "The file holds bytes that are no UTF-8 text.",
    hurts: "It is read byte by byte; names may look different in logs and in tools that expect UTF-8.",
    write: "Save the file as UTF-8.",
  },
  "nul-byte": {
    means: "There is a NUL byte in the text.",
    hurts: "It ends the line for keepalived, what follows is ignored.",
    write: "Remove it; it usually comes from a broken copy or from a file saved as UTF-16.",
  },
  "unmatched-quote": {
    means: "A double quote is opened and not closed on its line.",
    hurts: "The value runs to the end of the line and takes comments and braces with it.",
    write: 'Write the second " on the same line.',
  },
  // structure
  "nesting-too-deep": {
    means: "More blocks are open within each other than any configuration needs.",
    hurts: "The inner ones are ignored.",
    write: "Close the outer blocks first: a } is missing somewhere above.",
  },
  "unknown-keyword": {
    means: "The first word of the line is no keyword of this block.",
    hurts: "The line has no effect: the default counts instead of what was meant.",
    write:
      "Correct the spelling (the message names the nearest keyword), or remove the line. keepalived --keywords lists all of them.",
  },
  "misplaced-keyword": {
    means: "The keyword exists, but in another block.",
    hurts: "It is ignored here. Often a } above it stands one line too early.",
    write: "Move the line into the block that the message names.",
  },
  "unexpected-brace": {
    means: "A { stands behind something that opens no block.",
    hurts:
      "keepalived ignores the {, so that its } closes the block around it and everything behind lands one level too high.",
    write: "Remove both braces, or correct the keyword before the {.",
  },
  "missing-brace": {
    means: "A keyword that opens a block is not followed by {.",
    hurts: "The block is empty, and its contents are read as keywords of the block around it.",
    write: "Write { on the same line or alone on the next one.",
  },
  "unclosed-block": {
    means: "The file ends inside a block.",
    hurts: "All that follows the forgotten } was read as part of the block: instances may have vanished.",
    write: "Write the missing }; the message points at the block that the indentation suggests.",
  },
  "extra-brace": {
    means: "A } closes nothing.",
    hurts: "It shows that a block ended earlier than its author thinks.",
    write: "Remove it, or add the { that it belongs to.",
  },
  // arguments
  "missing-parameter": {
    means: "A keyword stands without the value that it needs.",
    hurts: "keepalived stops reading at this line and ends with status 2, at a start as in a test.",
    write:
      "Write the value behind the keyword. When it begins with # or !, put it in double quotes: these begin comments.",
  },
  "missing-value": {
    means: "A keyword stands without its value.",
    hurts: "The line is ignored.",
    write: "Write the value behind the keyword, or remove the line.",
  },
  "missing-name": {
    means: "A block that needs a name has none.",
    hurts: "The block is ignored with everything in it.",
    write: "Write a name between keyword and {, for example: vrrp_instance VI_1 {",
  },
  "extra-parameter": {
    means: "More words stand behind the keyword than it takes.",
    hurts: "The surplus is ignored, which is often half of a value with blanks in it.",
    write: "Remove the surplus, or put the whole value in double quotes.",
  },
  "extra-block-parameter": {
    means: "Something stands between a block's keyword and its { that does not belong there.",
    hurts: "It is ignored.",
    write: "Move it inside the braces.",
  },
  "deprecated-keyword": {
    means: "The keyword is an old name that still works.",
    hurts: "A later version may drop it, and keepalived's test complains of it.",
    write: "Write the new name that the message gives.",
  },
  "no-effect-yet": {
    means: "The keyword is read and checked, but this version does nothing with it.",
    hurts: "The daemon behaves as if the line were not there.",
    write: "Nothing, when you can do without; keepalived --keywords shows what works.",
  },
  "keyword-repeated": {
    means: "A keyword that counts once is given twice in one block.",
    hurts: "Only one of the two counts, usually the last.",
    write: "Remove one of them.",
  },
  "already-specified": {
    means: "A keyword that counts once is given again, and the first one stays.",
    hurts: "What stands later has no effect.",
    write: "Remove one of them.",
  },
  "number-invalid": {
    means: "The value is not a number.",
    hurts: "The line is ignored, or the default is taken.",
    write: "Write a plain decimal number; units and hexadecimal digits are not understood.",
  },
  "number-out-of-range": {
    means: "The number is too small or too large for the keyword.",
    hurts: "The line is ignored, or the default is taken.",
    write: "Write a number within the range that the message gives.",
  },
  "number-corrected": {
    means: "The number is outside what makes sense and is replaced by the nearest that does.",
    hurts: "The daemon uses another value than the file shows.",
    write: "Write the value that is taken, or the one that you meant.",
  },
  "too-many-decimals": {
    means: "The duration has more than six decimals.",
    hurts: "It is rounded to microseconds.",
    write: "Write at most six decimals.",
  },
  "word-invalid": {
    means: "The value is none of the words that the keyword knows.",
    hurts: "The line is ignored, or the default is taken.",
    write: "Write one of the words that the message lists, with the same capitals.",
  },
  "boolean-invalid": {
    means: "A switch has a value that is neither yes nor no.",
    hurts: "The line is ignored.",
    write: "Write true, on, yes, false, off or no, or nothing at all, which means true.",
  },
  "string-too-long": {
    means: "The text is longer than the field that it goes to.",
    hurts: "What does not fit is cut off.",
    write: "Shorten it.",
  },
  "address-invalid": {
    means: "The text is no IPv4 or IPv6 address.",
    hurts: "The line is ignored: an address that should move does not.",
    write:
      "Write an address; names are not resolved. Letters such as X or <ip> are left over from a template.",
  },
  "address-family": {
    means: "An IPv4 and an IPv6 address meet where both must be of one family.",
    hurts: "The later one is ignored.",
    write:
      "Write an address of the same family; for virtual addresses use a second instance or virtual_ipaddress_excluded.",
  },
  "prefix-invalid": {
    means: "The number behind the slash is no prefix length of this family.",
    hurts: "The address is set as a host route: /32 or /128.",
    write: "Write 0 to 32 for IPv4 and 0 to 128 for IPv6.",
  },
  "not-multicast": {
    means: "The address must be a multicast group.",
    hurts: "The default group stays.",
    write: "Write an address of 224.0.0.0/4 or ff00::/8.",
  },
  "netmask-invalid": {
    means: "The text is neither an IPv4 netmask nor an IPv6 prefix length.",
    hurts: "The line is ignored, and persistence works per host.",
    write: "Write a mask like 255.255.255.0, or 1 to 128.",
  },
  "netmask-family": {
    means: "persistence_granularity is an IPv4 mask for an IPv6 service, or the other way round.",
    hurts: "keepalived would give the kernel a mask of nonsense; here each client address counts for itself.",
    write: "Write 255.255.255.0 and the like for IPv4, a prefix length like 64 for IPv6.",
  },
  "digest-invalid": {
    means: "A digest is the MD5 sum of the page in 32 hexadecimal digits, this is none.",
    hurts: "The line is ignored, so that any contents pass the check.",
    write: "Take the output of genhash, or of curl -s URL | md5sum.",
  },
  "status-code-invalid": {
    means: "This is no HTTP status code or range of them.",
    hurts: "It is left out of the codes that count as success.",
    write: "Write 100 to 599, or a range like 200-299.",
  },
  "empty-list": {
    means: "A list has nothing between its braces.",
    hurts: "It has no effect.",
    write: "Write values between the braces, or remove it.",
  },
  "hex-invalid": {
    means: "The text is no row of hexadecimal digits in pairs.",
    hurts: "The line is ignored.",
    write: "Write pairs of digits such as 48656c6c6f; blanks may stand between them.",
  },
  // addresses of an instance
  "option-unknown": {
    means: "A word behind an address or name is no option of it.",
    hurts: "It is ignored, and often the address that it should have been is missing.",
    write: "Write one address or name a line, then its options.",
  },
  "option-without-value": {
    means: "An option stands at the end of the line without its value.",
    hurts: "The option is ignored.",
    write: "Write its value behind it.",
  },
  "label-too-long": {
    means: "An address label is longer than the 15 characters that Linux takes.",
    hurts: "The address is ignored.",
    write: "Shorten the label.",
  },
  "scope-invalid": {
    means: "The address scope is no known word or number.",
    hurts: "The address is set with global scope.",
    write: "Write global, site, link, host or 0 to 255.",
  },
  // interfaces
  "interface-name-too-long": {
    means: "The interface name is longer than the 15 characters that Linux takes.",
    hurts: "No interface can have it, the line is ignored.",
    write: "Write the name as ip link shows it.",
  },
  "interface-unknown": {
    means: "There is no interface of that name on this machine.",
    hurts: "The daemon does not start, as keepalived does not.",
    write:
      "Write a name that ip link shows, create the interface first, or set dynamic_interfaces in global_defs.",
  },
  "interface-missing": {
    means: "A vrrp_instance has no usable interface line.",
    hurts: "The instance cannot send or receive, and the daemon does not start.",
    write: "Write: interface NAME",
  },
  "interface-loopback": {
    means: "The interface is a loopback, which no other router hears.",
    hurts: "Each router would be the only one it knows, and all of them master.",
    write: "Write the interface towards the other routers; the virtual address may still have dev lo.",
  },
  // vrrp_instance
  "name-duplicate": {
    means: "Two blocks of one kind have the same name.",
    hurts: "The second one is ignored with everything in it.",
    write: "Give it another name.",
  },
  "vrid-missing": {
    means: "A vrrp_instance has no virtual_router_id.",
    hurts: "The routers of a group find each other by that number; without it there is no instance.",
    write:
      "Write: virtual_router_id 51 - the same on all routers of the group, different from other groups on the network.",
  },
  "vrid-duplicate": {
    means: "Two instances have the same virtual_router_id on one interface.",
    hurts: "They answer each other's advertisements and use the same MAC address; the daemon does not start.",
    write: "Give one of them another number, on all its routers.",
  },
  "vip-missing": {
    means: "An instance has no virtual address.",
    hurts: "It elects a master who then does nothing.",
    write: "Write: virtual_ipaddress { 192.0.2.10/24 }",
  },
  "vip-required": {
    means: "An instance of VRRP version 3 has no virtual address.",
    hurts: "The protocol does not allow that, and the daemon does not start.",
    write: "Write: virtual_ipaddress { ADDRESS/LENGTH } or version 2.",
  },
  "vip-excess": {
    means: "There are more virtual addresses than an advertisement can carry.",
    hurts: "The surplus is treated as virtual_ipaddress_excluded.",
    write: "Move it there yourself, so that all routers agree.",
  },
  "vip-duplicate": {
    means: "A virtual address is listed twice, or belongs to two instances.",
    hurts: "When one instance loses mastership it removes the address that the other one needs.",
    write: "Leave it in one place.",
  },
  "advert-int-rounded": {
    means:
      "The protocol cannot carry this interval: version 2 counts whole seconds up to 255, version 3 hundredths up to 40.95 s.",
    hurts:
      "The interval that is used is another one; in version 2 routers with different intervals ignore each other.",
    write: "Write the rounded value, or version 3 for intervals below a second.",
  },
  "auth-truncated": {
    means: "auth_pass has more than eight characters.",
    hurts:
      "Only eight are sent; two passwords that differ later are the same, and other implementations may reject or not reject them.",
    write: "Write exactly what is sent: at most 8 characters, the same on all routers.",
  },
  "auth-no-password": {
    means: "There is an authentication block without auth_pass.",
    hurts: "The block is ignored: advertisements are sent without a password.",
    write: "Write: auth_pass and at most 8 characters, or remove the block.",
  },
  "auth-no-type": {
    means: "There is an authentication block without a valid auth_type.",
    hurts: "The block is ignored: advertisements are sent without a password.",
    write: "Write: auth_type PASS",
  },
  "auth-not-in-version-3": {
    means: "VRRP version 3 has no authentication.",
    hurts: "The block is ignored.",
    write: "Remove it, or write version 2 where all routers speak that.",
  },
  "nopreempt-cleared": {
    means: "nopreempt is given together with state MASTER or with priority 255.",
    hurts: "It is cleared: this router does take over when it comes back.",
    write: "Write state BACKUP on both routers, and let the priority decide who is first.",
  },
  "preempt-delay-cleared": {
    means: "preempt_delay is given together with state MASTER or nopreempt.",
    hurts: "It is cleared.",
    write: "Write state BACKUP, or remove one of the two.",
  },
  "track-own-interface": {
    means: "track_interface names the interface of the instance itself.",
    hurts: "The line is ignored: that interface is always tracked.",
    write: "Remove the line.",
  },
  // scripts
  "script-user-unknown": {
    means:
      "There is no user for scripts: script_user names none that exists, or enable_script_security asks for one.",
    hurts: "The script is not run.",
    write:
      "Create the user keepalived_script, set script_user in global_defs, or name a user behind the script.",
  },
  "user-unknown": {
    means: "The user or group behind a script does not exist on this machine.",
    hurts: "The script is not run.",
    write: "Create it, or name another.",
  },
  "script-missing": {
    means: "The script does not exist, or cannot be found in the search path.",
    hurts: "It is not run: nobody is notified, or the check is dropped.",
    write: "Write the full path of an existing file.",
  },
  "script-not-executable": {
    means: "The file may not be executed by the user that it runs as.",
    hurts: "It is not run.",
    write: "chmod +x FILE, and check the directories above it.",
  },
  "script-path-search": {
    means: "The command has no path and was found by searching.",
    hurts: "Another file of the same name may be found tomorrow.",
    write: "Write the full path.",
  },
  "script-insecure": {
    means: "Somebody other than root may change the script or a directory above it, and it runs as root.",
    hurts:
      "Whoever may change it may do everything on this machine; with enable_script_security it is not run.",
    write:
      "Make root the owner and remove write permission of group and others, up to /, or run it as another user.",
  },
  "script-security-off": {
    means: "Scripts run as root while enable_script_security is not set.",
    hurts: "keepalived's test ends with status 6 for this.",
    write: "Write enable_script_security and script_user in global_defs.",
  },
  // virtual_server
  "virtual-server-duplicate": {
    means: "The same service is defined twice.",
    hurts: "The kernel knows it once: the settings of the first count, real servers of both are used.",
    write: "Merge the two blocks.",
  },
  "real-server-missing": {
    means: "A virtual_server has no usable real_server.",
    hurts: "It is ignored: connections to it are refused or end on this machine.",
    write: "Write: real_server ADDRESS PORT { … }",
  },
  "real-server-duplicate": {
    means: "The same real server is in one service twice.",
    hurts: "The first one counts.",
    write: "Remove one of them; for more load give it a higher weight.",
  },
  "protocol-missing": {
    means: "A virtual_server has no valid protocol.",
    hurts: "It becomes a UDP service.",
    write: "Write: protocol TCP",
  },
  "protocol-ignored": {
    means: "A service by firewall mark has a protocol.",
    hurts: "It is ignored: the mark decides.",
    write: "Remove the line, and put the protocol into the firewall rule.",
  },
  "scheduler-unknown": {
    means: "No IPVS scheduler has that name.",
    hurts: "The default wlc is taken.",
    write:
      "Write one of the names that the message lists; modinfo ip_vs_NAME shows whether the kernel has it.",
  },
  "scheduler-missing": {
    means: "A virtual_server has no valid lvs_sched.",
    hurts: "It gets wlc.",
    write: "Write: lvs_sched wlc",
  },
  "forwarding-unknown": {
    means: "The forwarding method is none of NAT, DR and TUN.",
    hurts: "The line is ignored, NAT is taken.",
    write: "Write NAT, DR or TUN in capitals.",
  },
  "forwarding-missing": {
    means: "A virtual_server has no valid lvs_method.",
    hurts: "It gets NAT, which needs this machine as the gateway of the real servers.",
    write: "Write: lvs_method NAT, DR or TUN",
  },
  "tunnel-invalid": {
    means: "The options behind TUN are not complete or do not fit together.",
    hurts: "They are ignored, plain IPIP is used.",
    write: "Write: lvs_method TUN type ipip, type gue port NUMBER or type gre",
  },
  "port-forced": {
    means: "A real server that is reached by DR or TUN has another port than the service.",
    hurts: "Only NAT can change ports: the service's port is used, and the server listens elsewhere.",
    write: "Write the service's port, or lvs_method NAT.",
  },
  "port-ignored": {
    means: "A real server of a firewall mark has a port.",
    hurts: "Packets with a mark keep their port, unless lvs_method is NAT.",
    write: "Write port 0 or none.",
  },
  "persistence-implied": {
    means: "A service on port 0 takes every port, which the kernel allows with persistence only.",
    hurts: "It gets persistence_timeout 360.",
    write: "Write persistence_timeout yourself, or a port.",
  },
  "one-packet-cleared": {
    means: "ops schedules every UDP packet anew; this service is not UDP.",
    hurts: "The flag is cleared.",
    write: "Remove ops.",
  },
  "quorum-reduced": {
    means: "quorum is greater than the weights of all real servers together.",
    hurts:
      "It could never be reached and becomes their sum, so that the loss of any server loses the quorum.",
    write: "Write a smaller quorum, or correct the weights.",
  },
  "hysteresis-reduced": {
    means: "hysteresis is not below quorum.",
    hurts: "It becomes quorum - 1.",
    write: "Write a number below quorum.",
  },
  "keyword-order": {
    means: "A keyword needs another one before it in the same block.",
    hurts: "It is ignored.",
    write: "Write them in the order that the message gives.",
  },
  "url-missing": {
    means: "An HTTP checker has no usable url.",
    hurts: "The checker is ignored: the server is not checked.",
    write: "Write: url { path / status_code 200 }",
  },
  "path-missing": {
    means: "A url has no path.",
    hurts: "The url is ignored.",
    write: "Write: path /",
  },
  "bind-if-missing": {
    means: "The address is link-local, which means nothing without an interface.",
    hurts: "The checker is ignored.",
    write: "Write: bind_if NAME",
  },
  // traps that keepalived does not see
  "password-comment": {
    means: "A # or ! stands inside a password, where it begins a comment.",
    hurts:
      "The password that is sent ends before it, so that anybody who guesses the beginning is accepted - and the other router may not cut it.",
    write: 'Put the password in double quotes: auth_pass "ab#cd"',
  },
  "quorum-unreachable": {
    means: "A lost quorum comes back at quorum + hysteresis, and the real servers together weigh less.",
    hurts:
      "After the first failure the service stays down, or on its sorry server, with all servers healthy.",
    write: "Write quorum + hysteresis no greater than the sum of the weights.",
  },
  "state-outranked": {
    means: "An instance says state MASTER with a lower priority than one beside it that says BACKUP.",
    hurts: "state is only a wish for the first seconds: the higher priority becomes master.",
    write: "Give the intended master the higher priority.",
  },
  "timeouts-overlong": {
    means: "All attempts of a checker with their pauses take longer than delay_loop.",
    hurts: "A dead server gets connections for that long, although delay_loop promises less.",
    write:
      "Lower retry, connect_timeout or delay_before_retry, so that connect_timeout x (retry + 1) + delay_before_retry x retry is at most delay_loop.",
  },
  "weight-useless": {
    means: "The weight of a tracked script, file, process or interface cannot change who is master here.",
    hurts: "The failure is noticed and nothing happens.",
    write:
      "Write weight 0, so that a failure puts the instance into FAULT, or remove what the message names: priority 255, nopreempt, the sync group without sync_group_tracking_weight.",
  },
  // what instances, groups, trackers and services refer to
  "former-keyword": {
    means: "The keyword is an older way to write what another one says today.",
    hurts: "It still works; new readers of the file do not know it.",
    write: "Write what the message says.",
  },
  "host-invalid": {
    means: "The text is no host name and no address.",
    hurts: "The line is ignored: no mail is sent.",
    write: "Write a host name or an address, and the port behind a blank.",
  },
  "not-link-local": {
    means: "The multicast address is not confined to the link.",
    hurts: "Advertisements may be forwarded to other networks.",
    write: "Write an address of ff02::/16.",
  },
  "iptables-replaced": {
    means: "keepalived was told to use iptables or ipsets; nftables takes their place.",
    hurts: "Rules appear in another table than the author looks at.",
    write: "Write nftables instead of vrrp_iptables and vrrp_ipsets.",
  },
  "value-reset": {
    means: "A keyword further down sets this value back to its default.",
    hurts: "The value that is written here does not count.",
    write: "Exchange the two lines.",
  },
  "path-not-absolute": {
    means: "A path must begin with a slash here.",
    hurts: "The line is ignored, because the daemon changes its directory.",
    write: "Write the full path.",
  },
  "umask-invalid": {
    means: "The text is no file creation mask.",
    hurts: "The default mask stays.",
    write: "Write an octal number up to 0777, or names like IXUSR|IRWXG|IRWXO.",
  },
  "policy-conflict": {
    means: "Receive buffers are to follow the MTU and the size of adverts at the same time.",
    hurts: "Only one rule can hold: the MTU's.",
    write: "Write vrrp_rx_bufs_policy MTU, or ADVERT.",
  },
  "option-invalid": {
    means: "An option word has a value that it cannot have.",
    hurts: "The option is ignored, or the line with it.",
    write: "Write a value that the message lists.",
  },
  "route-invalid": {
    means: "A route does not make sense as it stands.",
    hurts: "It is ignored and not set with the address.",
    write:
      "Correct the part that the message names; ip route add with the same words shows what the kernel thinks.",
  },
  "rule-invalid": {
    means: "A routing rule does not make sense as it stands.",
    hurts: "It is ignored.",
    write: "Correct the part that the message names; a rule has one action and a selector.",
  },
  "rule-no-preference": {
    means: "A routing rule has no preference.",
    hurts: "It gets one that depends on the rules before it, so that its place changes when others do.",
    write: "Write: preference NUMBER",
  },
  "static-address-invalid": {
    means: "A static address has no usable interface.",
    hurts: "It is not set.",
    write: "Write: ADDRESS dev INTERFACE, or default_interface in global_defs.",
  },
  "track-group-unknown": {
    means: "A static entry names a track_group that does not exist.",
    hurts: "The entry is set and its loss affects no instance.",
    write: "Define the track_group before it, or correct the name.",
  },
  "track-unknown": {
    means: "An instance tracks something that is not defined before it.",
    hurts: "Nothing is tracked: a failure is not noticed.",
    write: "Define the script, file, process or BFD instance further up, or correct the name.",
  },
  "track-duplicate": {
    means: "The same thing is tracked twice.",
    hurts: "It counts once, or with two weights.",
    write: "Remove one of the two lines.",
  },
  "track-weight-ignored": {
    means: "A weight does not count: the instance owns its addresses, or its group ignores weights.",
    hurts: "A failure is a fault, or has no effect, instead of changing the priority.",
    write: "Write weight 0 where a fault is meant, a priority below 255, or sync_group_tracking_weight.",
  },
  "track-script-disabled": {
    means: "A tracked script cannot run: it does not exist or may not be executed.",
    hurts: "It is not tracked: what it should watch is not watched.",
    write: "Write the full path of an executable file.",
  },
  "track-object-invalid": {
    means: "A vrrp_script, track_file or vrrp_track_process lacks what it should watch.",
    hurts: "It is ignored, and those that track it watch nothing.",
    write: "Write script, file or process inside the block.",
  },
  "track-unused": {
    means: "A script, file or process is defined and nobody tracks it.",
    hurts: "It is never looked at.",
    write: "Add it to track_script, track_file or track_process of an instance, or remove it.",
  },
  "group-member-unknown": {
    means: "A group names an instance that does not exist.",
    hurts: "The instance changes without the group, or the group has fewer members than meant.",
    write: "Correct the name, or define the instance.",
  },
  "group-member-twice": {
    means: "An instance is in two sync groups.",
    hurts: "It belongs to the first one only.",
    write: "Leave it in one group.",
  },
  "group-empty": {
    means: "A group has no usable members.",
    hurts: "It is ignored with everything that refers to it.",
    write: "Write members that exist between its braces.",
  },
  "server-group-empty": {
    means: "A virtual_server_group or local_address_group has no usable entries.",
    hurts: "It is ignored, and with it every virtual_server that names it.",
    write: "Write addresses, ranges or fwmarks between its braces.",
  },
  "group-ambiguous": {
    means: "A virtual_server_group has addresses of both families and a fwmark without a family.",
    hurts: "Nobody can know which packets the mark stands for; the group and its services are ignored.",
    write: "Write fwmark NUMBER inet, or inet6.",
  },
  "group-family": {
    means: "The real servers of a service are of one family, and its group has only the other.",
    hurts: "The service is ignored.",
    write: "Give the group addresses of the servers' family, or use lvs_method TUN.",
  },
  "group-unknown": {
    means: "Something refers to a group that is not defined.",
    hurts: "It works without the group.",
    write: "Define the group outside of other blocks, or correct the name.",
  },
  "group-address-invalid": {
    means: "A line of a group is no address and no range.",
    hurts: "It is ignored.",
    write: "Write ADDRESS, ADDRESS-LAST or ADDRESS/LENGTH, and a port where it needs one.",
  },
  "group-port": {
    means: "A real server has another port than some entry of its group, and only NAT can change ports.",
    hurts: "For these entries the port does not count: the server must listen on the group's.",
    write: "Give the server the port of the group, or write lvs_method NAT.",
  },
  "group-duplicate": {
    means: "Two groups have the same name.",
    hurts: "The second one is ignored.",
    write: "Give it another name.",
  },
  "group-single": {
    means: "A sync group has one member.",
    hurts: "It has no effect.",
    write: "Add the instances that must change together, or remove the group.",
  },
  "group-mixed": {
    means: "Of a sync group some members own their addresses (priority 255) and others do not.",
    hurts: "They cannot become master at the same time.",
    write: "Give all members one kind of priority.",
  },
  "full-nat-fwmark": {
    means: "FNAT does not work for services by firewall mark.",
    hurts: "The service is ignored.",
    write: "Write a virtual_server with an address, or another forwarding method.",
  },
  "local-addresses-missing": {
    means: "A service with FNAT has no addresses to send from.",
    hurts: "Nothing can be forwarded.",
    write: "Define a local_address_group and write: laddr_group_name NAME",
  },
  "dialect-conflict": {
    means: "Two words of the EulerOS dialect exclude each other.",
    hurts: "One of them does nothing.",
    write: "Remove the one that the message names.",
  },
  "client-network-invalid": {
    means: "The text is no IPv4 address or network of clients.",
    hurts: "The line is ignored: these clients are not allowed or excluded.",
    write: "Write an address, or one with /1 to /32 behind it.",
  },
  "mac-invalid": {
    means: "The text is no MAC address.",
    hurts: "The line is ignored.",
    write: "Write six bytes like 52:54:00:04:0a:0b.",
  },
  "vtep-port-missing": {
    means: "The VXLAN tunnel end has no port.",
    hurts: "The tunnel cannot be set up.",
    write: "Write: vteppaddr ADDRESS 4789",
  },
  "unicast-no-peer": {
    means: "Unicast is configured without a peer.",
    hurts: "Multicast is used instead, which is rarely what was meant and will go away.",
    write: "Write: unicast_peer { ADDRESS }, or unicast_fault_no_peer to stay in FAULT.",
  },
  "setting-cleared": {
    means: "A setting does not fit the others and is taken back.",
    hurts: "The instance works without it.",
    write: "Remove it, or what it conflicts with.",
  },
  "setting-forced": {
    means: "Two settings need a third one, which is set without having been written.",
    hurts: "The file does not show what is in force.",
    write: "Write the third one too.",
  },
  "strict-mode": {
    means: "vrrp_strict holds the instance to the RFC, which does not allow this setting.",
    hurts: "The setting is ignored or changed.",
    write: "Remove the setting, or write strict_mode off in the instance.",
  },
  "strict-unicast": {
    means: "vrrp_strict holds the instance to the RFC, which does not allow unicast here.",
    hurts: "The daemon does not start.",
    write: "Remove unicast_peer, or write strict_mode off in the instance.",
  },
  "state-corrected": {
    means: "The initial state that was written is not possible with the other settings.",
    hurts: "Another one is taken.",
    write: "Write the state that the message names.",
  },
  "vmac-invalid": {
    means: "The MAC address or name of a virtual interface is not usable.",
    hurts: "The default is taken.",
    write: "Write one that the message describes, or none.",
  },
  "vmac-name-taken": {
    means: "Two instances give their virtual interfaces one name.",
    hurts: "The second gets another name.",
    write: "Give each its own name.",
  },
  "ipvlan-no-address": {
    means: "An ipvlan interface needs an address to send from.",
    hurts: "The daemon does not start.",
    write: "Write: use_ipvlan NAME ADDRESS/LENGTH",
  },
  "hmac-key-invalid": {
    means: "A key of auth_hmac has no valid number or value.",
    hurts: "The key is ignored.",
    write: "Write: key NUMBER VALUE, with a number from 1 to 255.",
  },
  "hmac-disabled": {
    means: "auth_hmac has no usable active key.",
    hurts: "Advertisements are not signed.",
    write: "Write: active_key NUMBER, and key NUMBER VALUE for it.",
  },
  "hmac-key-readable": {
    means: "Others may read a file with keys.",
    hurts: "Whoever knows the key can become master.",
    write: "chmod 600 FILE",
  },
  "value-doubtful": {
    means: "The value is allowed, and far from what is usual.",
    hurts: "It may be in another unit than its author thinks.",
    write: "Check the unit that the message names; leave the line when it was meant.",
  },
  "garp-group-empty": {
    means: "A garp_group has no interval or no interfaces.",
    hurts: "It is ignored.",
    write: "Write garp_interval or gna_interval, and interface or interfaces.",
  },
  "garp-group-duplicate": {
    means: "An interface is in two garp_groups.",
    hurts: "It belongs to the first one only.",
    write: "Remove it from one of them.",
  },
  "interface-ignored": {
    means: "An interface that is named in a list does not exist.",
    hurts: "The line is ignored.",
    write: "Create the interface before the daemon starts, or correct the name.",
  },
  "bfd-invalid": {
    means: "A bfd_instance lacks something that it needs, or has a value that it cannot have.",
    hurts: "It is ignored, and those that track it watch nothing.",
    write: "Write what the message says; neighbor_ip is always needed.",
  },
  "reply-length-impossible": {
    means: "No reply is long and short enough at the same time.",
    hurts: "The check fails for ever.",
    write: "Write min_reply_length no greater than max_reply_length.",
  },
  "dns-name-invalid": {
    means: "The DNS name to ask for is not valid.",
    hurts: "The root is asked for instead.",
    write: "Write a name like www.example.org.",
  },
  "script-path-missing": {
    means: "A MISC_CHECK has no command.",
    hurts: "The checker is ignored: the server is not checked.",
    write: "Write: misc_path COMMAND",
  },
  "checker-target-unknown": {
    means: "A checker names no file or BFD instance, or one that is not defined further up.",
    hurts: "The checker is ignored: the server is not checked.",
    write: "Define the track_file or bfd_instance before the virtual_server.",
  },
  "regex-option-unknown": {
    means: "The word is no option of regular expressions.",
    hurts: "It is ignored.",
    write: "Write one of the words that the message lists.",
  },
  "ha-suspend-cleared": {
    means: "ha_suspend waits for an address of this host, and the service has none that could be.",
    hurts: "It is cleared.",
    write: "Remove the line.",
  },
  "sorry-server-inhibit": {
    means: "A server is the sorry server and a real server, and only one of them is to stay with weight 0.",
    hurts: "The kernel has one entry for both, so that both stay.",
    write: "Write sorry_server_inhibit and inhibit_on_failure, or neither.",
  },
  "family-conflict": {
    means: "ip_family says another family than the service has.",
    hurts: "It is ignored.",
    write: "Remove it; addresses say the family themselves.",
  },
  "hashed-ignored": {
    means: "hashed does nothing.",
    hurts: "Connections are scheduled as without it.",
    write: "Remove the line.",
  },
  "scheduler-replaced": {
    means: "The scheduler is not in Linux and another one takes its place.",
    hurts: "Connections are spread by the other one.",
    write: "Write the one that the message names.",
  },
  "ssl-replaced": {
    means: "There are two SSL blocks.",
    hurts: "The second one takes the place of the first.",
    write: "Leave one of them.",
  },
};
