/*
 * LD_PRELOAD for the C daemon on a kernel without ip_vs: every netlink call to IPVS succeeds and
 * does nothing, so that the cost of its checkers can be measured natively. The daemon waits for
 * its acknowledgement callback, so that one is remembered and called.
 */
struct nl_sock;
struct nl_msg;
typedef int (*callback)(struct nl_msg *, void *);

enum { CB_ACK = 4, CB_TYPES = 16 };
static callback callbacks[CB_TYPES];
static void *arguments[CB_TYPES];

int genl_connect(struct nl_sock *s) { (void)s; return 0; }
int genl_ctrl_resolve(struct nl_sock *s, const char *name) { (void)s; (void)name; return 33; }
int nl_send_auto(struct nl_sock *s, struct nl_msg *m) { (void)s; (void)m; return 1; }

int nl_socket_modify_cb(struct nl_sock *s, unsigned type, unsigned kind, callback f, void *arg)
{
	(void)s; (void)kind;
	if (type < CB_TYPES) {
		callbacks[type] = f;
		arguments[type] = arg;
	}
	return 0;
}

int nl_recvmsgs_default(struct nl_sock *s)
{
	(void)s;
	if (callbacks[CB_ACK])
		callbacks[CB_ACK](0, arguments[CB_ACK]);
	return 0;
}
