//! The owner's side of writing: append, ask for a sync, ask for a new segment, close.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use super::cut::{clear_for_creation, keep_whole_records};
use super::disk::{Disk, SystemDisk};
use super::drain::{Counters, Drain, Opening, Progress, Segment};
use super::error::{Error, Failure};
use super::format::{Head, RECORD_HEADER_LEN, SegmentMeta};
use super::lock::Lock;
use super::queue::{Queue, Rotation};
use super::recover::Recovery;
use super::watermark::WatermarkFile;

/// Bounds and paces of a writer.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes that may wait for the writer thread; there are two such buffers, touched only as far as they are used.
    pub buffer_len: usize,
    /// How long records may gather before they are written.
    pub write_pace: Duration,
    /// How long written records may stay unsynced.
    pub sync_pace: Duration,
    /// Bytes that may stay unsynced: a sync behind few of them is quick.
    pub dirty_len_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            buffer_len: 64 << 20,
            write_pace: Duration::from_micros(900), // a timer's slack on top stays within 1 ms
            sync_pace: Duration::from_millis(5),
            dirty_len_max: 256 << 10,
        }
    }
}

/// The Snapshot that opens a segment.
#[derive(Debug, Clone)]
pub struct FirstRecord {
    /// Its sequence.
    pub seq: u64,
    /// Its engine time in ns.
    pub ts: i64,
    /// The serialised state.
    pub snapshot: Vec<u8>,
}

/// What a writer has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Bytes handed to the operating system after the first Snapshot.
    pub bytes: u64,
    /// Calls of `write`.
    pub writes: u64,
    /// Calls of `fdatasync`.
    pub syncs: u64,
    /// The longest of them.
    pub sync_ns_max: u64,
    /// Segments opened by `rotate`.
    pub segments: u64,
    /// How often an append found the buffer full.
    pub stalls: u64,
    /// How long those appends waited in all.
    pub stall_ns: u64,
}

/// The one writer of a journal. Dropping it closes it; [`Writer::close`] says how that went.
pub struct Writer {
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<Result<(), Failure>>>,
    // Let go last, after the thread has been joined.
    lock: Lock,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("dir", &self.lock.dir()).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Writer {
    /// Begin a journal in a folder that holds none; header and Snapshot are durable on return.
    pub fn create(lock: Lock, options: Options, meta: SegmentMeta, first: &FirstRecord) -> Result<Self, Error> {
        let number = clear_for_creation(lock.dir())?;
        Self::open(lock, options, Box::new(SystemDisk), meta, (number, 0), first)
    }

    /// Go on behind what recovery found: cut the torn tail, sync what is kept, open the next segment.
    pub fn resume(
        lock: Lock,
        options: Options,
        recovery: &Recovery,
        meta: SegmentMeta,
        first: &FirstRecord,
    ) -> Result<Self, Error> {
        if meta.run <= recovery.run() {
            return Err(Error::refused(format!(
                "run {} is not later than the journal's run {}",
                meta.run,
                recovery.run()
            )));
        }
        if first.seq != recovery.last_seq.wrapping_add(1) {
            let last = recovery.last_seq;
            return Err(Error::refused(format!("seq {} does not follow the journal's last, {last}", first.seq)));
        }
        if recovery.dir != lock.dir() {
            return Err(Error::refused("the recovery belongs to another journal than the lock"));
        }
        keep_whole_records(recovery)?;
        let place = (recovery.header.segment + 1, recovery.last_crc);
        Self::open(lock, options, Box::new(SystemDisk), meta, place, first)
    }

    pub(super) fn open(
        lock: Lock,
        options: Options,
        mut disk: Box<dyn Disk>,
        meta: SegmentMeta,
        (number, previous_crc): (u32, u32),
        first: &FirstRecord,
    ) -> Result<Self, Error> {
        let dir = lock.dir().to_owned();
        let opening = Opening { number, previous_crc, seq: first.seq, ts: first.ts, snapshot: &first.snapshot };
        let segment = Segment::create(&mut *disk, &dir, &meta, &opening).map_err(Error::failed)?;
        let watermark =
            WatermarkFile::open(&dir).map_err(|source| Error::io("opening the watermark in", &dir, source))?;
        let queue = Arc::new(Queue::new(options.clone(), first.seq));
        let counters = Arc::new(Counters::default());
        let drain = Drain {
            queue: Arc::clone(&queue),
            counters: Arc::clone(&counters),
            disk,
            dir: dir.clone(),
            meta,
            segment,
            watermark,
            options,
            progress: Progress::synced_up_to(first.seq),
        };
        drain.publish().map_err(Error::failed)?;
        let spawned = std::thread::Builder::new().name("velox-journal".to_owned()).spawn(|| drain.run());
        let thread = spawned.map_err(|source| Error::io("starting the writer thread for", &dir, source))?;
        Ok(Self { queue, counters, thread: Some(thread), lock })
    }

    /// Append one record; it is written within a millisecond and durable within some five.
    ///
    /// Waits only when the buffer is full. A sequence that is not the next one is refused.
    #[inline]
    pub fn append(&mut self, seq: u64, ts: i64, kind: u8, flags: u8, payload: &[u8]) -> Result<(), Error> {
        let head = Head { len: record_len(payload.len())?, crc: 0, seq, ts, kind, flags };
        self.queue.append(head, payload)
    }

    /// Open the next segment behind everything appended so far. Its Snapshot takes `seq` and is serialised on the writer
    /// thread, so the owner goes on at once; records appended meanwhile go behind it, and a sync asked for meanwhile
    /// waits for it. `created_ns` is the wall time, a side field.
    pub fn rotate(
        &mut self,
        seq: u64,
        ts: i64,
        created_ns: i64,
        snapshot: impl FnOnce() -> Vec<u8> + Send + 'static,
    ) -> Result<(), Error> {
        let snapshot = Box::new(snapshot);
        self.queue.rotate(Rotation { at: 0, seq, ts, created_ns, snapshot })
    }

    /// Have what is buffered written now, without a sync; worth it at the end of a burst that others tail.
    pub fn request_write(&self) {
        self.queue.request_write();
    }

    /// Have everything up to `seq` made durable now; see [`SyncWatch::wait_synced`].
    pub fn request_sync(&self, seq: u64) -> Result<(), Error> {
        self.queue.request_sync(seq)
    }

    /// Wait until `seq` is durable; false when the time is over before that.
    pub fn wait_synced(&self, seq: u64, timeout: Duration) -> Result<bool, Error> {
        self.queue.wait_synced(seq, timeout)
    }

    /// A handle for other threads that wait for durability.
    pub fn watch(&self) -> SyncWatch {
        SyncWatch(Arc::clone(&self.queue))
    }

    /// Last sequence handed to the operating system.
    pub fn written_seq(&self) -> u64 {
        self.queue.written()
    }

    /// Last sequence known to be durable.
    pub fn synced_seq(&self) -> u64 {
        self.queue.synced()
    }

    /// Last sequence appended.
    pub fn last_seq(&self) -> u64 {
        self.queue.last_seq()
    }

    /// The failure that stopped the writer, if one did.
    pub fn failure(&self) -> Option<Error> {
        self.queue.failure()
    }

    /// What has been done so far.
    pub fn stats(&self) -> Stats {
        let (stalls, stall_ns) = self.queue.stalls();
        Stats {
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            writes: self.counters.writes.load(Ordering::Relaxed),
            syncs: self.counters.syncs.load(Ordering::Relaxed),
            sync_ns_max: self.counters.sync_ns_max.load(Ordering::Relaxed),
            segments: self.counters.segments.load(Ordering::Relaxed),
            stalls,
            stall_ns,
        }
    }

    /// Write and sync everything, end the thread and let the folder go.
    pub fn close(mut self) -> Result<(), Error> {
        self.shut()
    }

    fn shut(&mut self) -> Result<(), Error> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        self.queue.close();
        match thread.join() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(Error::failed(failure)),
            Err(_) => Err(Error::failed(Failure::other("its writer thread panicked"))),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A drop cannot report; whoever wants to know calls `close`.
        let _best_effort = self.shut();
    }
}

/// Watches how far a writer has come, from any thread.
#[derive(Clone)]
pub struct SyncWatch(Arc<Queue>);

impl SyncWatch {
    /// Last sequence handed to the operating system.
    pub fn written_seq(&self) -> u64 {
        self.0.written()
    }

    /// Last sequence known to be durable.
    pub fn synced_seq(&self) -> u64 {
        self.0.synced()
    }

    /// How often an append found the buffer full, the one that waits now included: a reason for an alarm.
    pub fn stalls(&self) -> u64 {
        self.0.stalls().0
    }

    /// Wait until `seq` is durable, asking for a sync at once; false when the time is over before that.
    pub fn wait_synced(&self, seq: u64, timeout: Duration) -> Result<bool, Error> {
        self.0.wait_synced(seq, timeout)
    }
}

impl fmt::Debug for SyncWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncWatch").field("synced", &self.synced_seq()).finish_non_exhaustive()
    }
}

#[inline]
fn record_len(payload_len: usize) -> Result<u32, Error> {
    let len = payload_len.checked_add(RECORD_HEADER_LEN).and_then(|len| u32::try_from(len).ok());
    len.ok_or_else(|| Error::refused("a record of more than 4 GiB cannot be written"))
}
