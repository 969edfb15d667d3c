//! The state for people: what a demo prints, a replay compares and a live view shows.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::core::{Core, money};
use super::views::known;
use crate::fixed::to_float;
use crate::kernel::{Kernel, Trading};
use crate::record::Verdict;

macro_rules! dict {
    ($py:expr, $($name:literal: $value:expr),* $(,)?) => {{
        let dict = PyDict::new($py);
        $(dict.set_item(pyo3::intern!($py, $name), $value)?;)*
        dict
    }};
}
pub(super) use dict;

/// Hex digits of a hash.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|d| char::from_digit(u32::from(d), 16)).collect()
}

fn trading(state: Trading) -> &'static str {
    match state {
        Trading::Active => "active",
        Trading::LossStopped => "loss_stopped",
        Trading::DrawdownStopped => "drawdown_stopped",
        Trading::Halted => "halted",
        Trading::ProfitLocked => "profit_locked",
    }
}

fn instances<'py>(py: Python<'py>, kernel: &Kernel) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for i in &kernel.instances {
        let market = &kernel.markets[i.instrument as usize];
        let gross = i.book.realised() + i.book.unrealised(market.last);
        list.append(dict!(py,
            "id": i.id,
            "name": &i.name,
            "instrument": &market.def.name,
            "started_on": i.started_on,
            "orders": i.orders,
            "fills": i.fills,
            "round_trips": i.trades,
            "quantity": i.book.quantity(),
            "average": known(i.book.average()),
            "stop": known(i.protection.stop),
            "gross_pnl": money(gross),
            "dividends": money(i.dividends),
            "charges": money(i.charges.total()),
            "net_pnl": money(gross - i.charges.total()),
            "trading": trading(i.trading),
            "faulted": i.faulted,
            "running": i.running,
            "ready": i.ready,
            "account": &kernel.accounts[i.account as usize].def.name,
            "kill": i.kill,
            "waiting": kernel.waiting_orders(i.id),
            "limited": kernel.accounts[i.account as usize].own_limits.contains_key(&i.id),
        ))?;
    }
    Ok(list)
}

fn accounts<'py>(py: Python<'py>, kernel: &Kernel) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for a in &kernel.accounts {
        let id = a.def.id;
        let c = &a.charges;
        list.append(dict!(py,
            "name": &a.def.name,
            "venue": &a.def.venue,
            "capital": to_float(a.def.capital),
            "equity": money(kernel.equity(id)),
            "realised": money(a.realised()),
            "unrealised": money(kernel.unrealised(id)),
            "dividends": money(a.dividends),
            "charges": money(c.total()),
            "charges_by_line": dict!(py,
                "brokerage": money(c.brokerage), "stt": money(c.stt), "transaction": money(c.transaction),
                "sebi": money(c.sebi), "stamp": money(c.stamp), "gst": money(c.gst)),
            "margin": money(kernel.margin_used(id, None)),
            "kill": a.kill,
            "blocked": a.blocked.iter().map(|m| kernel.markets[*m as usize].def.name.as_str()).collect::<Vec<_>>(),
            "skipped": a.skipped,
            "trading": trading(a.trading),
            "limited": a.desks.keys().map(|m| kernel.markets[*m as usize].def.name.as_str()).collect::<Vec<_>>(),
        ))?;
    }
    Ok(list)
}

/// Everything that a report says of a state.
pub(super) fn summary<'py>(py: Python<'py>, kernel: &Kernel) -> PyResult<Bound<'py, PyDict>> {
    let verdicts = PyDict::new(py);
    for verdict in Verdict::ALL {
        verdicts.set_item(verdict.name(), kernel.verdicts[verdict as usize])?;
    }
    Ok(dict!(py,
        "now_ns": kernel.now,
        "session_date": kernel.facts.as_ref().map(|f| f.session_date),
        "date_before": (kernel.date_before > 0).then_some(kernel.date_before),
        "acted": kernel.acted.clone(),
        "end_ns": kernel.facts.as_ref().map(|f| f.end_ns),
        "notes": kernel.facts.as_ref().map(|f| f.notes.clone()),
        "ticks": kernel.ticks(),
        "skipped_ticks": kernel.skipped_ticks,
        "verdicts": verdicts,
        "candles": kernel.candles_closed,
        "decisions": kernel.hash.count(),
        "decisions_hash": hex(&kernel.hash.value()),
        "open_orders": kernel.orders.iter().count(),
        "strategies": instances(py, kernel)?,
        "accounts": accounts(py, kernel)?,
    ))
}

#[pymethods]
impl Core {
    /// Everything that a report says of the state now.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let inner = self.lock()?;
        let out = summary(py, &inner.engine.kernel)?;
        let histograms = PyDict::new(py);
        for (name, [count, p50, p90, p99, p999, max]) in inner.engine.stages.summary() {
            let row =
                dict!(py, "count": count, "p50_ns": p50, "p90_ns": p90, "p99_ns": p99, "p999_ns": p999, "max_ns": max);
            histograms.set_item(name, row)?;
        }
        out.set_item("histograms", histograms)?;
        let told = out.as_any().get_item("strategies")?;
        for (i, strategy) in inner.engine.kernel.instances.iter().zip(told.try_iter()?) {
            let (cost, strategy) = (inner.conduct.cost(i.id), strategy?);
            strategy.set_item("overruns", cost.overruns)?;
            strategy.set_item("longest_hook_us", cost.longest.as_micros() as u64)?;
        }
        out.set_item("undecodable", inner.engine.undecodable)?;
        Ok(out)
    }

    /// What owners of strategies should read since the last call: (kernel time ns, instance, code, sentence).
    fn take_notes(&self) -> PyResult<Vec<crate::engine::Note>> {
        Ok(self.lock_outside_hooks()?.engine.notes.drain(..).collect())
    }

    /// Last quote and day of every instrument, for a live view.
    fn markets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let inner = self.lock()?;
        let list = PyList::empty(py);
        for m in &inner.engine.kernel.markets {
            let closed: u32 = m.frames.iter().map(|f| inner.engine.kernel.series[f.series as usize].session_n).sum();
            list.append(dict!(py,
                "name": &m.def.name,
                "last": known(m.last),
                "bid": known(m.bid.price),
                "ask": known(m.ask.price),
                "open": known(m.day.open),
                "high": known(m.day.high),
                "low": known(m.day.low),
                "volume": m.run_volume,
                "exch_ns": m.last_ts,
                "candles": closed,
            ))?;
        }
        Ok(list)
    }

    /// What became of a command: `done`, `working`, `flat`, `not_flat`; None for an unknown key.
    fn command_state(&self, key: &str) -> PyResult<Option<String>> {
        self.read(|kernel| kernel.command_state(key).map(str::to_owned))
    }

    /// The sentence that goes with the state of a command.
    fn command_sentence(&self, key: &str) -> PyResult<Option<String>> {
        self.read(|kernel| kernel.command_sentence(key).map(str::to_owned))
    }

    /// How the journal's writer does: records, bytes, syncs, stalls; None without a journal.
    fn journal_stats<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let inner = self.lock()?;
        let Some(journal) = inner.engine.journal() else { return Ok(None) };
        let s = journal.stats();
        Ok(Some(dict!(py,
            "bytes": s.bytes, "writes": s.writes, "syncs": s.syncs, "sync_ns_max": s.sync_ns_max,
            "stalls": s.stalls, "stall_ns": s.stall_ns, "written": journal.written_seq(), "synced": journal.synced_seq())))
    }

    /// What recovery found; None for a core that began a journal.
    fn recovery<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let Some(r) = &self.recovered else { return Ok(None) };
        let inner = self.lock()?;
        let before = inner.engine.mark().map(crate::mark::Mark::before).unwrap_or_default();
        Ok(Some(dict!(py,
            "inputs": r.inputs,
            "last_seq": r.journal.last_seq,
            "decisions_rewritten": r.cut_off.len(),
            "torn": r.journal.torn.as_ref().map(super::replay::describe_torn),
            "synced_but_lost": r.journal.synced_but_lost(),
            "hooks_in_flight": r.lost_hooks.clone(),
            "skipped": r.skipped.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
            "died_at_seq": before.seq,
            "died_applying": before.phase == 1,
            "died_in_hook_of": (before.phase == 2).then_some(before.instance))))
    }

    /// Watches hooks of the calling thread: an exception after `budget_ms`, the process's end after `hard_ms`;
    /// those above `overrun_us` are counted.
    #[pyo3(signature = (budget_ms, hard_ms, *, overrun_us))]
    fn start_watchdog(&self, budget_ms: u64, hard_ms: u64, overrun_us: u64) -> PyResult<()> {
        let ms = std::time::Duration::from_millis;
        self.watchdog.start(ms(budget_ms), ms(hard_ms));
        self.lock_outside_hooks()?.conduct.budget(std::time::Duration::from_micros(overrun_us));
        Ok(())
    }

    /// Whether a hook runs.
    fn in_hook(&self) -> bool {
        self.watchdog.is_in_hook()
    }

    /// From now on `callback` is called, once and between two records, when hooks made the process grow by so much.
    fn on_memory(&self, headroom_mb: u32, callback: Py<PyAny>) -> PyResult<()> {
        let mut inner = self.lock_outside_hooks()?;
        inner.conduct.headroom(i64::from(headroom_mb) << 20);
        inner.on_memory = Some(callback);
        Ok(())
    }

    /// Whether the process has grown by more than its headroom.
    fn is_memory_full(&self) -> PyResult<bool> {
        Ok(self.lock()?.conduct.look())
    }

    /// From now on a panic ends the process at once (by abort), whoever might catch it.
    fn exit_on_panic(&self) -> PyResult<()> {
        self.lock()?.engine.exit_on_panic = true;
        Ok(())
    }

    /// The instance whose hooks made the process grow, with bytes; None when nobody's can be shown to have.
    fn memory_culprit(&self) -> PyResult<Option<(u32, i64)>> {
        Ok(self.lock()?.conduct.culprit())
    }

    /// Makes the core panic at a sequence: the planted fault of the recovery tests.
    fn plant_panic(&self, seq: u64) -> PyResult<()> {
        self.lock_outside_hooks()?.engine.plant_panic(seq);
        Ok(())
    }

    /// Has everything so far made durable within the journal's pace.
    fn request_sync(&self) -> PyResult<()> {
        self.lock()?.engine.request_sync().map_err(super::errors::raise)
    }

    /// Names of the instances with their numbers, for a host that attaches again after recovery.
    fn instances(&self) -> PyResult<Vec<(u32, String, bool, bool)>> {
        self.read(|k| k.instances.iter().map(|i| (i.id, i.name.clone(), i.running, i.faulted)).collect())
    }
}
