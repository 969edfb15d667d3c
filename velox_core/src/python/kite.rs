//! Messages of Kite's ticker: into the core, or as Python dicts with the field names of the official client.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::core::Core;
use super::decode::put;
use crate::decode::DecodeError;
use crate::decode::kite::{self, Body, Full, INDICES, IndexQuote, Packet, Quote, Row};

/// India is five and a half hours ahead.
const IST_S: i64 = 19_800;

#[pymethods]
impl Core {
    /// Takes one message of Kite's ticker, each packet as `ingest` takes a frame; returns how many were ticks. What is no
    /// packet or tells no time is counted.
    fn ingest_kite(&self, py: Python<'_>, message: &[u8], recv_ns: i64) -> PyResult<u64> {
        let mut ticks = 0;
        for packet in kite::packets(message) {
            let mut inner = self.lock_outside_hooks()?;
            if let Some(tick) = inner.engine.take_kite(packet, recv_ns) {
                self.take(py, inner, &tick, recv_ns)?;
                ticks += 1;
            }
        }
        Ok(ticks)
    }
}

/// Decode one message of Kite's ticker: its packets as `ticks`, and as `error` the first that is none, or `None`.
#[pyfunction]
pub(super) fn decode_kite<'py>(py: Python<'py>, message: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let (ticks, mut first) = (PyList::empty(py), None);
    let mut packets = kite::packets(message);
    for packet in &mut packets {
        match packet {
            Ok(packet) => ticks.append(tick(py, &packet)?)?,
            Err(error) => first = first.or(Some(error)),
        }
    }
    let dict = PyDict::new(py);
    put!(&dict,
        "ticks": ticks,
        "error": first.map(|error| fault(py, error)).transpose()?,
    );
    if packets.unread_bytes() > 0 {
        put!(&dict, "trailing_bytes": packets.unread_bytes(),);
    }
    Ok(dict)
}

fn fault(py: Python<'_>, error: DecodeError) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    put!(&dict,
        "position": error.position,
        "reason": error.reason.to_string(),
    );
    Ok(dict)
}

fn tick<'py>(py: Python<'py>, packet: &Packet<'_>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let rupees = |raw: u32| f64::from(raw) / f64::from(kite::divisor(packet.segment()));
    put!(&dict,
        "tradable": packet.segment() != INDICES,
        "mode": mode(packet.body),
        "instrument_token": packet.instrument,
        "last_price": rupees(packet.last_price()),
    );
    match packet.body {
        Body::Ltp(_) => {}
        Body::IndexQuote(index) => put_index(&dict, index, rupees)?,
        Body::IndexFull(full) => {
            put_index(&dict, full.quote(), rupees)?;
            put!(&dict, "exchange_timestamp": time(full.exchange_time_s()),);
        }
        Body::Quote(quote) => put_quote(&dict, quote, rupees)?,
        Body::Full(full) => {
            put_quote(&dict, full.quote(), rupees)?;
            put_full(&dict, full, rupees)?;
        }
    }
    Ok(dict)
}

fn mode(body: Body<'_>) -> &'static str {
    match body {
        Body::Ltp(_) => "ltp",
        Body::IndexQuote(_) | Body::Quote(_) => "quote",
        Body::IndexFull(_) | Body::Full(_) => "full",
    }
}

fn put_index(dict: &Bound<'_, PyDict>, index: IndexQuote<'_>, rupees: impl Fn(u32) -> f64) -> PyResult<()> {
    let day = [index.open(), index.high(), index.low(), index.close()].map(&rupees);
    put_day(dict, rupees(index.last_price()), day)
}

fn put_quote(dict: &Bound<'_, PyDict>, quote: Quote<'_>, rupees: impl Fn(u32) -> f64) -> PyResult<()> {
    put!(dict,
        "last_traded_quantity": quote.last_quantity(),
        "average_traded_price": rupees(quote.average_price()),
        "volume_traded": quote.volume(),
        "total_buy_quantity": quote.total_buy_quantity(),
        "total_sell_quantity": quote.total_sell_quantity(),
    );
    let day = [quote.open(), quote.high(), quote.low(), quote.close()].map(&rupees);
    put_day(dict, rupees(quote.last_price()), day)
}

/// The change is in percent of the previous close, as the official client reckons it; what is sent is not shown.
fn put_day(dict: &Bound<'_, PyDict>, last: f64, [open, high, low, close]: [f64; 4]) -> PyResult<()> {
    let ohlc = PyDict::new(dict.py());
    put!(&ohlc,
        "open": open,
        "high": high,
        "low": low,
        "close": close,
    );
    put!(dict,
        "ohlc": ohlc,
        "change": if close > 0.0 { (last - close) * 100.0 / close } else { 0.0 },
    );
    Ok(())
}

fn put_full(dict: &Bound<'_, PyDict>, full: Full<'_>, rupees: impl Fn(u32) -> f64) -> PyResult<()> {
    let py = dict.py();
    let depth = PyDict::new(py);
    put!(&depth,
        "buy": side(py, full.buys(), &rupees)?,
        "sell": side(py, full.sells(), &rupees)?,
    );
    put!(dict,
        "last_trade_time": time(full.last_trade_time_s()),
        "oi": full.open_interest(),
        "oi_day_high": full.open_interest_high(),
        "oi_day_low": full.open_interest_low(),
        "exchange_timestamp": time(full.exchange_time_s()),
        "depth": depth,
    );
    Ok(())
}

/// All five rows, padding too, as the official client has them.
fn side(py: Python<'_>, rows: impl Iterator<Item = Row>, rupees: impl Fn(u32) -> f64) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for row in rows {
        let dict = PyDict::new(py);
        put!(&dict,
            "quantity": row.quantity,
            "price": rupees(row.price),
            "orders": row.orders,
        );
        list.append(dict)?;
    }
    Ok(list)
}

/// A time as the broker writes it, `2026-07-15T09:15:00` in India; `None` where the exchange gave none.
fn time(seconds: u32) -> Option<String> {
    if seconds == 0 {
        return None;
    }
    let local = i64::from(seconds) + IST_S;
    let (days, rest) = (local / 86_400, local % 86_400);
    let (year, month, day) = date(days);
    Some(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60))
}

/// Year, month and day of a count of days since 1970: years begin in March here, so that a leap day is a year's last.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + i64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, day)
}
