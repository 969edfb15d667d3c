//! Bytes read as choices: every value of a made-up day comes out of here, and the end reads as zeros.

/// Numbers at the edges of what the kernel reckons with.
const EDGES: [i64; 12] = [
    i64::MIN,
    i64::MAX,
    -1,
    0,
    1,
    1_000_000_000_000_000,
    1_000_000_000_000_001,
    4_000_000_000_000_000_000,
    4_000_000_000_000_000_001,
    1_784_087_100_000_000_000,
    10_000_000_000,
    5_000_000,
];
const FLOAT_EDGES: [f64; 12] =
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, -1.0, 1e300, 1e-300, 100.0, 1.0, 9.3e9, 1e7];

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// Reads from the front.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: u8) -> u8 {
        self.byte() % n
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// From −128 to 127.
    pub fn small(&mut self) -> i64 {
        i64::from(self.byte() as i8)
    }

    /// From 0 to 65,535.
    pub fn medium(&mut self) -> i64 {
        i64::from(self.byte()) << 8 | i64::from(self.byte())
    }

    /// The next `n` bytes, or what there is.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (front, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        front
    }

    /// Any number, the edges more often than others.
    pub fn odd(&mut self) -> i64 {
        let choice = usize::from(self.below(16));
        match EDGES.get(choice) {
            Some(edge) => *edge,
            None if choice < 14 => self.medium() * 5_000_000,
            None => self.word(),
        }
    }

    /// Any float, the edges more often than others.
    pub fn float(&mut self) -> f64 {
        let choice = usize::from(self.below(16));
        match FLOAT_EDGES.get(choice) {
            Some(edge) => *edge,
            None if choice < 15 => self.medium() as f64 / 200.0,
            None => f64::from_bits(self.word() as u64),
        }
    }

    fn word(&mut self) -> i64 {
        let mut raw = [0; 8];
        let front = self.take(8);
        raw[..front.len()].copy_from_slice(front);
        i64::from_le_bytes(raw)
    }
}
