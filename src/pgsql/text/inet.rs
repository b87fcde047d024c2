//! Addresses: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::1`.

use std::fmt;
use std::net::IpAddr;

use super::super::error::Error;
use super::super::value::Type;

/// An address with the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inet {
    /// The address.
    pub address: IpAddr,
    /// Bits of the network.
    pub prefix: u32,
}

impl Inet {
    /// Bits of an address of its family.
    pub const fn width(&self) -> u32 {
        match self.address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        }
    }

    /// The address, its first bit at the top.
    pub fn bits(&self) -> u128 {
        match self.address {
            IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
            IpAddr::V6(address) => address.to_bits(),
        }
    }

    /// The first bits of the address.
    pub fn network(&self, prefix: u32) -> u128 {
        self.bits().checked_shr(128 - prefix).unwrap_or_default()
    }

    /// True when `other` lies in this network or is the same.
    pub fn contains(&self, other: &Self) -> bool {
        self.width() == other.width()
            && other.prefix >= self.prefix
            && self.network(self.prefix) == other.network(self.prefix)
    }

    /// What addresses are ordered by: family, common network, prefix, address.
    pub fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let common = self.prefix.min(other.prefix);
        self.width()
            .cmp(&other.width())
            .then_with(|| self.network(common).cmp(&other.network(common)))
            .then_with(|| self.prefix.cmp(&other.prefix))
            .then_with(|| self.bits().cmp(&other.bits()))
    }
}

impl fmt::Display for Inet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.address)?;
        if self.prefix == self.width() {
            return Ok(());
        }
        write!(formatter, "/{}", self.prefix)
    }
}

/// Reads an address.
pub fn parse(text: &str) -> Result<Inet, Error> {
    let invalid = || super::invalid(&Type::Inet, text);
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| invalid())?;
    let mut inet = Inet { address, prefix: 0 };
    inet.prefix = match prefix {
        None => inet.width(),
        Some(prefix) if !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
            prefix.parse().map_err(|_| invalid())?
        }
        Some(_) => return Err(invalid()),
    };
    if inet.prefix > inet.width() {
        return Err(invalid());
    }
    Ok(inet)
}
