//! The journal alone: what an append costs the owner, and how soon an intent is durable while ticks flow.

use super::Blocks;
use super::day::OPEN_NS;
use crate::journal::{Error, FirstRecord, Lock, Options, SegmentMeta, Writer};
use crate::record::{Kind, Level, TICK_BYTES_MAX, Tick, TickMode};
use hdrhistogram::Histogram;
use std::fs::OpenOptions;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Records appended between two waits for the disk.
const BURST: u64 = 1_000;
/// 50,000 ticks/s.
const TICK_NS: u64 = 20_000;
/// Ticks from one intent to the next: 5 ms.
const TICKS_PER_INTENT: u64 = 250;
const RECORD_LEN: usize = 198;
const PATIENCE: Duration = Duration::from_secs(60);

/// Times of appends, of copying the same bytes, and of their checksum.
#[derive(Debug)]
pub struct Appends {
    /// Tick records through the writer.
    pub append: Blocks,
    /// A bare copy of a record's bytes into a buffer.
    pub copy: Blocks,
    /// The checksum of a record's bytes.
    pub checksum: Blocks,
}

fn open(dir: &Path) -> Result<Writer, Error> {
    let meta = SegmentMeta {
        run: 1,
        kernel_version: "bench".to_owned(),
        config_digest: [0; 32],
        facts_digest: [0; 32],
        created_ns: 0,
    };
    let first = FirstRecord { seq: 1, ts: 0, snapshot: vec![0; 1_000] };
    Writer::create(Lock::acquire(dir)?, Options::default(), meta, &first)
}

fn tick(seq: u64) -> Tick {
    let price = 100_000_000 * (100 + (seq % 50) as i64);
    let bid = Level { price: price - 5_000_000, quantity: 100 };
    Tick { mode: TickMode::Snap, instrument: 7, exch_ts: OPEN_NS + seq as i64, price, bid, ..Tick::default() }
}

fn append(writer: &mut Writer, seq: u64) -> Result<(), Error> {
    let tick = tick(seq);
    writer.append(seq, tick.exch_ts, Kind::Tick as u8, 0, tick.payload(&mut [0; TICK_BYTES_MAX]))
}

/// Appends tick records in an empty folder.
pub fn appends(dir: &Path, records: u64) -> Result<Appends, Error> {
    let mut writer = open(dir)?;
    let (mut warm, mut timed) = (Blocks::new(BURST), Blocks::new(BURST));
    let mut seq = 1;
    while timed.count() < records {
        let blocks = if warm.count() < records / 10 { &mut warm } else { &mut timed };
        blocks.time(|| (seq + 1..=seq + BURST).try_for_each(|seq| append(&mut writer, seq)))?;
        seq += BURST;
        writer.wait_synced(seq, PATIENCE)?;
    }
    writer.close()?;
    let (mut copy, mut checksum) = (Blocks::new(BURST), Blocks::new(BURST));
    let record = [0x5A; RECORD_LEN];
    let mut buffer = Vec::with_capacity(RECORD_LEN * BURST as usize);
    for _ in 0..(records / BURST).max(1) {
        buffer.clear();
        copy.time(|| (0..BURST).for_each(|_| buffer.extend_from_slice(black_box(&record))));
        black_box(&buffer);
        checksum.time(|| (0..BURST).fold(0, |sum, _| sum ^ crc32c::crc32c(black_box(&record))));
    }
    Ok(Appends { append: timed, copy, checksum })
}

/// Times from the due time of an intent to its durability, ns, while 50,000 ticks a second are appended.
///
/// Also how late the owner was with its records, so that a run on a busy machine can be called void.
pub fn syncs(dir: &Path, intents: u64) -> Result<(Histogram<u64>, Histogram<u64>), Error> {
    let mut writer = open(dir)?;
    let new = || Histogram::<u64>::new_with_max(super::MAX_NS, 3).expect("the bounds are sound");
    let (mut latencies, mut late) = (new(), new());
    let mut waiting: Option<(u64, u64)> = None;
    let begin = Instant::now();
    let now_ns = || begin.elapsed().as_nanos() as u64;
    for number in 0..intents * TICKS_PER_INTENT {
        let due_ns = number * TICK_NS;
        while now_ns() < due_ns {
            if let Some((_, since)) = waiting.take_if(|(seq, _)| writer.synced_seq() >= *seq) {
                latencies.saturating_record(now_ns() - since);
            }
            std::hint::spin_loop();
        }
        late.saturating_record(now_ns() - due_ns);
        let seq = number + 2;
        append(&mut writer, seq)?;
        if number % TICKS_PER_INTENT == 0 {
            if let Some((earlier, since)) = waiting.take() {
                writer.wait_synced(earlier, PATIENCE)?;
                latencies.saturating_record(now_ns() - since);
            }
            writer.request_sync(seq)?;
            waiting = Some((seq, due_ns));
        }
    }
    writer.close()?;
    Ok((latencies, late))
}

/// The disk alone: appends as many bytes as ticks come between two intents, and syncs; ns a round.
pub fn disk_syncs(dir: &Path, rounds: u64) -> std::io::Result<Histogram<u64>> {
    let path = dir.join("bare");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    let bytes = vec![0x5A; RECORD_LEN * TICKS_PER_INTENT as usize];
    let mut times = Histogram::<u64>::new_with_max(super::MAX_NS, 3).expect("the bounds are sound");
    let begin = Instant::now();
    for round in 0..rounds {
        let due = Duration::from_nanos(round * TICK_NS * TICKS_PER_INTENT);
        std::thread::sleep(due.saturating_sub(begin.elapsed()));
        file.write_all(&bytes)?;
        let since = Instant::now();
        file.sync_data()?;
        times.saturating_record(since.elapsed().as_nanos() as u64);
    }
    std::fs::remove_file(path)?;
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_intent_is_counted_and_every_append_timed() {
        let dir = tempfile::tempdir().unwrap();
        let made = appends(&dir.path().join("a"), 3_000).unwrap();
        assert_eq!((made.append.count(), made.copy.count(), made.checksum.count()), (3_000, 3_000, 3_000));
        let (latencies, late) = syncs(&dir.path().join("b"), 5).unwrap();
        assert!((4..=5).contains(&latencies.len()));
        assert_eq!(late.len(), 5 * TICKS_PER_INTENT);
        assert_eq!(disk_syncs(dir.path(), 3).unwrap().len(), 3);
    }
}
