//! Before a writer begins: bring the folder to what recovery found, and lose nothing else.

use std::fs::{self, OpenOptions};
use std::path::Path;

use super::disk::sync_folder;
use super::error::Error;
use super::folder::{segment_numbers, segment_path};
use super::reader::{Reader, Start};
use super::recover::Recovery;

/// Make sure that there is nothing to lose; a torn first segment, left by a crash during creation, goes.
pub(super) fn clear_for_creation(dir: &Path) -> Result<u32, Error> {
    match Reader::open(dir, Start::First) {
        Ok(_) => return Err(Error::refused(format!("{} already holds a journal", dir.display()))),
        Err(error) if !error.is_empty() => return Err(error),
        Err(_) => {}
    }
    let Some(number) = segment_numbers(dir)?.first().copied() else { return Ok(1) };
    let path = segment_path(dir, number);
    fs::remove_file(&path).map_err(|source| Error::io("removing", &path, source))?;
    Ok(number)
}

/// Bring the files to what recovery found; safe to repeat when the process dies in between.
pub(super) fn keep_whole_records(recovery: &Recovery) -> Result<(), Error> {
    let dir = &recovery.dir;
    if let Some(torn) = recovery.torn.as_ref().filter(|torn| torn.offset == 0) {
        let removed = fs::remove_file(&torn.file).and_then(|()| sync_folder(dir));
        removed.map_err(|source| Error::io("removing", &torn.file, source))?;
    }
    let path = segment_path(dir, recovery.header.segment);
    let cut = recovery.torn.as_ref().filter(|torn| torn.offset > 0);
    let file_len = recovery.end + cut.map_or(0, |torn| torn.bytes);
    let io_error = |source| Error::io("cutting and syncing", &path, source);
    let file = OpenOptions::new().write(true).open(&path).map_err(io_error)?;
    if file.metadata().map_err(io_error)?.len() != file_len {
        return Err(Error::refused(format!("{} has changed since it was recovered", path.display())));
    }
    // Synced even when nothing is cut: a killed process leaves its last writes in the page cache only.
    let kept = if cut.is_some() { file.set_len(recovery.end) } else { Ok(()) };
    kept.and_then(|()| file.sync_all()).and_then(|()| sync_folder(dir)).map_err(io_error)
}
