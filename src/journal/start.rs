//! Finds the one consistent start among the files of an ended program.

use std::fs::File;
use std::io::Read;

use super::JournalTrouble;
use super::folder::{JournalFile, JournalFolder};
use super::header::{self, Belonging, FileKind, HEADER_BYTES};
use crate::store::JournalState;

/// The latest complete image and the segments from its number on.
#[derive(Debug)]
pub(super) struct JournalStart {
    pub(super) belonging: Belonging,
    /// Nothing where the journal begins with an empty state.
    pub(super) image: Option<(u64, File)>,
    /// In order, without a gap.
    pub(super) segments: Vec<(u64, File)>,
    /// The number for the next segment.
    pub(super) next: u64,
    /// What image and segments take.
    pub(super) bytes: u64,
}

/// A file, and whose it is; nothing of a segment whose header was cut short.
type OpenedFile = (FileKind, u64, File, Option<Belonging>);

impl JournalStart {
    /// The start, if there are files. What lies before it and what was not finished is wiped.
    pub(super) fn find(folder: &JournalFolder, state: &JournalState) -> Result<Option<JournalStart>, JournalTrouble> {
        let failed = |_| JournalTrouble::Failed;
        let files = folder.files().map_err(failed)?;
        let whole =
            |file: &JournalFile| if let JournalFile::Whole(kind, number) = *file { Some((kind, number)) } else { None };
        let image =
            files.iter().filter_map(whole).filter(|(kind, _)| *kind == FileKind::Image).map(|(_, number)| number).max();
        let first = image.unwrap_or(1);
        let mut kept = Vec::new();
        for file in files {
            match whole(&file).filter(|(_, number)| *number >= first) {
                Some((kind, number)) => kept.push(opened(folder, kind, number)?),
                None => drop(folder.wipe(file).map_err(failed)?),
            }
        }
        if kept.is_empty() { Ok(None) } else { JournalStart::of(kept, first, state).map(Some) }
    }

    fn of(mut files: Vec<OpenedFile>, first: u64, state: &JournalState) -> Result<JournalStart, JournalTrouble> {
        let mut all = files.iter().filter_map(|(.., belonging)| *belonging);
        // A first segment that was cut short in its header holds nothing.
        let belonging = all.next().ok_or(JournalTrouble::Broken)?;
        if !all.all(|other| other == belonging) {
            return Err(JournalTrouble::Broken);
        }
        if !belonging.fits(state) {
            return Err(JournalTrouble::OtherDatabase);
        }
        files.sort_by_key(|(_, number, ..)| *number);
        let bytes = files.iter().filter_map(|(_, _, file, _)| file.metadata().ok()).map(|meta| meta.len()).sum();
        let (mut image, mut segments) = (None, Vec::new());
        for (kind, number, file, _) in files {
            match kind {
                FileKind::Image => image = Some((number, file)),
                FileKind::Segment => segments.push((number, file)),
            }
        }
        let has_gap = (first..).zip(&segments).any(|(expected, (number, _))| *number != expected);
        let next = first.checked_add(segments.len() as u64).filter(|_| !has_gap && !segments.is_empty());
        let next = next.ok_or(JournalTrouble::Broken)?;
        Ok(JournalStart { belonging, image, segments, next, bytes })
    }
}

fn opened(folder: &JournalFolder, kind: FileKind, number: u64) -> Result<OpenedFile, JournalTrouble> {
    let file = folder.open(JournalFile::Whole(kind, number)).map_err(|_| JournalTrouble::Failed)?;
    let mut header = Vec::with_capacity(HEADER_BYTES);
    (&file).take(HEADER_BYTES as u64).read_to_end(&mut header).map_err(|_| JournalTrouble::Failed)?;
    // The program ended when it had just begun the segment.
    let is_cut = kind == FileKind::Segment && header.len() < HEADER_BYTES;
    let belonging = if is_cut { None } else { Some(header::read(&header, kind, number)?) };
    Ok((kind, number, file, belonging))
}
