//! In: a client's address and user agent, and the day's salt. Out: a [`Token`] and a [`Network`]. Forgets: both; when the salt is
//! wiped, nobody can make them again.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;

use crate::beacon::{ClientIp, UserAgent};
use crate::memory::{KEY_BYTES, LockedKey};
use crate::site::AddressMode;

/// The random key of one site and day. Not `Clone`, no `Display`; `Debug` prints the name of the type; wiped on drop.
pub struct Salt(LockedKey);

impl Salt {
    /// A salt as `fill` writes it.
    ///
    /// # Errors
    /// That of `fill`.
    pub fn filled<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Salt, E> {
        LockedKey::make(fill).map(Salt)
    }

    /// A salt with these bytes, for tests and for state that is read back.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Salt {
        let Ok(salt) = Salt::filled(|place| {
            place.copy_from_slice(bytes);
            Ok::<_, Infallible>(())
        });
        salt
    }

    /// Lets the journal in memory, and nothing else, read its bytes.
    pub fn with_bytes<T>(&self, read: impl FnOnce(&[u8; KEY_BYTES]) -> T) -> T {
        self.0.with(read)
    }

    fn hash(&self, message: &[u8]) -> blake3::Hash {
        self.0.with(|key| blake3::keyed_hash(key, message))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

/// What stands for a visitor in memory: the first 64 bits of a keyed BLAKE3. No `Display`, no `Serialize`; `Debug` prints
/// the name of the type.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(u64);

impl Token {
    /// A token with these bits, for tests and for state that is read back.
    pub fn from_bits(bits: u64) -> Token {
        Token(bits)
    }

    /// Its bits.
    pub fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// What stands for the network that a hit came from, a /24 or /48: 32 bits of a keyed BLAKE3. It tells whether two hits came from
/// different networks, and nothing else. No `Display`, no `Serialize`; `Debug` prints the name of the type.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(u32);

impl Network {
    /// A network with these bits, for tests and for state that is read back.
    pub const fn from_bits(bits: u32) -> Network {
        Network(bits)
    }

    /// Its bits.
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

/// What the messages of networks begin with.
const NETWORK_WORD: &[u8] = b"network";

/// The network of a sender, or nothing where the site keeps no tokens.
pub fn network_of(salt: &Salt, address: ClientIp, mode: AddressMode) -> Option<Network> {
    if mode == AddressMode::None {
        return None;
    }
    let octets = match network(address, 24, 48) {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    };
    // No message of a token begins with a word.
    let mut message = [0; NETWORK_WORD.len() + 16];
    message[..NETWORK_WORD.len()].copy_from_slice(NETWORK_WORD);
    message[NETWORK_WORD.len()..].copy_from_slice(&octets);
    let hash = salt.hash(&message);
    Some(Network(u32::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default())))
}

/// The token of a sender, or nothing where the site keeps none.
pub fn of(salt: &Salt, address: ClientIp, agent: &UserAgent, mode: AddressMode) -> Option<Token> {
    let address = match mode {
        AddressMode::None => return None,
        AddressMode::Hash => network(address, 32, 64),
        AddressMode::Truncate => network(address, 24, 48),
    };
    let mut message = Vec::with_capacity(2 * 4 + 16 + agent.0.len());
    match address {
        IpAddr::V4(v4) => part(&mut message, &v4.octets()),
        IpAddr::V6(v6) => part(&mut message, &v6.octets()),
    }
    part(&mut message, agent.0.as_bytes());
    let hash = salt.hash(&message);
    let bits = hash.as_bytes().first_chunk().copied().unwrap_or_default();
    Some(Token(u64::from_le_bytes(bits)))
}

/// The address as the site lets later stages see it.
pub fn visible(address: ClientIp, mode: AddressMode) -> IpAddr {
    match mode {
        AddressMode::Truncate => network(address, 24, 48),
        AddressMode::Hash | AddressMode::None => address.0,
    }
}

/// Lengths go before the parts, so that no two senders share their bytes.
fn part(message: &mut Vec<u8>, bytes: &[u8]) {
    message.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    message.extend_from_slice(bytes);
}

/// The networks that an address is in, the largest first: a /16, a /24 and the address alone, of IPv6 a /32, a /48 and a /64.
pub fn networks(address: ClientIp) -> [IpAddr; 3] {
    [(16, 32), (24, 48), (32, 64)].map(|(v4, v6)| network(address, v4, v6))
}

/// The address with all bits behind the prefix cleared.
fn network(address: ClientIp, v4_bits: u32, v6_bits: u32) -> IpAddr {
    match address.0 {
        IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) & u32::MAX.checked_shl(32 - v4_bits).unwrap_or(0)).into()),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & u128::MAX.checked_shl(128 - v6_bits).unwrap_or(0)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(salt: u8, address: &str, agent: &str, mode: AddressMode) -> Option<Token> {
        of(&Salt::from_bytes(&[salt; 32]), ClientIp(address.parse().unwrap()), &UserAgent(agent.into()), mode)
    }

    #[test]
    fn a_token_depends_on_salt_address_and_agent() {
        let one = token(1, "192.0.2.1", "Firefox", AddressMode::Hash);
        assert!(one.is_some());
        assert_eq!(one, token(1, "192.0.2.1", "Firefox", AddressMode::Hash));
        assert_ne!(one, token(2, "192.0.2.1", "Firefox", AddressMode::Hash));
        assert_ne!(one, token(1, "192.0.2.2", "Firefox", AddressMode::Hash));
        assert_ne!(one, token(1, "192.0.2.1", "Chrome", AddressMode::Hash));
    }

    #[test]
    fn each_mode_cuts_the_address_where_it_says() {
        let same = |a, b, mode| token(1, a, "x", mode) == token(1, b, "x", mode);
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", AddressMode::Hash));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1", AddressMode::Hash));
        assert!(same("192.0.2.1", "192.0.2.200", AddressMode::Truncate));
        assert!(!same("192.0.2.1", "192.0.3.1", AddressMode::Truncate));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:3::1", AddressMode::Truncate));
        assert!(!same("2001:db8:1::1", "2001:db8:2::1", AddressMode::Truncate));
        assert_eq!(token(1, "192.0.2.1", "x", AddressMode::None), None);
        assert_eq!(visible(ClientIp("192.0.2.77".parse().unwrap()), AddressMode::Truncate).to_string(), "192.0.2.0");
    }

    #[test]
    fn a_network_is_a_24_or_a_48_under_the_salt_of_the_day() {
        let of = |salt: u8, address: &str, mode| {
            network_of(&Salt::from_bytes(&[salt; 32]), ClientIp(address.parse().unwrap()), mode).map(Network::bits)
        };
        for mode in [AddressMode::Hash, AddressMode::Truncate] {
            let same = |a, b| of(1, a, mode) == of(1, b, mode);
            assert!(same("192.0.2.1", "192.0.2.200") && !same("192.0.2.1", "192.0.3.1"));
            assert!(same("2001:db8:1:2::1", "2001:db8:1:3::1") && !same("2001:db8:1::1", "2001:db8:2::1"));
        }
        assert_ne!(of(1, "192.0.2.1", AddressMode::Hash), of(2, "192.0.2.1", AddressMode::Hash));
        assert_eq!(of(1, "192.0.2.1", AddressMode::None), None);
    }

    #[test]
    fn secrets_print_only_their_type() {
        let debug = format!("{:?} {:?} {:?}", Salt::from_bytes(&[7; 32]), Token(77), Network(77));
        assert_eq!(debug, "Salt Token Network");
    }
}
