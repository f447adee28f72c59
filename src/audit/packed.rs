//! Files that are packed by gzip, bzip2, xz or zstd, as rotated logs are, and packed ones within them.

use std::fs::File;
use std::io::{self, Read};

use super::finder::Finder;
use super::trace::Trace;
use crate::limits;

/// What packed a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilePacking {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl FilePacking {
    /// That of a file, by its first bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<FilePacking> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(FilePacking::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Some(FilePacking::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(FilePacking::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(FilePacking::Zstd),
            _ => None,
        }
    }

    /// The program that decompresses such files.
    pub(super) const fn unpacked_by(self) -> &'static str {
        match self {
            FilePacking::Gzip => "gunzip",
            FilePacking::Bzip2 => "bunzip2",
            FilePacking::Xz => "unxz",
            FilePacking::Zstd => "unzstd",
        }
    }

    fn unpack<'a>(self, stream: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            FilePacking::Gzip => Box::new(flate2::read::MultiGzDecoder::new(stream)),
            FilePacking::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(stream)),
            FilePacking::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(stream, true, limits::XZ_KB_MAX)),
            FilePacking::Zstd => Box::new(zstd::Decoder::new(stream)?),
        })
    }
}

/// Searches what a file packs, and what that packs; places are those of the unpacked bytes.
///
/// # Errors
/// What is packed was not searched to its end: it is damaged, longer than `most` bytes, or packed oftener than
/// [`limits::AUDIT_LAYERS_MAX`] times.
pub(super) fn search(
    opened: impl Fn() -> io::Result<File>,
    outer: FilePacking,
    most: u64,
    finder: &Finder,
    take: &mut impl FnMut(Trace),
) -> io::Result<()> {
    let mut packings = vec![outer];
    loop {
        let mut stream: Box<dyn Read> = Box::new(opened()?);
        for packing in &packings {
            stream = packing.unpack(stream)?;
        }
        match search_stream(stream, most, finder, take)? {
            None => return Ok(()),
            Some(_) if packings.len() >= limits::AUDIT_LAYERS_MAX => {
                return Err(io::Error::other("it is packed in packed files over and over"));
            }
            Some(inner) => packings.push(inner),
        }
    }
}

/// Searches a stream, and tells by what its bytes are packed again.
fn search_stream(
    mut stream: Box<dyn Read + '_>,
    most: u64,
    finder: &Finder,
    take: &mut impl FnMut(Trace),
) -> io::Result<Option<FilePacking>> {
    let (mut buffer, mut first, mut packing) = (Vec::new(), 0_u64, None);
    loop {
        let before = buffer.len();
        let mut piece = (&mut stream).take(limits::AUDIT_CHUNK_BYTES as u64);
        let read = piece.read_to_end(&mut buffer);
        if first == 0 && before == 0 {
            packing = FilePacking::of(&buffer);
        }
        // What came until it failed is searched too.
        if buffer.len() > before {
            finder.search(&buffer, first, take);
        }
        let end = first + buffer.len() as u64;
        if let Err(error) = read {
            let what = format!("it is packed, and damaged behind {end} unpacked bytes: {error}");
            return Err(io::Error::other(what));
        }
        if buffer.len() == before {
            return Ok(packing);
        }
        if end > most {
            return Err(io::Error::other(format!("it is packed, and searched to {end} unpacked bytes only")));
        }
        let kept = buffer.len().saturating_sub(limits::AUDIT_OVERLAP_BYTES);
        first += kept as u64;
        buffer.drain(..kept);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// How many traces are found, and why not all was searched.
    fn searched(bytes: &[u8], most: u64) -> (usize, Option<String>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut found = 0;
        let outer = FilePacking::of(bytes).unwrap();
        let done = search(|| File::open(file.path()), outer, most, &Finder::new().unwrap(), &mut |_| found += 1);
        (found, done.err().map(|error| error.to_string()))
    }

    #[test]
    fn what_is_packed_again_is_searched_and_what_is_not_searched_is_told() {
        let line = b"seen 203.0.113.77 at noon\n";
        let all = u64::MAX;
        assert_eq!(searched(&gzip(line), all), (1, None));
        assert_eq!(searched(&gzip(&gzip(line)), all), (1, None));
        assert_eq!(searched(&[gzip(line), gzip(line)].concat(), all), (2, None));
        assert_eq!(searched(&zstd::encode_all(&gzip(line)[..], 1).unwrap(), all), (1, None));
        let told = |(found, why): (usize, Option<String>), word: &str| {
            assert!(why.as_ref().is_some_and(|why| why.contains(word)), "{word}: {found}, {why:?}");
            found
        };
        told(searched(&gzip(&gzip(&gzip(&gzip(line)))), all), "over and over");
        // Many different lines, of which the first half is whole.
        let lines: String =
            (0..9_000).map(|n| format!("line {} of 203.0.113.77 {}\n", n, n * 7_919 % 10_007)).collect();
        let whole = gzip(lines.as_bytes());
        assert!(told(searched(&whole[..whole.len() / 2], all), "damaged") > 1_000);
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 0x55;
        assert!(told(searched(&damaged, all), "damaged") > 1_000);
        assert_eq!(told(searched(&whole, 100), "only"), 9_000);
    }
}
