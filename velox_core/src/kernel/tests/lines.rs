//! Decisions as short lines, so that a test can hold whole decisions against what it expects.

use super::day::MIDNIGHT;
use crate::kernel::candle::{FLAG_GAP, FLAG_WITHOUT_PREOPEN};
use crate::kernel::size::show;
use crate::record::{Kind, Verdict};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

/// Any `MessagePack` value that decisions hold.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Int(i64),
    Text(String),
    List(Vec<Value>),
}

impl Value {
    pub(super) fn int(&self) -> i64 {
        match self {
            Self::Int(value) => *value,
            Self::Text(_) | Self::List(_) => panic!("{self:?} is no number"),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Int(_) | Self::List(_) => panic!("{self:?} is no text"),
        }
    }

    pub(super) fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            Self::Int(_) | Self::Text(_) => panic!("{self:?} is no list"),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number, a text or a list")
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Value, E> {
                Ok(Value::Int(v))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Value, E> {
                i64::try_from(v).map(Value::Int).map_err(E::custom)
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Value, E> {
                Ok(Value::Text(v.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Value::List(list))
            }
        }
        d.deserialize_any(Any)
    }
}

pub(super) fn fields(payload: &[u8]) -> Vec<Value> {
    rmp_serde::from_slice::<Value>(payload).unwrap().list().to_vec()
}

/// `09:15:01.5` of a time on the made-up day.
pub(super) fn clock(ts: i64) -> String {
    let ms = (ts - MIDNIGHT) / 1_000_000;
    let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
    let part = if ms > 0 { format!(".{ms:03}").trim_end_matches('0').to_owned() } else { String::new() };
    format!("{h:02}:{m:02}:{s:02}{part}")
}

fn i64_at(payload: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(payload[at..at + 8].try_into().unwrap())
}

fn u32_at(payload: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(payload[at..at + 4].try_into().unwrap())
}

/// `1.0` names the order of the first intent, `1.1` its first exit.
fn order_name(id: &Value) -> String {
    format!("{}.{}", id.list()[0].list()[2].int(), id.list()[1].int())
}

/// One decision; `None` for the rolling hash.
pub(super) fn line(kind: Kind, ts: i64, payload: &[u8]) -> Option<String> {
    Some(match kind {
        Kind::TickVerdict => format!("tick {}", Verdict::ALL[usize::from(payload[4])].name()),
        Kind::CandleClosed => {
            let [open, high, low, close] = [16, 24, 32, 40].map(|at| show(i64_at(payload, at)));
            let flags = u32_at(payload, 60);
            let gap = if flags & FLAG_GAP == 0 { "" } else { " gap" };
            let without = if flags & FLAG_WITHOUT_PREOPEN == 0 { "" } else { " without the pre-open" };
            format!(
                "candle {}s {} at {}: {open} {high} {low} {close} volume {} ticks {}{gap}{without}",
                u32_at(payload, 4),
                clock(i64_at(payload, 8)),
                clock(ts),
                i64_at(payload, 48),
                u32_at(payload, 56)
            )
        }
        Kind::NodesAligned => format!("aligned {}", clock(i64_at(payload, 6))),
        Kind::OutputHash => return None,
        Kind::OrderEvent
        | Kind::RiskVerdict
        | Kind::Fill
        | Kind::PositionChanged
        | Kind::AccountMark
        | Kind::ExitEvent
        | Kind::StrategyEvent
        | Kind::CommandResult
        | Kind::Delivery
        | Kind::ActionBooked
        | Kind::Netted
        | Kind::BrokerRequest => in_words(kind, &fields(payload)),
        other => panic!("{} is no decision", other.name()),
    })
}

fn in_words(kind: Kind, f: &[Value]) -> String {
    let price = |at: usize| show(f[at].int());
    match kind {
        Kind::OrderEvent => {
            let units = f[4].int() * f[5].int();
            let reason = if f[9].text().is_empty() { String::new() } else { format!(" ({})", f[9].text()) };
            let name = order_name(&f[0]);
            format!("{name} {} {units:+} @{} {}{reason}", f[8].text(), price(7), f[1].text())
        }
        Kind::RiskVerdict => format!("{} {} {}/{}", f[1].text(), f[2].text(), f[4].int(), f[5].int()),
        Kind::Fill => {
            let units = f[3].int() * f[4].int();
            format!("fill {} {} {units:+} @{}", order_name(&f[0]), f[6].text(), price(5))
        }
        Kind::PositionChanged => format!("position {:+} @{} realised {}", f[3].int(), price(4), price(5)),
        Kind::AccountMark => format!("mark equity {} drawdown {} margin {}", price(1), price(5), price(6)),
        Kind::ExitEvent => format!("{} stop {} target {}", f[2].text(), price(3), price(4)),
        Kind::Delivery => format!(
            "delivered {:+} stt {} stamp {} brokerage {} gst {}",
            f[3].int(),
            price(5),
            price(8),
            price(4),
            price(9)
        ),
        Kind::ActionBooked => {
            format!("action {:+} of {:+} dividend {} fraction {}", f[7].int(), f[6].int(), price(8), price(9))
        }
        Kind::Netted => {
            let (buyer, seller) = (f[2].list()[0].list()[0].int(), f[3].list()[0].list()[0].int());
            format!("netted {} @{} from s{seller} to s{buyer}", f[4].int(), price(5))
        }
        Kind::BrokerRequest => {
            let units = f[6].int() * f[7].int();
            let trigger = if f[9].int() > 0 { format!(" trigger {}", price(9)) } else { String::new() };
            format!("{} {}#{} {units:+} @{}{trigger}", f[2].text(), order_name(&f[0]), f[1].int(), price(8))
        }
        Kind::StrategyEvent => format!("s{} {}", f[0].int(), f[1].text()),
        _ => format!("command {} {}", f[0].text(), f[1].text()),
    }
}
