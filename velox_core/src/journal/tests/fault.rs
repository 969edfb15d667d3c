//! A disk that fails stops the journal once and for all; a slow one makes the owner wait, never reorder.

use std::path::Path;
use std::sync::mpsc::channel;

use super::build::{PATIENCE, append, create, first, meta, options, read_all, seqs};
use super::disks::{Dawdling, Event, Memory};
use crate::journal::disk::Disk;
use crate::journal::{Error, Lock, Options, SNAPSHOT, Writer, recover};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

fn open(dir: &Path, options: Options, disk: impl Disk + 'static) -> Result<Writer, Error> {
    Writer::open(Lock::acquire(dir)?, options, Box::new(disk), meta(1), (1, 0), &first(1))
}

/// Calls of a fixed script, until one fails: the last seq said to be durable, and the error.
fn run_script(writer: &mut Writer) -> (u64, Option<Error>) {
    let mut durable = 1;
    for round in 0..4 {
        let seq = 2 + round * 4;
        let result = writer
            .append(seq, 0, 7, 0, b"one")
            .and_then(|()| writer.append(seq + 1, 0, 7, 0, b"two"))
            .and_then(|()| writer.wait_synced(seq + 1, PATIENCE).map(|synced| assert!(synced)))
            .map(|()| durable = seq + 1)
            .and_then(|()| writer.rotate(seq + 2, 0, 0, || b"state".to_vec()))
            .and_then(|()| writer.append(seq + 3, 0, 7, 0, b"three"))
            .and_then(|()| writer.wait_synced(seq + 3, PATIENCE).map(|synced| assert!(synced)))
            .map(|()| durable = seq + 3);
        if let Err(error) = result {
            return (durable, Some(error));
        }
    }
    (durable, None)
}

/// The last seq that the disk really holds.
fn last_synced(disk: &Memory) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in disk.synced_files() {
        std::fs::write(dir.path().join(path.file_name().unwrap()), bytes).unwrap();
    }
    recover(dir.path()).unwrap().last_seq
}

#[test]
fn a_failure_at_any_call_is_final_and_never_retried() {
    let dir = tempfile::tempdir().unwrap();
    let mut failed_calls = 0;
    for call in 0.. {
        for errno in [EIO, ENOSPC] {
            let disk = Memory::failing_at(call, errno);
            let mut writer = match open(dir.path(), options(), disk.clone()) {
                Ok(writer) => writer,
                Err(error) => {
                    assert_eq!((error.is_failed(), error.os_error()), (true, Some(errno)), "{error}");
                    continue;
                }
            };
            let (durable, error) = run_script(&mut writer);
            let Some(error) = error else {
                assert!(failed_calls > 20, "only {failed_calls} calls were made to fail");
                return;
            };
            failed_calls += 1;
            assert_eq!((error.is_failed(), error.os_error()), (true, Some(errno)), "{error}");
            assert!(writer.synced_seq() >= durable, "call {call}");
            assert_eq!(writer.synced_seq(), last_synced(&disk), "call {call}");
            let next = writer.last_seq() + 1;
            for refusal in [
                writer.append(next, 0, 7, 0, b"").unwrap_err(),
                writer.rotate(next, 0, 0, Vec::new).unwrap_err(),
                writer.request_sync(next).unwrap_err(),
                writer.wait_synced(next, PATIENCE).unwrap_err(),
                writer.failure().unwrap(),
                writer.close().unwrap_err(),
            ] {
                assert_eq!(refusal.os_error(), Some(errno), "{refusal}");
            }
            assert_eq!(disk.events().len(), call + 1, "the disk was asked again after it had failed");
        }
    }
}

#[test]
fn a_snapshot_that_panics_stops_the_journal_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path(), options(), Memory::default()).unwrap();
    writer.rotate(2, 0, 0, || panic!("a snapshot that fails")).unwrap();
    let error = writer.wait_synced(2, PATIENCE).unwrap_err();
    assert!(error.is_failed() && error.to_string().contains("panicked"), "{error}");
    assert!(writer.close().unwrap_err().is_failed());
}

#[test]
fn a_writer_that_was_closed_is_told_to_watchers() {
    let dir = tempfile::tempdir().unwrap();
    let writer = create(dir.path());
    let watch = writer.watch();
    writer.close().unwrap();
    assert!(watch.wait_synced(2, PATIENCE).unwrap_err().to_string().contains("closed"));
}

#[test]
fn a_slow_snapshot_neither_stalls_the_owner_nor_reorders() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 1_000);
    let (go, gate) = channel();
    writer
        .rotate(1_001, 0, 0, move || {
            gate.recv().unwrap();
            b"slow".to_vec()
        })
        .unwrap();
    append(&mut writer, 1_002, 3_000); // while the snapshot is not even begun
    assert!(writer.synced_seq() < 1_001);
    go.send(()).unwrap();
    writer.rotate(3_001, 0, 0, || b"quick".to_vec()).unwrap();
    append(&mut writer, 3_002, 4_000);
    assert_eq!(writer.stats().stalls, 0);
    writer.close().unwrap();
    let records = read_all(dir.path());
    assert_eq!(seqs(&records), (1..=4_000).collect::<Vec<_>>());
    let snapshots: Vec<_> = records.iter().filter(|record| record.kind == SNAPSHOT).map(|record| record.seq).collect();
    assert_eq!(snapshots, [1, 1_001, 3_001]);
}

#[test]
fn a_full_buffer_makes_the_owner_wait_and_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (go, gate) = channel();
    let small = Options { buffer_len: 16 << 10, ..Options::default() };
    let mut writer = open(dir.path(), small, Dawdling { gate: Some(gate) }).unwrap();
    let watch = writer.watch();
    std::thread::scope(|scope| {
        let appending = scope.spawn(|| append(&mut writer, 2, 5_000));
        while watch.stalls() == 0 && !appending.is_finished() {
            std::thread::yield_now();
        }
        go.send(()).unwrap();
    });
    assert!(writer.wait_synced(5_000, PATIENCE).unwrap());
    assert!(writer.stats().stalls > 0 && writer.stats().stall_ns > 0);
}

#[test]
fn little_stays_unsynced_without_being_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Memory::default();
    let patient = Options { write_pace: PATIENCE, sync_pace: PATIENCE, dirty_len_max: 10_000, ..options() };
    let mut writer = open(dir.path(), patient, disk.clone()).unwrap();
    for seq in 2..=1_000 {
        writer.append(seq, 0, 7, 0, &[0; 190]).unwrap();
    }
    // The paces never come: only the bound on dirty bytes can have written and synced all but the last 10,000 bytes.
    let since = std::time::Instant::now();
    while writer.synced_seq() < 950 && since.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    assert!(writer.synced_seq() >= 950);
    writer.close().unwrap();
    assert_eq!(disk.events().last(), Some(&Event::Sync));
}
