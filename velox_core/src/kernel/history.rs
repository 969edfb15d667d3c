//! A bounded history of a few columns; every window of a column is one contiguous slice.
//!
//! New rows go behind the old ones; when the room is used up, the newest rows move to its front. So a row is written
//! once, and once more in 128.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// How many rows are kept.
pub const HISTORY: usize = 128;
/// Rows that fit into a column before the newest move to its front.
const ROOM: usize = 2 * HISTORY;

/// The newest `HISTORY` rows of something.
///
/// A Snapshot holds the windows alone: what a history did before does not change its bytes.
#[derive(Clone, Debug)]
pub struct History {
    values: Values,
    /// Where the next row goes.
    end: usize,
}

/// One column after the other.
#[derive(Clone, Debug)]
enum Values {
    Own(Box<[f64]>),
    /// With the copy of the state that a Snapshot is made of, until the next row: copying thousands of histories at once
    /// would hold the owner thread up for tens of milliseconds. Not shared always, because asking whether it still is
    /// takes an atomic operation, which waits for every write before it.
    Shared(Arc<Box<[f64]>>),
}

impl Values {
    #[inline]
    fn get(&self) -> &[f64] {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => values,
        }
    }

    #[inline]
    fn get_mut(&mut self) -> &mut [f64] {
        if let Self::Shared(values) = self {
            let shared = std::mem::take(values);
            *self = Self::Own(Arc::try_unwrap(shared).unwrap_or_else(|shared| (*shared).clone()));
        }
        match self {
            Self::Own(values) => values,
            Self::Shared(_) => unreachable!("it was just made its own"),
        }
    }

    fn share(&mut self) {
        if let Self::Own(values) = self {
            *self = Self::Shared(Arc::new(std::mem::take(values)));
        }
    }
}

impl History {
    /// An empty history of this many columns.
    pub fn new(columns: usize) -> Self {
        Self { values: Values::Own(vec![f64::NAN; columns * ROOM].into_boxed_slice()), end: 0 }
    }

    /// Makes the next copy cheap.
    pub fn share(&mut self) {
        self.values.share();
    }

    /// How many columns it has.
    #[inline]
    pub fn columns(&self) -> usize {
        self.values.get().len() / ROOM
    }

    /// Adds the newest row: a value for each column; what a longer row has beyond them is ignored.
    #[inline]
    pub fn push(&mut self, row: &[f64]) {
        let values = self.values.get_mut();
        if self.end == ROOM {
            let kept = HISTORY - 1;
            values.chunks_exact_mut(ROOM).for_each(|column| column.copy_within(ROOM - kept.., 0));
            self.end = kept;
        }
        for (column, value) in values.chunks_exact_mut(ROOM).zip(row) {
            column[self.end] = *value;
        }
        self.end += 1;
    }

    /// The value of a column `back` rows before the newest; NaN beyond what is kept.
    #[inline]
    pub fn get(&self, column: usize, back: usize) -> f64 {
        if back < self.end.min(HISTORY) { self.values.get()[column * ROOM + self.end - 1 - back] } else { f64::NAN }
    }

    /// Everything kept of a column, oldest first.
    pub fn window(&self, column: usize) -> &[f64] {
        let end = column * ROOM + self.end;
        &self.values.get()[end - self.end.min(HISTORY)..end]
    }
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq((0..self.columns()).map(|column| Window(self.window(column))))
    }
}

/// A window as little-endian bytes: thousands of them are written at once, and whole they go fast.
struct Window<'a>(&'a [f64]);

impl Serialize for Window<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut bytes = [0; 8 * HISTORY];
        for (at, value) in bytes.as_chunks_mut().0.iter_mut().zip(self.0) {
            *at = value.to_le_bytes();
        }
        s.serialize_bytes(&bytes[..8 * self.0.len()])
    }
}

/// A column that a window was read into, and the window's length.
struct Column(Vec<f64>, usize);

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Column;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {HISTORY} values of eight bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Column, E> {
                let (values, rest) = bytes.as_chunks();
                if values.len() > HISTORY || !rest.is_empty() {
                    return Err(E::invalid_length(bytes.len(), &self));
                }
                let mut column = vec![f64::NAN; ROOM];
                for (at, value) in column.iter_mut().zip(values) {
                    *at = f64::from_le_bytes(*value);
                }
                Ok(Column(column, values.len()))
            }
        }
        d.deserialize_bytes(Bytes)
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let columns = Vec::<Column>::deserialize(d)?;
        let end = columns.first().map_or(0, |column| column.1);
        if columns.iter().any(|column| column.1 != end) {
            return Err(D::Error::custom("columns of one history differ in length"));
        }
        Ok(Self { values: Values::Own(columns.into_iter().flat_map(|column| column.0).collect()), end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_is_contiguous_and_newest_last() {
        let mut history = History::new(2);
        assert!(history.window(1).is_empty() && history.get(0, 0).is_nan());
        for i in 0..(HISTORY * 5 + 7) {
            history.push(&[i as f64, -(i as f64)]);
            for (column, sign) in [(0, 1.0), (1, -1.0)] {
                let window = history.window(column);
                let oldest = (i + 1).saturating_sub(HISTORY);
                let expected: Vec<f64> = (oldest..=i).map(|v| sign * v as f64).collect();
                assert_eq!(window.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), bits(&expected));
                assert_eq!(history.get(column, window.len() - 1).to_bits(), window[0].to_bits());
                assert!(history.get(column, window.len()).is_nan());
            }
        }
    }

    #[test]
    fn its_bytes_are_those_of_its_windows_whatever_went_before() {
        let mut long = History::new(1);
        (0..1_000).for_each(|i| long.push(&[f64::from(i)]));
        let raw = postcard::to_stdvec(&long).unwrap();
        let mut back: History = postcard::from_bytes(&raw).unwrap();
        assert_eq!(postcard::to_stdvec(&back).unwrap(), raw);
        back.push(&[7.0]);
        long.push(&[7.0]);
        assert_eq!(bits(back.window(0)), bits(long.window(0)));
    }

    #[test]
    fn a_copy_keeps_what_it_was_made_of_and_the_original_goes_on() {
        let mut history = History::new(1);
        (0..3).for_each(|i| history.push(&[f64::from(i)]));
        history.share();
        let copy = history.clone();
        history.push(&[3.0]);
        assert_eq!(bits(copy.window(0)), bits(&[0.0, 1.0, 2.0]));
        assert_eq!(bits(history.window(0)), bits(&[0.0, 1.0, 2.0, 3.0]));
        history.share();
        drop(copy);
        history.push(&[4.0]);
        assert_eq!(history.window(0).len(), 5);
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|v| v.to_bits()).collect()
    }
}
