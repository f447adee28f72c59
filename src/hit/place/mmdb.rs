//! Writes the bytes of an MMDB file, for tests.
//!
//! After MaxMind's description of the format, version 2.0: a binary tree of 24-bit records over IPv6 addresses (IPv4 below
//! `::/96`), sixteen zero bytes, the data, a marker, the metadata.

use std::net::IpAddr;

/// What a record can hold here.
#[derive(Clone)]
pub enum Value {
    /// A text.
    Text(&'static str),
    /// Keys and values.
    Map(Vec<(&'static str, Value)>),
    /// Values in order.
    List(Vec<Value>),
    /// A number: type, bytes.
    Number(u8, u32),
}

use Value::{List, Map, Number, Text};

/// A place in the tree: nothing yet, another node, or the data at this offset.
#[derive(Clone, Copy)]
enum Slot {
    Empty,
    Node(usize),
    Data(usize),
}

/// A database of these networks, each as `address/bits`.
pub fn write(networks: &[(&str, Value)]) -> Vec<u8> {
    let mut nodes = vec![[Slot::Empty; 2]];
    let mut data = Vec::new();
    for (network, value) in networks {
        let (address, bits) = network.split_once('/').unwrap();
        insert(&mut nodes, address.parse().unwrap(), bits.parse().unwrap(), Slot::Data(data.len()));
        encode(value, &mut data);
    }
    let mut file = Vec::new();
    for slot in nodes.iter().flatten() {
        let number = match slot {
            Slot::Empty => nodes.len(),
            Slot::Node(node) => *node,
            Slot::Data(offset) => nodes.len() + 16 + offset,
        };
        file.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.append(&mut data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    encode(&metadata(nodes.len()), &mut file);
    file
}

fn insert(nodes: &mut Vec<[Slot; 2]>, address: IpAddr, bits: u32, data: Slot) {
    let (address, bits) = match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), bits + 96),
        IpAddr::V6(v6) => (u128::from(v6), bits),
    };
    let mut node = 0;
    for depth in 0..bits {
        let side = usize::from(address >> (127 - depth) & 1 == 1);
        if depth + 1 == bits {
            nodes[node][side] = data;
            return;
        }
        node = match nodes[node][side] {
            Slot::Node(next) => next,
            _ => {
                nodes.push([Slot::Empty; 2]);
                let next = nodes.len() - 1;
                nodes[node][side] = Slot::Node(next);
                next
            }
        };
    }
}

fn metadata(nodes: usize) -> Value {
    const U16: u8 = 5;
    const U32: u8 = 6;
    const U64: u8 = 9;
    Map(vec![
        ("binary_format_major_version", Number(U16, 2)),
        ("binary_format_minor_version", Number(U16, 0)),
        ("build_epoch", Number(U64, 0)),
        ("database_type", Text("headcount-test")),
        ("description", Map(vec![("en", Text("made for a test"))])),
        ("ip_version", Number(U16, 6)),
        ("languages", List(vec![Text("en")])),
        ("node_count", Number(U32, u32::try_from(nodes).unwrap())),
        ("record_size", Number(U16, 24)),
    ])
}

/// Types above 7 stand in a byte of their own; nothing here is longer than 284 bytes or elements.
fn head(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (short, long) = if size < 29 { (size, None) } else { (29, Some(size - 29)) };
    let short = u8::try_from(short).unwrap();
    if kind > 7 {
        out.extend_from_slice(&[short, kind - 7]);
    } else {
        out.push(kind << 5 | short);
    }
    out.extend(long.map(|long| u8::try_from(long).unwrap()));
}

fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Text(text) => {
            head(2, text.len(), out);
            out.extend_from_slice(text.as_bytes());
        }
        Map(pairs) => {
            head(7, pairs.len(), out);
            for (key, value) in pairs {
                encode(&Text(key), out);
                encode(value, out);
            }
        }
        List(values) => {
            head(11, values.len(), out);
            values.iter().for_each(|value| encode(value, out));
        }
        Number(kind, number) => {
            let bytes = number.to_be_bytes();
            let used = &bytes[bytes.iter().take_while(|b| **b == 0).count()..];
            head(*kind, used.len(), out);
            out.extend_from_slice(used);
        }
    }
}
