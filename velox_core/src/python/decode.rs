//! Decoded frames as Python dicts with the field names of the official client.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::decode;
use crate::decode::smartapi::{Body, Depth20, DepthRow, Packet, Quote, Row, SnapQuote};

/// A frame that is no packet: `position` is the first byte that is wrong or missing, `reason` says why.
#[pyclass(extends = PyValueError, frozen, module = "velox_core")]
pub(super) struct DecodeError {
    #[pyo3(get)]
    position: usize,
    #[pyo3(get)]
    reason: String,
}

#[pymethods]
impl DecodeError {
    #[new]
    fn new(position: usize, reason: String) -> Self {
        DecodeError { position, reason }
    }

    fn __str__(&self) -> String {
        format!("byte {}: {}", self.position, self.reason)
    }
}

impl From<decode::DecodeError> for PyErr {
    fn from(error: decode::DecodeError) -> PyErr {
        PyErr::new::<DecodeError, _>((error.position, error.reason.to_string()))
    }
}

/// Set fields of a dict under names that are made once.
macro_rules! put {
    ($dict:expr, $($name:literal: $value:expr,)*) => {{
        let dict = $dict;
        $(dict.set_item(pyo3::intern!(dict.py(), $name), $value)?;)*
    }};
}

pub(super) use put;

/// Decode one SMART API WebSocket V2 frame; prices stay in wire units. Raises `DecodeError`.
#[pyfunction]
pub(super) fn decode_smartapi<'py>(py: Python<'py>, frame: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let packet = decode::smartapi::decode(frame)?;
    let dict = PyDict::new(py);
    put!(&dict,
        "subscription_mode": packet.mode as u8,
        "exchange_type": packet.exchange_type,
        "token": packet.token(),
    );
    match packet.body {
        Body::Depth20(depth) => put_depth(&dict, &packet, depth)?,
        Body::Ltp(ltp) => put_head(&dict, &packet, ltp.last_price(), "LTP")?,
        Body::Quote(quote) => {
            put_head(&dict, &packet, quote.last_price(), "QUOTE")?;
            put_quote(&dict, quote)?;
        }
        Body::SnapQuote(snap) => {
            put_head(&dict, &packet, snap.quote().last_price(), "SNAP_QUOTE")?;
            put_quote(&dict, snap.quote())?;
            put_snap(&dict, snap)?;
        }
    }
    if packet.trailing_bytes > 0 {
        put!(&dict, "trailing_bytes": packet.trailing_bytes,);
    }
    Ok(dict)
}

fn put_head(dict: &Bound<'_, PyDict>, packet: &Packet<'_>, last_price: i64, mode: &str) -> PyResult<()> {
    put!(dict,
        "sequence_number": packet.sequence,
        "exchange_timestamp": packet.exchange_time_ms,
        "last_traded_price": last_price,
        "subscription_mode_val": mode,
    );
    Ok(())
}

fn put_quote(dict: &Bound<'_, PyDict>, quote: Quote<'_>) -> PyResult<()> {
    put!(dict,
        "last_traded_quantity": quote.last_quantity(),
        "average_traded_price": quote.average_price(),
        "volume_trade_for_the_day": quote.volume(),
        "total_buy_quantity": quote.total_buy_quantity(),
        "total_sell_quantity": quote.total_sell_quantity(),
        "open_price_of_the_day": quote.open(),
        "high_price_of_the_day": quote.high(),
        "low_price_of_the_day": quote.low(),
        "closed_price": quote.close(),
    );
    Ok(())
}

/// The official decoder keeps padding rows of a side that is empty; only a book of nothing but padding is none.
fn put_snap(dict: &Bound<'_, PyDict>, snap: SnapQuote<'_>) -> PyResult<()> {
    let side = |buy: bool| -> PyResult<Bound<'_, PyList>> {
        let list = PyList::empty(dict.py());
        if snap.has_book() {
            for row in snap.rows().filter(|row| row.is_buy() == buy) {
                list.append(snap_row(dict.py(), &row)?)?;
            }
        }
        Ok(list)
    };
    put!(dict,
        "last_traded_timestamp": snap.last_trade_time_s(),
        "open_interest": snap.open_interest(),
        "open_interest_change_percentage": snap.open_interest_change(),
        "upper_circuit_limit": snap.upper_circuit(),
        "lower_circuit_limit": snap.lower_circuit(),
        "52_week_high_price": snap.year_high(),
        "52_week_low_price": snap.year_low(),
        "best_5_buy_data": side(true)?,
        "best_5_sell_data": side(false)?,
    );
    Ok(())
}

fn snap_row<'py>(py: Python<'py>, row: &Row) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    put!(&dict,
        "flag": row.flag,
        "quantity": row.quantity,
        "price": row.price,
        "no of orders": row.orders,
    );
    Ok(dict)
}

fn put_depth(dict: &Bound<'_, PyDict>, packet: &Packet<'_>, depth: Depth20<'_>) -> PyResult<()> {
    let has_book = depth.has_book();
    put!(dict,
        "exchange_timestamp": packet.exchange_time_ms,
        "packet_received_time": depth.received_time_ms(),
        "depth_20_buy_data": depth_side(dict.py(), depth.buys().filter(|_| has_book))?,
        "depth_20_sell_data": depth_side(dict.py(), depth.sells().filter(|_| has_book))?,
    );
    Ok(())
}

fn depth_side(py: Python<'_>, rows: impl Iterator<Item = DepthRow>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for row in rows {
        let dict = PyDict::new(py);
        put!(&dict,
            "quantity": row.quantity,
            "price": row.price,
            "num_of_orders": row.orders,
        );
        list.append(dict)?;
    }
    Ok(list)
}
