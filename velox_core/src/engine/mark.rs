//! What the engine is doing right now, in a small mapped file that outlives its process.
//!
//! Whoever finds the process dead reads here at which record it died, and in whose hook.

use memmap2::MmapMut;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The file's name in the journal's folder.
pub const FILE: &str = "mark";
const LEN: usize = 4 * 8;
/// The phase that an engine leaves behind which ended in order, every hook of its last record run.
const ENDED: u64 = 3;

/// What was going on: the words of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doing {
    /// Sequence of the record in flight.
    pub seq: u64,
    /// 0 nothing, 1 the kernel applied it, 2 a hook ran, 3 the engine had ended in order.
    pub phase: u64,
    /// The instance whose hook ran.
    pub instance: u64,
    /// The process.
    pub pid: u64,
}

/// The mapped file.
#[derive(Debug)]
pub struct Mark {
    map: MmapMut,
    before: Doing,
}

impl Mark {
    /// Opens or makes the file; `None` where the folder does not take it (the engine runs without).
    #[allow(unsafe_code)]
    pub fn open(dir: &Path) -> Option<Self> {
        let path = dir.join(FILE);
        let before = read(dir).unwrap_or_default();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).ok()?;
        if file.metadata().ok()?.len() < LEN as u64 {
            file.write_all_at(&[0; LEN], 0).ok()?; // written, so that a full disk is told here and not by a signal
        }
        // SAFETY: the journal's lock keeps every other engine away, and readers read a copy of the file.
        let map = unsafe { MmapMut::map_mut(&file).ok()? };
        let mark = Self { map, before };
        mark.word(1).store(0, Ordering::Relaxed);
        mark.word(3).store(u64::from(std::process::id()), Ordering::Relaxed);
        Some(mark)
    }

    /// What the engine before this one was doing when it ended.
    pub fn before(&self) -> Doing {
        self.before
    }

    /// Whether that one ended in order, every hook of its last record run.
    pub fn ended_before(&self) -> bool {
        self.before.phase == ENDED
    }

    /// The engine ends in order: nothing is in flight.
    pub fn ended(&mut self) {
        self.word(1).store(ENDED, Ordering::Release);
    }

    /// The kernel applies the record of this sequence.
    #[inline]
    pub fn applying(&mut self, seq: u64) {
        self.word(0).store(seq, Ordering::Relaxed);
        self.word(1).store(1, Ordering::Release);
    }

    /// It has come back.
    #[inline]
    pub fn applied(&mut self) {
        self.word(1).store(0, Ordering::Release);
    }

    /// A hook of an instance runs, or has come back.
    #[inline]
    pub fn hook(&self, instance: Option<u32>) {
        self.word(2).store(instance.map_or(0, u64::from), Ordering::Relaxed);
        self.word(1).store(if instance.is_some() { 2 } else { 0 }, Ordering::Release);
    }

    #[allow(unsafe_code)]
    #[allow(clippy::cast_ptr_alignment)] // a map begins at a page
    fn word(&self, index: usize) -> &AtomicU64 {
        // SAFETY: the map is page-aligned, `LEN` bytes long and lives as long as `self`; all access is atomic.
        unsafe { AtomicU64::from_ptr(self.map.as_ptr().cast_mut().cast::<u64>().add(index)) }
    }
}

/// What the file says; `None` where there is none.
pub fn read(dir: &Path) -> Option<Doing> {
    let raw = std::fs::read(dir.join(FILE)).ok()?;
    let mut words = raw.chunks_exact(8).map(|w| u64::from_le_bytes(w.try_into().unwrap_or_default()));
    Some(Doing { seq: words.next()?, phase: words.next()?, instance: words.next()?, pid: words.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_process_leaves_what_it_did() {
        let dir = tempfile::tempdir().unwrap();
        let mut mark = Mark::open(dir.path()).unwrap();
        mark.applying(42);
        let pid = u64::from(std::process::id());
        assert_eq!(read(dir.path()), Some(Doing { seq: 42, phase: 1, instance: 0, pid }));
        mark.hook(Some(3));
        drop(mark);
        let next = Mark::open(dir.path()).unwrap();
        assert_eq!(next.before(), Doing { seq: 42, phase: 2, instance: 3, pid });
        assert_eq!(read(dir.path()).unwrap().phase, 0);
    }
}
