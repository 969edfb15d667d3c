//! The writer thread: takes batches from the queue, writes, syncs, opens segments, publishes how far it came.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::disk::{Disk, DiskFile};
use super::error::Failure;
use super::folder::{SEGMENT_MAX, segment_path};
use super::format::{Head, RECORD_HEADER_LEN, SNAPSHOT, SNAPSHOT_LEN_MAX, SegmentHeader, SegmentMeta, seal_all};
use super::queue::{Batch, Queue, Rotation};
use super::watermark::{Watermark, WatermarkFile};
use super::writer::Options;

/// What the thread has done so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) bytes: AtomicU64,
    pub(super) writes: AtomicU64,
    pub(super) syncs: AtomicU64,
    pub(super) sync_ns_max: AtomicU64,
    pub(super) segments: AtomicU64,
}

/// A segment open for writing.
pub(super) struct Segment {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    number: u32,
    /// Checksum of the newest record.
    last_crc: u32,
}

/// How a segment begins.
pub(super) struct Opening<'a> {
    pub(super) number: u32,
    pub(super) previous_crc: u32,
    pub(super) seq: u64,
    pub(super) ts: i64,
    pub(super) snapshot: &'a [u8],
}

impl Segment {
    /// Make the file with header and Snapshot, durable on return.
    pub(super) fn create(
        disk: &mut dyn Disk,
        dir: &Path,
        meta: &SegmentMeta,
        opening: &Opening<'_>,
    ) -> Result<Self, Failure> {
        let len = RECORD_HEADER_LEN + opening.snapshot.len();
        if len > SNAPSHOT_LEN_MAX || opening.number > SEGMENT_MAX {
            return Err(Failure::other("a Snapshot longer than 1 GiB, or more segments than eight digits can count"));
        }
        let header = SegmentHeader {
            meta: meta.clone(),
            segment: opening.number,
            first_seq: opening.seq,
            previous_crc: opening.previous_crc,
        };
        let Some(header) = header.encode() else {
            return Err(Failure::other("the kernel version must be at most 16 bytes of text"));
        };
        let head = Head { len: len as u32, crc: 0, seq: opening.seq, ts: opening.ts, kind: SNAPSHOT, flags: 0 };
        let (head, last_crc) = head.sealed(opening.snapshot);
        let path = segment_path(dir, opening.number);
        let mut file = disk.create(&path).map_err(|source| Failure::io("creating", &path, &source))?;
        let written = file
            .write(&[header.as_slice(), &head].concat())
            .and_then(|()| file.write(opening.snapshot))
            .and_then(|()| file.sync());
        written.map_err(|source| Failure::io("writing", &path, &source))?;
        Ok(Self { file, path, number: opening.number, last_crc })
    }
}

/// The thread's own state.
pub(super) struct Drain {
    pub(super) queue: Arc<Queue>,
    pub(super) counters: Arc<Counters>,
    pub(super) disk: Box<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) meta: SegmentMeta,
    pub(super) segment: Segment,
    pub(super) watermark: WatermarkFile,
    pub(super) options: Options,
    pub(super) progress: Progress,
}

/// How far writing and syncing have come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    written: u64,
    synced: u64,
    /// Bytes written since the last sync, and the time of the first of them.
    dirty_len: usize,
    dirty_since: Option<Instant>,
}

impl Progress {
    pub(super) fn synced_up_to(seq: u64) -> Self {
        Self { written: seq, synced: seq, dirty_len: 0, dirty_since: None }
    }
}

/// Whatever ends the thread, a panic in a snapshot included, nobody waits for it in vain.
struct EndGuard(Arc<Queue>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        let sentence = if std::thread::panicking() { "its writer thread panicked" } else { "it has been closed" };
        self.0.fail(Failure::other(sentence));
    }
}

impl Drain {
    /// Until the queue is closed or something fails; the failure is told to the queue before this returns.
    pub(super) fn run(mut self) -> Result<(), Failure> {
        let guard = EndGuard(Arc::clone(&self.queue));
        let mut batch = Batch { bytes: Vec::with_capacity(self.options.buffer_len), ..Batch::default() };
        loop {
            let sync_due = self.progress.dirty_since.map(|since| since + self.options.sync_pace);
            self.queue.take(&mut batch, sync_due);
            if let Err(failure) = self.write_batch(&mut batch) {
                guard.0.fail(failure.clone()); // never retried: a second fsync may lie
                return Err(failure);
            }
            if batch.closing {
                return Ok(());
            }
        }
    }

    fn write_batch(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        let mut begin = 0;
        for rotation in batch.rotations.drain(..) {
            self.write(&mut batch.bytes[begin..rotation.at], rotation.seq.wrapping_sub(1))?;
            begin = rotation.at;
            self.rotate(rotation)?;
        }
        self.write(&mut batch.bytes[begin..], batch.last_seq)?;
        let aged = self.progress.dirty_since.is_some_and(|since| since.elapsed() >= self.options.sync_pace);
        if batch.sync || batch.closing || aged || self.progress.dirty_len >= self.options.dirty_len_max {
            self.sync()?;
        }
        Ok(())
    }

    /// The checksums are this thread's work: the owner's time is dearer.
    fn write(&mut self, bytes: &mut [u8], last_seq: u64) -> Result<(), Failure> {
        let Some(crc) = seal_all(bytes) else { return Ok(()) };
        let since = Instant::now();
        let Segment { file, path, last_crc, .. } = &mut self.segment;
        *last_crc = crc;
        file.write(bytes).map_err(|source| Failure::io("writing", path, &source))?;
        self.progress.written = last_seq;
        self.progress.dirty_len += bytes.len();
        self.progress.dirty_since.get_or_insert(since);
        self.counters.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.counters.writes.fetch_add(1, Ordering::Relaxed);
        self.publish()
    }

    fn sync(&mut self) -> Result<(), Failure> {
        if self.progress.dirty_len > 0 {
            let since = Instant::now();
            let Segment { file, path, .. } = &mut self.segment;
            file.sync().map_err(|source| Failure::io("syncing", path, &source))?;
            self.counters.syncs.fetch_add(1, Ordering::Relaxed);
            self.counters.sync_ns_max.fetch_max(since.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
        self.progress = Progress::synced_up_to(self.progress.written);
        self.publish()
    }

    /// The segment before is durable before the next file exists, so only a last segment can be torn.
    fn rotate(&mut self, rotation: Rotation) -> Result<(), Failure> {
        self.sync()?;
        self.meta.created_ns = rotation.created_ns;
        let snapshot = (rotation.snapshot)();
        let opening = Opening {
            number: self.segment.number + 1,
            previous_crc: self.segment.last_crc,
            seq: rotation.seq,
            ts: rotation.ts,
            snapshot: &snapshot,
        };
        self.segment = Segment::create(&mut *self.disk, &self.dir, &self.meta, &opening)?;
        self.counters.segments.fetch_add(1, Ordering::Relaxed);
        self.progress = Progress::synced_up_to(rotation.seq);
        self.publish()
    }

    pub(super) fn publish(&self) -> Result<(), Failure> {
        let Progress { written, synced, .. } = self.progress;
        // The file first: who is woken by the queue may look at it.
        let published = self.watermark.publish(Watermark { run: self.meta.run, written, synced });
        published.map_err(|source| Failure::io("writing the watermark in", &self.dir, &source))?;
        self.queue.publish(written, synced);
        Ok(())
    }
}
