//! Which IP addresses are public, according to IANA's special-purpose registries (RFC 6890 and its updates).
//!
//! Also refused: globally reachable ranges without sites, such as anycast relays, and translations and tunnels with an
//! unknown endpoint. An address with an embedded IPv4 address is treated like that one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Refusal;

/// Why an address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    Unspecified,
    Loopback,
    Private,
    LinkLocal,
    /// A cloud's metadata service outside the other ranges.
    Metadata,
    Multicast,
    Broadcast,
    /// For documentation, benchmarks, translation or future use.
    Reserved,
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "metadata",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Reserved => "reserved",
        })
    }
}

pub(super) fn check_public(address: IpAddr) -> Result<(), Refusal> {
    match kind_of(address) {
        None => Ok(()),
        Some(kind) => Err(Refusal::Address { address, kind }),
    }
}

/// `None` for a public address.
fn kind_of(address: IpAddr) -> Option<AddressKind> {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => kind_of_v6(address),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Option<AddressKind> {
    Some(match address.octets() {
        [0, ..] => AddressKind::Unspecified,
        [127, ..] => AddressKind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressKind::Private,
        // Carrier-grade NAT, with the metadata service of one cloud.
        [100, 64..=127, ..] => AddressKind::Private,
        [169, 254, ..] => AddressKind::LinkLocal,
        // Azure's host agent, on a public address.
        [168, 63, 129, 16] => AddressKind::Metadata,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => {
            AddressKind::Reserved
        }
        [224..=239, ..] => AddressKind::Multicast,
        [255, 255, 255, 255] => AddressKind::Broadcast,
        [240..=255, ..] => AddressKind::Reserved,
        _ => return None,
    })
}

fn kind_of_v6(address: Ipv6Addr) -> Option<AddressKind> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        // Mapped, translated, compatible, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => return kind_of_v4(embedded(high, low)),
        [0xfc00..=0xfdff, ..] => AddressKind::Private,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        // Site-local: deprecated, still routed in some networks.
        [0xfec0..=0xfeff, ..] => AddressKind::Private,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        // Protocol assignments: Teredo, benchmarks, anycast relays, identifiers that are not addresses.
        [0x2001, 0..=0x1ff, ..] => AddressKind::Reserved,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Reserved,
        // ISATAP: a tunnel to an IPv4 address, under any prefix.
        [0x2000..=0x3fff, _, _, _, 0 | 0x200, 0x5efe, high, low] => return kind_of_v4(embedded(high, low)),
        [0x2000..=0x3fff, ..] => return None,
        // Not allocated to the internet: discard and dummy prefixes, local translation, segment routing, unallocated.
        _ => AddressKind::Reserved,
    })
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::super::UrlPolicy;
    use super::AddressKind::{Broadcast, LinkLocal, Loopback, Metadata, Multicast, Private, Reserved, Unspecified};
    use super::*;

    /// The kind that the policy finds for the host of a URL.
    fn kind(host: &str) -> Option<AddressKind> {
        let url = format!("http://{host}/").parse().unwrap_or_else(|error| panic!("{host}: {error}"));
        match UrlPolicy::default().check_url(&url) {
            Err(Refusal::Address { kind, .. }) => Some(kind),
            Err(other) => panic!("{host}: {other}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn loopback_is_rejected_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0X7F000001",
            "0x7f.1",
            "0x7F.0x0.0x0.0x1",
            "0177.0.0.1",
            "017700000001",
            "0177.0x0.1",
            "127.255.255.254",
            "%31%32%37.0.0.1",
            "%3127%2e0%2e0%2e1",
            "１２７.0.0.1",
            "①②⑦.0.0.1",
            "127。0。0。1",
            "127．0．0．1",
            "127｡0｡0｡1",
            "127.0.0.1.",
            "0x7f.1.",
            "user:pass@127.0.0.1:8080",
            "[::1]",
            "[::0001]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::FFFF:7F00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:FF9B::127.0.0.1]",
            "[2002:7f00:1::]",
            "[2002:7F00:0001::5]",
            "[::ffff:0:127.0.0.1]",
            "[2001:470::5efe:127.0.0.1]",
            "[2001:470::200:5efe:7f00:1]",
        ] {
            assert_eq!(kind(host), Some(Loopback), "{host}");
        }
    }

    #[test]
    fn addresses_outside_the_public_internet_are_refused_by_kind() {
        for (host, expected) in [
            ("0.0.0.0", Unspecified),
            ("0", Unspecified),
            ("0x0", Unspecified),
            ("0.1.2.3", Unspecified),
            ("[::]", Unspecified),
            ("[::ffff:0.0.0.0]", Unspecified),
            ("10.1.2.3", Private),
            ("0xa010203", Private),
            ("012.1.2.3", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.1.1", Private),
            ("3232235777", Private),
            ("100.64.0.1", Private),
            ("100.100.100.200", Private),
            ("[fd00:ec2::254]", Private),
            ("[FC00::1]", Private),
            ("[fec0::1]", Private),
            ("[64:ff9b::10.0.0.1]", Private),
            ("[2002:a00:1::1]", Private),
            ("[2a00:1450::5efe:192.168.0.1]", Private),
            ("169.254.169.254", LinkLocal),
            ("169.254.43518", LinkLocal),
            ("0xa9fea9fe", LinkLocal),
            ("2852039166", LinkLocal),
            ("0251.0376.0251.0376", LinkLocal),
            ("[fe80::1]", LinkLocal),
            ("[FEBF::1]", LinkLocal),
            ("[::ffff:169.254.169.254]", LinkLocal),
            ("[::ffff:a9fe:a9fe]", LinkLocal),
            ("168.63.129.16", Metadata),
            ("[::ffff:168.63.129.16]", Metadata),
            ("224.0.0.1", Multicast),
            ("239.255.255.250", Multicast),
            ("[ff02::1]", Multicast),
            ("[::ffff:224.0.0.251]", Multicast),
            ("255.255.255.255", Broadcast),
            ("0xffffffff", Broadcast),
            ("[::ffff:255.255.255.255]", Broadcast),
            ("192.0.0.192", Reserved),
            ("192.0.2.1", Reserved),
            ("198.51.100.1", Reserved),
            ("203.0.113.1", Reserved),
            ("192.88.99.1", Reserved),
            ("198.18.0.1", Reserved),
            ("198.19.255.255", Reserved),
            ("240.0.0.1", Reserved),
            ("[2001:db8::1]", Reserved),
            ("[3fff::1]", Reserved),
            ("[2001:0:1::1]", Reserved),
            ("[2001:2::1]", Reserved),
            ("[2001:20::1]", Reserved),
            ("[64:ff9b:1::1]", Reserved),
            ("[100::1]", Reserved),
            ("[100:0:0:1::1]", Reserved),
            ("[5f00::1]", Reserved),
            ("[4000::1]", Reserved),
            ("[1::1]", Reserved),
        ] {
            assert_eq!(kind(host), Some(expected), "{host}");
        }
    }

    #[test]
    fn addresses_next_to_these_ranges_are_public() {
        for host in [
            "1.0.0.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.88.98.1",
            "192.167.0.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "[2606:4700::1]",
            "[2001:200::1]",
            "[2001:470::1]",
            "[2003::1]",
            "[2a00:1450::5efe:8.8.8.8]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::808:808]",
            "[2002:808:808::1]",
        ] {
            assert_eq!(kind(host), None, "{host}");
        }
    }

    #[test]
    fn invalid_hosts_are_not_urls() {
        for host in [
            "[fe80::1%25eth0]",
            "[fe80::1%eth0]",
            "[::ffff:127.0.0.1.]",
            "256.0.0.1",
            "0x100000000",
            "127.0.0.1.1",
            "[v1.x]",
        ] {
            assert!(format!("http://{host}/").parse::<url::Url>().is_err(), "{host}");
        }
    }
}
