//! Bytes that are not what was written: torn at the end, or named with file and offset. Never accepted.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::build::{Owned, append, create, first, meta, options, read_all, seqs};
use crate::journal::{Lock, RECORD_HEADER_LEN, Reader, Start, TornTail, Writer, recover, recover_tail, segment_path};

/// Where each record of a segment begins, and the file's end.
fn boundaries(dir: &Path, segment: u32) -> Vec<u64> {
    let mut reader = Reader::open(dir, Start::First).unwrap();
    let mut offsets = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        if record.segment == segment {
            offsets.push(record.offset);
        }
    }
    offsets.push(fs::metadata(segment_path(dir, segment)).unwrap().len());
    offsets
}

/// Two segments, 100 records each.
fn two_segments(dir: &Path) {
    let mut writer = create(dir);
    append(&mut writer, 2, 100);
    writer.rotate(101, 0, 0, || b"the state in between".to_vec()).unwrap();
    append(&mut writer, 102, 200);
    writer.close().unwrap();
}

fn cut(path: &Path, len: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
}

#[test]
fn every_flipped_byte_of_two_hundred_records_is_found() {
    let dir = tempfile::tempdir().unwrap();
    two_segments(dir.path());
    for segment in [1, 2] {
        let path = segment_path(dir.path(), segment);
        let offsets = boundaries(dir.path(), segment);
        let last_record = offsets[offsets.len() - 2];
        let bytes = fs::read(&path).unwrap();
        // In place: a file system may sync a file that is truncated and written anew.
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        for at in 0..bytes.len() {
            file.write_all_at(&[bytes[at] ^ (1 << (at % 8))], at as u64).unwrap();
            let record = offsets.iter().copied().rfind(|offset| *offset <= at as u64).unwrap_or(0);
            match recover(dir.path()) {
                Err(error) => {
                    let (file, offset) = error.damage_at().unwrap_or_else(|| panic!("byte {at}: {error}"));
                    assert_eq!((file, offset), (path.as_path(), record), "byte {at}: {error}");
                    assert!(error.to_string().contains(&format!("{segment:08}.vj is damaged at byte {offset}")));
                }
                Ok(recovery) => {
                    assert_eq!((segment, record), (2, last_record), "byte {at} was accepted");
                    let bytes = bytes.len() as u64 - last_record;
                    let torn = TornTail { file: path.clone(), offset: last_record, bytes };
                    assert_eq!((recovery.torn, recovery.last_seq), (Some(torn), 199), "byte {at}");
                }
            }
            file.write_all_at(&bytes[at..=at], at as u64).unwrap();
        }
    }
    assert_eq!(recover(dir.path()).unwrap().last_seq, 200);
}

#[test]
fn a_cut_at_any_byte_of_the_last_segment_leaves_the_whole_records() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 20);
    writer.rotate(21, 0, 0, || b"state".to_vec()).unwrap();
    append(&mut writer, 22, 40);
    writer.close().unwrap();
    let all = read_all(dir.path());
    let path = segment_path(dir.path(), 2);
    let offsets = boundaries(dir.path(), 2);
    for len in (0..*offsets.last().unwrap()).rev() {
        cut(&path, len);
        let recovery = recover(dir.path()).unwrap();
        let whole = offsets[1..].iter().filter(|end| **end <= len).count();
        assert_eq!(recovery.last_seq, 20 + whole as u64, "cut to {len}");
        let offset = if whole == 0 { 0 } else { offsets[whole] };
        let torn = TornTail { file: path.clone(), offset, bytes: len - offset };
        let expected = if whole > 0 && torn.bytes == 0 { None } else { Some(torn) };
        assert_eq!(recovery.torn, expected, "cut to {len}");
        assert_eq!(read_all(dir.path()), all[..recovery.last_seq as usize], "cut to {len}");
        assert_eq!(recover_tail(dir.path()).unwrap().last_seq, recovery.last_seq);
    }
}

#[test]
fn resuming_cuts_the_torn_tail_and_is_repeatable() {
    for cut_by in [1, 30, 10_000] {
        let dir = tempfile::tempdir().unwrap();
        two_segments(dir.path());
        let path = segment_path(dir.path(), 2);
        let len = fs::metadata(&path).unwrap().len();
        cut(&path, len.saturating_sub(cut_by).max(50)); // 50: within the header
        let recovery = recover(dir.path()).unwrap();
        assert!(recovery.torn.is_some());
        let next = recovery.last_seq + 1;
        Writer::resume(Lock::acquire(dir.path()).unwrap(), options(), &recovery, meta(2), &first(next)).unwrap();

        // Dead again while opening its segment, five times over.
        for run in 3..8 {
            let last = recover(dir.path()).unwrap().header.segment;
            cut(&segment_path(dir.path(), last), 140);
            let recovery = recover_tail(dir.path()).unwrap();
            assert_eq!((recovery.last_seq + 1, recovery.header.segment + 1), (next, last));
            let lock = Lock::acquire(dir.path()).unwrap();
            Writer::resume(lock, options(), &recovery, meta(run), &first(next)).unwrap().close().unwrap();
        }
        assert_eq!(seqs(&read_all(dir.path())), (1..=next).collect::<Vec<_>>());
        assert_eq!(recover(dir.path()).unwrap().torn, None);
    }
}

#[test]
fn a_journal_that_changed_since_recovery_is_not_resumed() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path()).close().unwrap();
    let recovery = recover(dir.path()).unwrap();
    let path = segment_path(dir.path(), 1);
    cut(&path, fs::metadata(&path).unwrap().len() + 1);
    let lock = Lock::acquire(dir.path()).unwrap();
    let error = Writer::resume(lock, options(), &recovery, meta(2), &first(2)).unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("has changed"), "{error}");
}

#[test]
fn creation_that_died_early_is_begun_again() {
    for len in [0, 5, 128, 140] {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path()).close().unwrap();
        cut(&segment_path(dir.path(), 1), len);
        assert!(recover(dir.path()).unwrap_err().is_empty(), "cut to {len}");
        create(dir.path()).close().unwrap();
        assert_eq!(seqs(&read_all(dir.path())), [1]);
    }
}

#[test]
fn missing_swapped_and_shortened_segments_are_damage() {
    type Spoil = fn(&Path) -> PathBuf;
    let spoils: [Spoil; 4] = [
        |dir| {
            fs::remove_file(segment_path(dir, 2)).unwrap();
            segment_path(dir, 3)
        },
        |dir| {
            fs::copy(segment_path(dir, 1), segment_path(dir, 2)).unwrap();
            segment_path(dir, 2)
        },
        |dir| {
            let ends = boundaries(dir, 1);
            cut(&segment_path(dir, 1), ends[ends.len() - 2]);
            segment_path(dir, 2)
        },
        |dir| {
            cut(&segment_path(dir, 2), 128);
            segment_path(dir, 2)
        },
    ];
    for spoil in spoils {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = create(dir.path());
        append(&mut writer, 2, 5);
        writer.rotate(6, 0, 0, Vec::new).unwrap();
        append(&mut writer, 7, 9);
        writer.rotate(10, 0, 0, Vec::new).unwrap();
        writer.close().unwrap();
        let file = spoil(dir.path());
        let error = recover(dir.path()).unwrap_err();
        assert_eq!(error.damage_at().map(|(file, _)| file), Some(file.as_path()), "{error}");
    }
}

#[test]
fn a_segment_of_another_journal_does_not_continue_this_one() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, byte) in [(&dir, 1), (&other, 2)] {
        let mut writer = create(dir.path());
        writer.append(2, 0, 7, 0, &[byte]).unwrap();
        writer.rotate(3, 0, 0, Vec::new).unwrap();
        writer.close().unwrap();
    }
    fs::copy(segment_path(other.path(), 2), segment_path(dir.path(), 2)).unwrap();
    let error = recover(dir.path()).unwrap_err();
    assert!(error.is_damage() && error.to_string().contains("does not continue"), "{error}");
}

#[test]
fn what_is_no_journal_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    assert!(recover(dir.path()).unwrap_err().is_empty());
    assert!(recover(&dir.path().join("absent")).unwrap_err().is_missing());
    let path = segment_path(dir.path(), 1);
    assert!({
        fs::write(&path, [b'x'; 500]).unwrap();
        recover(&path).unwrap_err().is_missing()
    });
    let error = recover(dir.path()).unwrap_err();
    assert!(error.is_damage() && error.to_string().contains("no journal segment"), "{error}");
    // Nobody else's file is taken for a torn segment and removed.
    assert!(Writer::create(Lock::acquire(dir.path()).unwrap(), options(), meta(1), &first(1)).is_err());
    assert!(path.exists());
}

#[test]
fn another_format_is_named_not_guessed() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path()).close().unwrap();
    let path = segment_path(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..124]);
    bytes[124..128].copy_from_slice(&crc.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    let error = recover(dir.path()).unwrap_err();
    assert!(error.is_unsupported() && error.to_string().contains("format 2"), "{error}");
}

#[test]
fn a_hostile_length_costs_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path()).close().unwrap();
    let path = segment_path(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    let mut hostile = vec![0; 26];
    hostile[0..4].copy_from_slice(&(1u32 << 30).to_le_bytes());
    hostile[24] = 1; // a Snapshot may be this long, but the file is not
    bytes.extend(hostile);
    fs::write(&path, &bytes).unwrap();
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.last_seq, recovery.torn.map(|torn| torn.bytes)), (1, Some(26)));
}

#[test]
fn a_file_that_looks_plausible_everywhere_ends_as_damage() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path()).close().unwrap();
    let path = segment_path(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    // Heads every 26 bytes, each as long as what is left: checking all of them would take the square of the length.
    let fake_len: usize = 26 * 40_000;
    for at in (0..fake_len).step_by(26) {
        let mut head = [0; 26];
        head[0..4].copy_from_slice(&((fake_len - at) as u32).to_le_bytes());
        head[8..16].copy_from_slice(&3u64.to_le_bytes());
        bytes.extend(head);
    }
    fs::write(&path, &bytes).unwrap();
    assert!(recover(dir.path()).unwrap_err().is_damage());
}

proptest! {
    #![proptest_config(crate::tests::cases(64))]
    #[test]
    fn a_random_journal_cut_or_spoilt_anywhere_never_shows_a_false_record(
        lens in prop::collection::vec(0usize..300, 1..60), place in 0.0f64..1.0, cuts in any::<bool>(), bit in 0u8..8,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = create(dir.path());
        for (seq, len) in (2..).zip(&lens) {
            writer.append(seq, 0, 7, 0, &vec![seq as u8; *len]).unwrap();
        }
        writer.close().unwrap();
        let all: Vec<Owned> = read_all(dir.path());
        let path = segment_path(dir.path(), 1);
        let mut bytes = fs::read(&path).unwrap();
        let behind_snapshot = bytes.len() - lens.iter().map(|len| RECORD_HEADER_LEN + len).sum::<usize>();
        let at = behind_snapshot + ((bytes.len() - behind_snapshot) as f64 * place) as usize;
        if cuts {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << bit;
        }
        fs::write(&path, &bytes).unwrap();
        let mut reader = Reader::open(dir.path(), Start::First).unwrap();
        let mut read = Vec::new();
        let damaged = loop {
            match reader.next_record() {
                Ok(Some(record)) => read.push(Owned::from(record)),
                Ok(None) => break false,
                Err(error) => break error.is_damage(),
            }
        };
        prop_assert_eq!(&read[..], &all[..read.len()]);
        prop_assert!(read.len() < all.len());
        prop_assert!(damaged != cuts || read.len() + 1 == all.len());
    }
}
