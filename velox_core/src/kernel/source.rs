//! What a node follows: a field of its candles or of others, an output of an earlier node, or a number.

use super::candle::Series;
use super::{Kernel, Node};
use crate::indicators::Input;
use serde::{Deserialize, Serialize};

/// A field of a candle, in the order of a series' history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the market's words
pub enum Field {
    Open,
    High,
    Low,
    Close,
    Volume,
}

impl Field {
    /// The field with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "open" => Self::Open,
            "high" => Self::High,
            "low" => Self::Low,
            "close" => Self::Close,
            "volume" => Self::Volume,
            _ => return None,
        })
    }

    #[inline]
    fn of(self, candle: &Input) -> f64 {
        match self {
            Self::Open => candle.open,
            Self::High => candle.high,
            Self::Low => candle.low,
            Self::Close => candle.close,
            Self::Volume => candle.volume,
        }
    }
}

/// What a node follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// A field of the candle that closes.
    Field(Field),
    /// A field of the newest closed candle of a series.
    Other(u32, Field),
    /// An output of a node.
    Node(u32, u8),
    /// A number; NaN where there is nothing.
    Number(f64),
}

impl Source {
    /// Reads what a record says: `close`, `series:4:close`, `node:3:0`, `number:2.5`, or nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(':');
        let read = match (words.next()?, words.next(), words.next()) {
            ("", None, None) => Self::Number(f64::NAN),
            (field, None, None) => Self::Field(Field::parse(field)?),
            ("series", Some(series), Some(field)) => Self::Other(series.parse().ok()?, Field::parse(field)?),
            ("node", Some(node), Some(output)) => Self::Node(node.parse().ok()?, output.parse().ok()?),
            ("number", Some(number), None) => Self::Number(number.parse().ok().filter(|n: &f64| n.is_finite())?),
            _ => return None,
        };
        words.next().is_none().then_some(read)
    }

    /// Its value, where this candle is the one that closes.
    #[inline]
    pub(super) fn value(self, candle: &Input, nodes: &[Node], series: &[Series]) -> f64 {
        match self {
            Self::Field(field) => field.of(candle),
            Self::Other(id, field) => series[id as usize].history.get(field as usize, 0),
            Self::Node(id, output) => nodes[id as usize].values[usize::from(output)],
            Self::Number(number) => number,
        }
    }
}

impl Kernel {
    /// The value of a source on unfinished candles; `own` is the series of the node which asks.
    pub(super) fn forming_value(&self, source: Source, own: u32) -> f64 {
        match source {
            Source::Field(field) => self.forming_value(Source::Other(own, field), own),
            Source::Other(series, field) => match self.forming_candle(series) {
                Some(candle) => field.of(&candle.input(&self.span(series))),
                None => self.series[series as usize].history.get(field as usize, 0),
            },
            Source::Node(node, output) => self.forming(node)[usize::from(output)],
            Source::Number(number) => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_reads_as_it_is_spelled_and_nothing_else_does() {
        assert_eq!(Source::parse("close"), Some(Source::Field(Field::Close)));
        assert_eq!(Source::parse("series:4:high"), Some(Source::Other(4, Field::High)));
        assert_eq!(Source::parse("node:3:1"), Some(Source::Node(3, 1)));
        assert_eq!(Source::parse("number:-2.5e-3"), Some(Source::Number(-0.0025)));
        assert!(matches!(Source::parse(""), Some(Source::Number(n)) if n.is_nan()));
        for wrong in ["Close", "series:close", "node:3", "node:3:1:2", "node:-1:0", "number:nan", "number:inf", ":"] {
            assert_eq!(Source::parse(wrong), None, "{wrong}");
        }
    }
}
