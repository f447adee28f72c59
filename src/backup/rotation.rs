//! Dated copies in a folder, of which the latest are kept. Others' files stay, whatever they are called.

use std::fs;
use std::path::{Path, PathBuf};

use crate::site::Moment;
use crate::store::copying;

/// What became of older copies.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Those that were removed.
    pub removed: Vec<PathBuf>,
    /// Why others stay that were to go.
    pub stays: Option<String>,
}

/// A name like `headcount-20261130T051706Z-3f9a1c02.db`: when it was made, and of which database.
struct DatedName<'a> {
    date: &'a str,
    of: &'a str,
}

impl<'a> DatedName<'a> {
    fn read(name: &'a str) -> Option<DatedName<'a>> {
        let mut parts = name.strip_prefix("headcount-")?.strip_suffix(".db")?.split('-');
        let (date, of) = (parts.next()?, parts.next()?);
        let is_id = of == "none" || of.len() == 8 && of.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = parts.next().is_none_or(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        (is_date(date) && is_id && is_number && parts.next().is_none()).then_some(DatedName { date, of })
    }
}

/// Whether a text is a moment as names have it.
pub(super) fn is_date(text: &str) -> bool {
    let is_right = |(place, byte): (usize, u8)| match place {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 16 && text.bytes().enumerate().all(is_right)
}

/// The beginning of a database's id, as names have it: those of two databases may lie in one folder.
fn short(id: Option<[u8; 16]>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| id[..4].iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A moment as names have it.
fn dated(now: Moment) -> String {
    now.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A name for a copy in a folder that is free.
pub(super) fn name_in(folder: &Path, id: Option<[u8; 16]>, now: Moment) -> PathBuf {
    free(folder, &format!("headcount-{}-{}", dated(now), short(id)))
}

/// A name beside a database that is free, and says why it is there.
pub(super) fn free_name(database: &Path, why: &str, now: Moment) -> PathBuf {
    free(database.parent().unwrap_or(Path::new(".")), &format!("headcount-{why}-{}", dated(now)))
}

fn free(folder: &Path, name: &str) -> PathBuf {
    let first = folder.join(format!("{name}.db"));
    let mut others = (2..).map(|number: u32| folder.join(format!("{name}-{number}.db")));
    if fs::symlink_metadata(&first).is_err() {
        return first;
    }
    others.find(|path| fs::symlink_metadata(path).is_err()).unwrap_or(first)
}

/// Removes the oldest copies of a database but for the last `keep`, the one that was just made among them.
pub(super) fn rotate(folder: &Path, made: &Path, id: Option<[u8; 16]>, keep: usize) -> Rotated {
    let own = short(id);
    let of_name = |path: &Path| path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let made_name = of_name(made);
    let mut others: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| *name != made_name && DatedName::read(name).is_some_and(|dated| dated.of == own))
        // A file that only has such a name is no copy of ours.
        .filter(|name| copying::facts(&folder.join(name)).is_ok())
        .collect();
    others.sort_unstable_by(|a, b| b.cmp(a));
    let date = DatedName::read(&made_name).map(|dated| dated.date.to_owned()).unwrap_or_default();
    let later = others.iter().filter(|name| DatedName::read(name).is_some_and(|other| *other.date > *date)).count();
    let mut rotated = Rotated::default();
    let gone: Vec<String> = others.into_iter().skip(keep.saturating_sub(1)).collect();
    if later > 0 && !gone.is_empty() {
        // By which clock they were made can't be told, and so neither which are the oldest.
        rotated.stays = Some(format!("{later} copies there are dated after this one, so none is removed"));
        return rotated;
    }
    for name in gone {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Ok(()) => rotated.removed.push(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => rotated.stays = Some(format!("{} can't be removed: {error}", path.display())),
        }
    }
    rotated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_read() {
        for (name, is_ours) in [
            ("headcount-20261130T051706Z-3f9a1c02.db", true),
            ("headcount-20261130T051706Z-none.db", true),
            ("headcount-20261130T051706Z-3f9a1c02-2.db", true),
            ("headcount-20261130T051706Z.db", false),
            ("headcount-20261130T051706Z-3f9a1c02.db-wal", false),
            ("headcount-20261130T051706Z-3f9a1c02-a.db", false),
            ("headcount-20261130T051706Z-3f9a1c02-2-3.db", false),
            ("headcount-2026-11-30-3f9a1c02.db", false),
            ("headcount-20261130t051706z-3f9a1c02.db", false),
            ("xheadcount-20261130T051706Z-3f9a1c02.db", false),
            ("headcount.db", false),
        ] {
            assert_eq!(DatedName::read(name).is_some(), is_ours, "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let name = name_in(folder.path(), Some([0x3f; 16]), Moment(0));
        assert!(name.ends_with("headcount-19700101T000000Z-3f3f3f3f.db"));
        fs::write(&name, "").unwrap();
        let name = name_in(folder.path(), Some([0x3f; 16]), Moment(0));
        assert!(name.ends_with("headcount-19700101T000000Z-3f3f3f3f-2.db"));
    }
}
