//! Ranges of addresses, as lists of allowed ones name them (CIDR).
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `203.0.113.0/24`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// All bits of an address, at the left of 128.
fn left(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => address.into(),
    }
}

fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

impl Network {
    /// Whether the address is one of these. A mapped IPv4 address is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && left(address) & mask(self.bits) == left(self.first)
    }

    /// Whether every address of this is one of the other's.
    pub fn within(&self, other: &Self) -> bool {
        self.bits >= other.bits && other.contains(self.first)
    }
}

impl FromStr for Network {
    type Err = ();

    /// Bits to the right of the length are a mistake: which of the two was meant?
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, bits)| (a, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| ())?;
        if first != first.to_canonical() {
            return Err(());
        }
        let most = if first.is_ipv4() { 32 } else { 128 };
        let plain = |bits: &&str| bits.bytes().all(|b| b.is_ascii_digit());
        let bits = match bits {
            None => most,
            Some(bits) => Some(bits).filter(plain).and_then(|bits| bits.parse().ok()).ok_or(())?,
        };
        let made = Self { first, bits };
        if bits <= most && made.contains(first) { Ok(made) } else { Err(()) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn a_network_is_an_address_and_a_length() {
        for (text, read) in [
            ("203.0.113.7", Some("203.0.113.7/32")),
            ("203.0.113.0/24", Some("203.0.113.0/24")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("::/0", Some("::/0")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("203.0.113.7/24", None),
            ("203.0.113.0/33", None),
            ("2001:db8::/129", None),
            ("::ffff:203.0.113.7", None),
            ("203.0.113.0/+8", None),
            ("203.0.113.0/", None),
            ("203.0.113", None),
            ("example.org", None),
            ("", None),
        ] {
            let network = text.parse::<Network>().ok().map(|network| network.to_string());
            assert_eq!(network.as_deref(), read, "{text:?}");
        }
    }

    #[test]
    fn an_address_is_in_a_network_or_not() {
        for (network, address, inside) in [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.0/24", "::ffff:203.0.113.9", true),
            ("0.0.0.0/0", "198.51.100.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "198.51.100.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network} {address}");
        }
        let network = |text: &str| text.parse::<Network>().unwrap();
        assert!(network("203.0.113.128/25").within(&network("203.0.113.0/24")));
        assert!(!network("203.0.113.0/24").within(&network("203.0.113.128/25")));
        assert!(!network("203.0.113.0/24").within(&network("::/0")));
    }
}
