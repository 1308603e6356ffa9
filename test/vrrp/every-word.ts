/** An instance with every option word of addresses, routes and rules that a kernel can be asked for. */
export const everyWord: string = `
vrrp_instance V4 {
 interface eth0
 virtual_router_id 51
 priority 200
 promote_secondaries
 virtual_ipaddress {
   10.9.0.100/24
   10.9.0.5 peer 10.9.0.6
   10.9.0.7/32 dev eth0 scope host
   10.9.0.8/32 noprefixroute
   10.9.0.9/25 noprefixroute brd 10.9.0.127
   10.9.0.10/24 brd -
   10.9.0.11/24 label eth0:vip
 }
 virtual_ipaddress_excluded {
   2001:db8::1/64 -nodad
   2001:db8::2/64 noprefixroute
   2001:db8::3/64 home
   2001:db8::4/64 mngtmpaddr
   2001:db8::5/128
   2001:db8::6/64 preferred_lft 100000
   10.9.0.200/32 preferred_lft 0
 }
 virtual_routes {
   10.81.0.0/24 dev eth0 scope link metric 5 window 1000 reordering 4 cwnd 9 ssthresh 7 hoplimit 9 initcwnd 20 initrwnd 21 quickack 1 features ecn congctl reno advmss 1200 mtu 1300
   10.81.1.0/24 dev eth0 mtu lock 1301 hoplimit 9 advmss lock 1201
   10.82.0.0/24 nexthop via 10.9.0.18 weight 2 nexthop via 10.9.0.19 dev eth0 weight 3 onlink
   unreachable 10.83.0.0/24
   prohibit 10.84.0.0/24
   throw 10.85.0.0/24
   blackhole 10.86.0.0/24 metric 7
   10.87.0.0/24 via 10.9.0.18 tos 0x10
   10.88.0.0/24 via 10.9.0.18 table 1000
   10.89.0.0/24 via 10.9.0.18 realms 3/4
   10.90.0.0/24 via 10.9.0.18 protocol 40 no_track
   10.91.0.0/24 via 10.9.0.19 append
   10.91.0.0/24 via 10.9.0.18 append
   10.91.0.0/24 via 10.9.0.17 prepend
   10.92.0.0/24 dev eth0 encap ip id 7 dst 10.9.0.33 src 10.9.0.1 tos 4 ttl 9
   10.93.0.0/24 via 172.16.0.1 dev eth0 onlink
   local 10.94.0.1/32 dev eth0
   broadcast 10.95.0.255/32 dev eth0
   10.96.0.0/24 dev eth0 rtt 300 rttvar 250 rto_min 210
   2001:db8:80::/48 via 2001:db8::77 dev eth0
   2001:db8:81::/48 dev eth0 metric 20 pref high expires 3600
   2001:db8:82::/48 nexthop via 2001:db8::77 dev eth0 weight 4 nexthop via 2001:db8::78 dev eth0 weight 5
   2001:db8:83::/48 via 2001:db8::77 dev eth0 mtu 1280 hoplimit 3
   unreachable 2001:db8:84::/48
   2001:db8:85::/48 dev eth0 encap ip6 id 9 dst 2001:db8::99 src 2001:db8::1 tc 4 hoplimit 6
   2001:db8:86::/48 from 2001:db8:87::/48 dev eth0 table 200
   default via 10.9.0.254 table 300
   default6 via 2001:db8::77 dev eth0 table 300
 }
 virtual_rules {
   from 10.80.0.0/24 table 100 priority 1000
   to 10.81.0.0/24 fwmark 0x10/0xff table 100 priority 1001
   iif eth0 prohibit priority 1002
   not from 10.80.0.0/24 oif eth0 table 1000 priority 1003
   from 10.80.0.0/24 goto 2000 priority 1004
   from 10.80.0.0/24 nop priority 1005
   from 10.80.0.0/24 blackhole priority 1006
   from 10.80.0.0/24 unreachable priority 1007
   from 10.80.0.0/24 tos 0x10 table 100 priority 1008
   from 10.80.0.0/24 table 100 realms 3/4 priority 1009
   from 10.80.0.0/24 table 100 suppress_prefixlength 8 suppress_ifgroup 3 priority 1010
   from 10.80.0.0/24 table 100 tunnel-id 77 priority 1011
   uidrange 5-50 table 100 priority 1012
   ipproto tcp sport 5-50 dport 80-90 table 100 priority 1013
   l3mdev priority 1014
   from 10.80.0.0/24 table 100 protocol 40 no_track priority 1015
   from 2001:db8::/48 table 100 priority 1000
   to 2001:db8::/48 iif eth0 table 200 priority 1002
   from 10.80.0.0/24 fwmark 9 table 100 priority 2000
 }
}
`;
