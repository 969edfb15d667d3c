//! What was appended is what is read, over segments, runs and restarts.

use proptest::prelude::*;

use super::build::{Owned, PATIENCE, append, create, first, meta, options, payload, read_all, read_from, seqs};
use crate::journal::{Lock, Reader, SNAPSHOT, Start, Watermark, Writer, recover, recover_tail};

#[test]
fn records_come_back_in_order_over_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 50);
    writer.rotate(51, 510, 2_000, || b"second".to_vec()).unwrap();
    writer.rotate(52, 520, 3_000, || b"third".to_vec()).unwrap();
    append(&mut writer, 53, 60);
    writer.close().unwrap();

    let records = read_all(dir.path());
    assert_eq!(seqs(&records), (1..=60).collect::<Vec<_>>());
    assert_eq!(records[50], Owned { seq: 51, ts: 510, kind: SNAPSHOT, flags: 0, payload: b"second".to_vec() });
    assert_eq!(records[29], Owned { seq: 30, ts: 300, kind: 7, flags: 0, payload: payload(30) });
    let reader = Reader::open(dir.path(), Start::First).unwrap();
    let created: Vec<_> = reader.headers().iter().map(|header| (header.segment, header.meta.created_ns)).collect();
    assert_eq!(created, [(1, 1_000), (2, 2_000), (3, 3_000)]);
    assert_eq!(recover(dir.path()).unwrap().records, 60);
}

#[test]
fn reading_begins_at_the_asked_snapshot_and_stops_at_the_asked_position() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 10);
    writer.rotate(11, 110, 0, Vec::new).unwrap();
    append(&mut writer, 12, 20);
    writer.close().unwrap();

    let from_last = Reader::open(dir.path(), Start::LastSnapshot).unwrap();
    assert_eq!(seqs(&read_from(from_last)), (11..=20).collect::<Vec<_>>());
    let first_only = Reader::open(dir.path(), Start::Segment(1)).unwrap().until(1, 4);
    assert_eq!(seqs(&read_from(first_only)), [1, 2, 3, 4]);
    let earlier_run = Reader::open(dir.path(), Start::First).unwrap().until(0, 99);
    assert_eq!(read_from(earlier_run), []);
    assert!(Reader::open(dir.path(), Start::Segment(3)).unwrap_err().is_refused());
    let early = Reader::open(dir.path(), Start::First).unwrap().until(1, 4);
    assert!(early.into_recovery().unwrap_err().is_refused());
}

#[test]
fn a_resumed_journal_continues_the_sequence_with_a_new_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 5);
    writer.close().unwrap();

    let lock = Lock::acquire(dir.path()).unwrap();
    let recovery = recover_tail(lock.dir()).unwrap();
    assert_eq!((recovery.run(), recovery.last_seq, recovery.last_ts), (1, 5, 50));
    assert_eq!((recovery.torn.as_ref(), recovery.synced_but_lost()), (None, 0));
    let mut writer = Writer::resume(lock, options(), &recovery, meta(2), &first(6)).unwrap();
    append(&mut writer, 7, 9);
    writer.close().unwrap();

    assert_eq!(seqs(&read_all(dir.path())), (1..=9).collect::<Vec<_>>());
    let until = Reader::open(dir.path(), Start::First).unwrap().until(2, 7);
    assert_eq!(read_from(until).len(), 7);
    assert_eq!(recover(dir.path()).unwrap().run(), 2);
}

#[test]
fn resuming_with_a_wrong_run_or_seq_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path()).close().unwrap();
    let recovery = recover(dir.path()).unwrap();
    for (run, seq) in [(1, 2), (2, 3), (2, 1)] {
        let lock = Lock::acquire(dir.path()).unwrap();
        let error = Writer::resume(lock, options(), &recovery, meta(run), &first(seq)).unwrap_err();
        assert!(error.is_refused(), "{error}");
    }
}

#[test]
fn a_journal_is_never_created_over_another() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path()).close().unwrap();
    let error = Writer::create(Lock::acquire(dir.path()).unwrap(), options(), meta(2), &first(1)).unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("already holds a journal"), "{error}");
}

#[test]
fn a_sequence_out_of_order_or_a_record_too_long_is_refused_and_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    assert!(writer.append(3, 0, 7, 0, b"").unwrap_err().is_refused());
    assert!(writer.append(2, 0, 7, 0, &vec![0; 2 << 20]).unwrap_err().is_refused());
    assert!(writer.rotate(1, 0, 0, Vec::new).unwrap_err().is_refused());
    append(&mut writer, 2, 3);
    writer.close().unwrap();
    assert_eq!(seqs(&read_all(dir.path())), [1, 2, 3]);
}

#[test]
fn a_waited_for_record_is_durable_and_published() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 100);
    assert!(writer.watch().wait_synced(100, PATIENCE).unwrap());
    assert_eq!((writer.written_seq(), writer.synced_seq(), writer.last_seq()), (100, 100, 100));
    assert_eq!(Watermark::read(dir.path()), Some(Watermark { run: 1, written: 100, synced: 100 }));
    assert!(!writer.wait_synced(101, std::time::Duration::ZERO).unwrap());
}

#[test]
fn records_reach_the_disk_without_being_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 3);
    let since = std::time::Instant::now();
    while writer.synced_seq() < 3 && since.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    assert_eq!(writer.synced_seq(), 3);
}

proptest! {
    #![proptest_config(crate::tests::cases(64))]
    #[test]
    fn any_records_survive(
        records in prop::collection::vec(
            (any::<i64>(), 2u8..=255, any::<u8>(), prop::collection::vec(any::<u8>(), 0..400), 0u8..20),
            0..120,
        )
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = create(dir.path());
        let mut expected = vec![Owned { seq: 1, ts: 10, kind: SNAPSHOT, flags: 0, payload: first(1).snapshot }];
        for (ts, kind, flags, payload, rotates) in records {
            let seq = expected.len() as u64 + 1;
            if rotates == 0 {
                let state = payload.clone();
                writer.rotate(seq, ts, 0, move || state).unwrap();
                expected.push(Owned { seq, ts, kind: SNAPSHOT, flags: 0, payload });
            } else {
                writer.append(seq, ts, kind, flags, &payload).unwrap();
                expected.push(Owned { seq, ts, kind, flags, payload });
            }
        }
        writer.close().unwrap();
        prop_assert_eq!(read_all(dir.path()), expected);
    }
}
