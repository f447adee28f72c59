//! Inputs that a coverage-guided fuzzer kept, minimised: `tests/fuzz/corpus/NAME.zst`, compressed, each input behind its length in
//! bytes (32 bits, the least first).

use std::path::{Path, PathBuf};

const INPUT_BYTES_MAX: usize = 1 << 20;

fn file(reader: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(format!("{reader}.zst"))
}

/// The inputs of a reader; none where no fuzzer has run yet.
pub fn read(reader: &str) -> Vec<Vec<u8>> {
    let Ok(packed) = std::fs::read(file(reader)) else { return Vec::new() };
    let bytes = zstd::decode_all(&*packed).expect("a corpus");
    let (mut rest, mut inputs) = (&*bytes, Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        assert!(length <= INPUT_BYTES_MAX);
        let (input, behind) = behind.split_at(length);
        inputs.push(input.to_vec());
        rest = behind;
    }
    inputs
}

/// Keeps all files of a folder as the inputs of a reader.
pub fn write(reader: &str, folder: &Path) {
    let mut inputs: Vec<Vec<u8>> =
        std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    inputs.sort();
    let whole: Vec<u8> = inputs
        .iter()
        .flat_map(|input| (input.len() as u32).to_le_bytes().into_iter().chain(input.iter().copied()))
        .collect();
    std::fs::write(file(reader), zstd::encode_all(&*whole, 19).unwrap()).unwrap();
    assert_eq!(read(reader), inputs);
}
