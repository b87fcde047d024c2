//! Functions of IP addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Function, args, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::types::Type;
use crate::kql::value::Value;

const TEXTS: &[Type] = &[Type::String; 2];
const TWO_AND_PREFIX: &[Type] = &[Type::String, Type::String, Type::Long];

/// The functions of this area.
pub const FUNCTIONS: &[Function] =
    &[
        plain("parse_ipv4", "parse_ipv4(address)", (1, 1), |_| {
            row(TEXTS, Type::Long, |values| {
                let network = ipv4(args::text(values, 0));
                args::of_long(network.map(|(address, bits)| i64::from(address & mask4(bits))))
            })
        }),
        plain(
            "parse_ipv4_mask",
            "parse_ipv4_mask(address, prefix)",
            (2, 2),
            |_| {
                row(&[Type::String, Type::Long], Type::Long, |values| {
                    let network = ipv4(args::text(values, 0));
                    let prefix = prefix(values, 1, 32);
                    args::of_long(network.zip(prefix).map(|((address, bits), prefix)| {
                        i64::from(address & mask4(bits.min(prefix)))
                    }))
                })
            },
        ),
        plain(
            "format_ipv4",
            "format_ipv4(address, prefix)",
            (1, 2),
            |_| {
                row(&[Type::String, Type::Long], Type::String, |values| {
                    args::string(format_ipv4(values, false))
                })
            },
        ),
        plain(
            "format_ipv4_mask",
            "format_ipv4_mask(address, prefix)",
            (1, 2),
            |_| {
                row(&[Type::String, Type::Long], Type::String, |values| {
                    args::string(format_ipv4(values, true))
                })
            },
        ),
        plain(
            "ipv4_compare",
            "ipv4_compare(address, address, prefix)",
            (2, 3),
            |_| {
                row(TWO_AND_PREFIX, Type::Long, |values| {
                    args::of_long(compare4(values).map(|order| order as i64))
                })
            },
        ),
        plain(
            "ipv4_is_match",
            "ipv4_is_match(address, address, prefix)",
            (2, 3),
            |_| {
                row(TWO_AND_PREFIX, Type::Bool, |values| {
                    args::of_bool(compare4(values).map(std::cmp::Ordering::is_eq))
                })
            },
        ),
        plain(
            "ipv4_range_to_cidr_list",
            "ipv4_range_to_cidr_list(first, last)",
            (2, 2),
            |_| {
                row(TEXTS, Type::Dynamic, |values| {
                    let first = ipv4(args::text(values, 0));
                    match first.zip(ipv4(args::text(values, 1))) {
                        Some(((first, _), (last, _))) if first <= last => {
                            args::strings(networks(first, last))
                        }
                        _ => Value::Null,
                    }
                })
            },
        ),
        plain(
            "ipv4_is_in_range",
            "ipv4_is_in_range(address, range)",
            (2, 2),
            |_| {
                row(TEXTS, Type::Bool, |values| {
                    args::of_bool(in_range4(args::text(values, 0), args::text(values, 1)))
                })
            },
        ),
        plain(
            "ipv4_is_in_any_range",
            "ipv4_is_in_any_range(address, range, …)",
            (2, 64),
            |_| {
                row(&ANY_RANGE, Type::Bool, |values| {
                    in_any_range(values, in_range4)
                })
            },
        ),
        plain(
            "ipv4_netmask_suffix",
            "ipv4_netmask_suffix(address)",
            (1, 1),
            |_| {
                row(TEXTS, Type::Long, |values| {
                    args::of_long(ipv4(args::text(values, 0)).map(|(_, bits)| i64::from(bits)))
                })
            },
        ),
        plain(
            "ipv4_is_private",
            "ipv4_is_private(address)",
            (1, 1),
            |_| {
                row(TEXTS, Type::Bool, |values| {
                    let network = ipv4(args::text(values, 0));
                    args::of_bool(network.map(|(address, bits)| {
                        [(0x0A00_0000, 8), (0xAC10_0000, 12), (0xC0A8_0000, 16)]
                            .iter()
                            .any(|(private, width)| {
                                bits >= *width && address & mask4(*width) == *private
                            })
                    }))
                })
            },
        ),
        plain("parse_ipv6", "parse_ipv6(address)", (1, 1), |_| {
            row(TEXTS, Type::String, |values| {
                let network = ipv6(args::text(values, 0));
                args::string(network.map_or(String::new(), |(address, bits)| {
                    full_ipv6(address & mask6(bits))
                }))
            })
        }),
        plain(
            "ipv6_compare",
            "ipv6_compare(address, address, prefix)",
            (2, 3),
            |_| {
                row(TWO_AND_PREFIX, Type::Long, |values| {
                    args::of_long(compare6(values).map(|order| order as i64))
                })
            },
        ),
        plain(
            "ipv6_is_match",
            "ipv6_is_match(address, address, prefix)",
            (2, 3),
            |_| {
                row(TWO_AND_PREFIX, Type::Bool, |values| {
                    args::of_bool(compare6(values).map(std::cmp::Ordering::is_eq))
                })
            },
        ),
        plain(
            "ipv6_is_in_range",
            "ipv6_is_in_range(address, range)",
            (2, 2),
            |_| {
                row(TEXTS, Type::Bool, |values| {
                    args::of_bool(in_range6(args::text(values, 0), args::text(values, 1)))
                })
            },
        ),
        plain(
            "ipv6_is_in_any_range",
            "ipv6_is_in_any_range(address, range, …)",
            (2, 64),
            |_| {
                row(&ANY_RANGE, Type::Bool, |values| {
                    in_any_range(values, in_range6)
                })
            },
        ),
        Function {
            aliases: &["has_any_ipv4"],
            ..plain("has_ipv4", "has_ipv4(text, address, …)", (2, 64), |_| {
                row(&ANY_RANGE, Type::Bool, |values| has_any_ipv4(values, false))
            })
        },
        Function {
            aliases: &["has_any_ipv4_prefix"],
            ..plain(
                "has_ipv4_prefix",
                "has_ipv4_prefix(text, prefix, …)",
                (2, 64),
                |_| row(&ANY_RANGE, Type::Bool, |values| has_any_ipv4(values, true)),
            )
        },
        plain(
            "parse_ipv6_mask",
            "parse_ipv6_mask(address, prefix)",
            (2, 2),
            |_| {
                row(&[Type::String, Type::Long], Type::String, |values| {
                    let network = ipv6(args::text(values, 0)).zip(prefix(values, 1, 128));
                    args::string(network.map_or(String::new(), |((address, bits), prefix)| {
                        full_ipv6(address & mask6(bits.min(prefix)))
                    }))
                })
            },
        ),
    ];

/// An address, then ranges: texts, or one list of texts.
const ANY_RANGE: [Type; 64] = {
    let mut types = [Type::Dynamic; 64];
    types[0] = Type::String;
    types
};

fn mask4(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0)
}

fn mask6(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0)
}

/// `10.1.2.3` or `10.1.2.0/24`: the address and how many bits of it count.
fn ipv4(text: &str) -> Option<(u32, u32)> {
    let (address, bits) = network(text, 32)?;
    Some((address.parse::<Ipv4Addr>().ok()?.into(), bits))
}

/// An IPv6 address, or an IPv4 one mapped into it.
fn ipv6(text: &str) -> Option<(u128, u32)> {
    if let Some((address, bits)) = ipv4(text) {
        return Some((Ipv4Addr::from(address).to_ipv6_mapped().into(), bits + 96));
    }
    let (address, bits) = network(text, 128)?;
    Some((address.parse::<Ipv6Addr>().ok()?.into(), bits))
}

fn network(text: &str, width: u32) -> Option<(&str, u32)> {
    let text = text.trim();
    match text.split_once('/') {
        Some((address, bits)) => {
            let bits = bits.parse().ok().filter(|bits| *bits <= width)?;
            Some((address, bits))
        }
        None => Some((text, width)),
    }
}

/// The number of bits at `index`; `width` where it is left out.
fn prefix(values: &[Value], index: usize, width: u32) -> Option<u32> {
    if values.get(index).is_none() {
        return Some(width);
    }
    u32::try_from(args::long(values, index)?)
        .ok()
        .filter(|bits| *bits <= width)
}

fn compare4(values: &[Value]) -> Option<std::cmp::Ordering> {
    let (left, left_bits) = ipv4(args::text(values, 0))?;
    let (right, right_bits) = ipv4(args::text(values, 1))?;
    let mask = mask4(prefix(values, 2, 32)?.min(left_bits).min(right_bits));
    Some((left & mask).cmp(&(right & mask)))
}

fn compare6(values: &[Value]) -> Option<std::cmp::Ordering> {
    let (left, left_bits) = ipv6(args::text(values, 0))?;
    let (right, right_bits) = ipv6(args::text(values, 1))?;
    let mask = mask6(prefix(values, 2, 128)?.min(left_bits).min(right_bits));
    Some((left & mask).cmp(&(right & mask)))
}

fn in_range4(address: &str, range: &str) -> Option<bool> {
    let (address, address_bits) = ipv4(address)?;
    let (range, bits) = ipv4(range)?;
    let mask = mask4(bits.min(address_bits));
    Some(address & mask == range & mask)
}

fn in_range6(address: &str, range: &str) -> Option<bool> {
    let (address, address_bits) = ipv6(address)?;
    let (range, bits) = ipv6(range)?;
    let mask = mask6(bits.min(address_bits));
    Some(address & mask == range & mask)
}

fn in_any_range(values: &[Value], in_range: fn(&str, &str) -> Option<bool>) -> Value {
    let address = args::text(values, 0);
    if in_range(address, address).is_none() {
        return Value::Null;
    }
    Value::Bool(rest(values).any(|range| in_range(address, range) == Some(true)))
}

/// The fewest networks that are together the addresses from `first` to `last`.
fn networks(first: u32, last: u32) -> Vec<String> {
    let (mut from, end) = (u64::from(first), u64::from(last) + 1);
    let mut found = Vec::new();
    while from < end {
        let aligned = from.trailing_zeros().min(32);
        let bits = aligned.min((end - from).ilog2());
        found.push(format!("{}/{}", Ipv4Addr::from(from as u32), 32 - bits));
        from += 1_u64 << bits;
    }
    found
}

fn has_any_ipv4(values: &[Value], prefix: bool) -> Value {
    let text = args::text(values, 0);
    Value::Bool(rest(values).any(|address| has_ipv4(text, address, prefix)))
}

/// The texts that follow the first argument, each for itself or in lists.
fn rest(values: &[Value]) -> impl Iterator<Item = &str> {
    (1..values.len())
        .flat_map(|index| match args::dynamic(values, index) {
            Dynamic::Array(items) => items,
            other => std::slice::from_ref(other),
        })
        .filter_map(|item| match item {
            Dynamic::String(text) => Some(&**text),
            _ => None,
        })
}

/// An address as a number or as text, cut to its prefix; "" where it is none.
fn format_ipv4(values: &[Value], with_mask: bool) -> String {
    let text = args::text(values, 0);
    let network = ipv4(text).or_else(|| Some((text.trim().parse::<u32>().ok()?, 32)));
    let Some(((address, bits), prefix)) = network.zip(prefix(values, 1, 32)) else {
        return String::new();
    };
    let bits = bits.min(prefix);
    let address = Ipv4Addr::from(address & mask4(bits));
    if with_mask {
        format!("{address}/{bits}")
    } else {
        address.to_string()
    }
}

fn full_ipv6(address: u128) -> String {
    Ipv6Addr::from(address)
        .segments()
        .map(|segment| format!("{segment:04x}"))
        .join(":")
}

/// Whether an address stands in a text with no digit or letter beside it.
fn has_ipv4(text: &str, address: &str, prefix: bool) -> bool {
    if address.is_empty() || (!prefix && ipv4(address).is_none()) {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.parse::<Ipv4Addr>().is_ok())
        .any(|word| {
            if prefix {
                word.strip_prefix(address).is_some_and(|rest| {
                    address.ends_with('.') || rest.is_empty() || rest.starts_with('.')
                })
            } else {
                word == address
            }
        })
}
