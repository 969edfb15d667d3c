//! The hash over decisions that makes two runs comparable.

use crate::record::Kind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::digest::common::hazmat::SerializableState;
use sha2::{Digest, Sha256};

/// Decisions between two `OutputHash` records.
pub const HASH_EVERY: u64 = 4096;

/// SHA-256 over (kind, kernel ts, payload) of the decisions so far; travels in Snapshots.
#[derive(Clone, Default)]
pub struct DecisionsHash {
    state: Sha256,
    count: u64,
}

impl std::fmt::Debug for DecisionsHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecisionsHash({} decisions)", self.count)
    }
}

impl DecisionsHash {
    /// Takes a decision in; true when an `OutputHash` is due.
    pub fn add(&mut self, kind: Kind, ts: i64, payload: &[u8]) -> bool {
        self.state.update([kind as u8]);
        self.state.update(ts.to_le_bytes());
        self.add_whole(payload)
    }

    /// As [`DecisionsHash::add`] for a decision whose three parts stand side by side: at once they are hashed in half the
    /// time.
    pub fn add_whole(&mut self, decision: &[u8]) -> bool {
        self.state.update(decision);
        self.count += 1;
        self.count.is_multiple_of(HASH_EVERY)
    }

    /// How many decisions it covers.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The hash so far.
    pub fn value(&self) -> [u8; 32] {
        self.state.clone().finalize().into()
    }
}

impl Serialize for DecisionsHash {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (self.state.serialize().to_vec(), self.count).serialize(s)
    }
}

impl<'de> Deserialize<'de> for DecisionsHash {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (raw, count) = <(Vec<u8>, u64)>::deserialize(d)?;
        let raw = raw.as_slice().try_into().map_err(|_| serde::de::Error::custom("hash state of a wrong length"))?;
        let state = Sha256::deserialize(raw).map_err(|_| serde::de::Error::custom("hash state that is none"))?;
        Ok(Self { state, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_plain_sha256_of_the_concatenation_and_survives_a_snapshot() {
        let mut hash = DecisionsHash::default();
        hash.add(Kind::Fill, 5, b"abc");
        let raw = postcard::to_stdvec(&hash).unwrap();
        let mut back: DecisionsHash = postcard::from_bytes(&raw).unwrap();
        hash.add(Kind::Fill, 6, b"defg");
        back.add(Kind::Fill, 6, b"defg");
        let mut all = vec![Kind::Fill as u8];
        all.extend(5i64.to_le_bytes());
        all.extend(b"abc");
        all.push(Kind::Fill as u8);
        all.extend(6i64.to_le_bytes());
        all.extend(b"defg");
        assert_eq!(hash.value(), back.value());
        assert_eq!(hash.value(), <[u8; 32]>::from(Sha256::digest(&all)));
    }
}
