//! The one ordered log: record format, writer thread, reader, recovery and follower.
//!
//! A journal is a folder of segments `00000001.vj`, `00000002.vj`, … Kinds and payloads are opaque here; only the
//! [`SNAPSHOT`] that opens each segment is known. The bytes are described in `format`.
//!
//! ```
//! use velox_core::journal::{FirstRecord, Lock, Options, Reader, SegmentMeta, Start, Writer, recover};
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path();
//! let meta = SegmentMeta {
//!     run: 1,
//!     kernel_version: "0.1.0".to_owned(),
//!     config_digest: [0; 32],
//!     facts_digest: [0; 32],
//!     created_ns: 0,
//! };
//! let lock = Lock::acquire(dir)?; // one engine per journal
//! let first = FirstRecord { seq: 1, ts: 0, snapshot: Vec::new() };
//! let mut writer = Writer::create(lock, Options::default(), meta, &first)?;
//! writer.append(2, 10, 7, 0, b"a tick")?;
//! writer.rotate(3, 20, 0, || b"the state".to_vec())?; // next segment, serialised off this thread
//! writer.append(4, 30, 8, 0, b"abc")?;
//! writer.close()?;
//!
//! let mut reader = Reader::open(dir, Start::LastSnapshot)?;
//! let mut seqs = Vec::new();
//! while let Some(record) = reader.next_record()? {
//!     seqs.push(record.seq);
//! }
//! assert_eq!(seqs, [3, 4]);
//! assert_eq!(recover(dir)?.last_seq, 4); // then `Writer::resume` opens the next segment
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Order of durability.** A segment is synced before the next file is made, and a new file's header and Snapshot are
//! synced before anything follows, so a crash can only leave the *last* segment unfinished. That is what lets recovery
//! call everything else damage.
//!
//! **Torn or damaged.** A bad place is a [`TornTail`] only in the last file and only if no whole record stands behind
//! it; a reader ends there and [`Writer::resume`] cuts it. Anything else is an error that names file and offset.
//!
//! **Reading along.** A [`Follower`] reads a journal that is being written; [`Watermark`] says how much of it is durable.
//!
//! **Failure.** A failed write or sync stops the writer for good: nothing is retried, every later call says why, and
//! [`Writer::synced_seq`] stays where it was.

mod cut;
mod disk;
mod drain;
mod error;
mod folder;
mod follow;
mod format;
mod lock;
mod queue;
mod reader;
mod recover;
mod scan;
mod tail;
#[cfg(test)]
mod tests;
mod watermark;
mod writer;

pub use error::Error;
pub use folder::segment_path;
pub use follow::{Follower, Step};
pub use format::{
    FORMAT_VERSION, RECORD_HEADER_LEN, RECORD_LEN_MAX, RawRecord, SNAPSHOT, SNAPSHOT_LEN_MAX, SegmentHeader,
    SegmentMeta,
};
pub use lock::Lock;
pub use reader::{Reader, Start};
pub use recover::{Recovery, recover, recover_tail};
pub use tail::TornTail;
pub use watermark::Watermark;
pub use writer::{FirstRecord, Options, Stats, SyncWatch, Writer};
