"""The core alone, in Rust from end to end: the hot path, risk, the journal and a replica."""

from collections.abc import Mapping
from typing import Any

from velox.bench.figure import Lab, Sample
from velox.bench.machine import file_system
from velox_core._core import Bench

__all__ = ["core_tick", "journal_append", "journal_sync", "replica", "risk_check"]

_INSTRUMENTS = 1_000
_GAP_MS = 1  # 1,000 ticks/s of market time: one a second in each instrument, so candles close at real rates
_TICKS = 2_000_000
_WARM_UP = 300_000
_NS_PER_US = 1_000


def core_tick(lab: Lab) -> Sample:
    """The hot path with its journal, and the same without one."""
    ticks, warm_up = lab.count(_TICKS), lab.count(_WARM_UP)
    told = Bench.core_tick(lab.folder, _INSTRUMENTS, _GAP_MS, warm_up, ticks)
    bare = Bench.core_tick(None, _INSTRUMENTS, _GAP_MS, warm_up, ticks)
    return Sample(
        fields=_block_fields(told),
        beside={"without_journal_processor": bare["processor"], "without_journal_p50": bare["p50"]},
        facts={
            "output_hash": told["hash"],
            "same_hash_without_journal": int(told["hash"] == bare["hash"]),
            "ticks": told["count"],
            "candles_closed": told["candles"],
            "instruments": _INSTRUMENTS,
            "longest_block_ns": told["longest_block_ns"],
            "snapshot_copy_ns": told["rotation"]["mean"],
            "snapshot_copy_processor_ns": told["rotation"]["processor"],
            **_stages(told["stages"]),
        },
    )


def risk_check(lab: Lab) -> Sample:
    """Gathering what the rules look at and all 23 rules, ten strategies with an order each."""
    told = Bench.risk_check(lab.count(1_000_000, 1_000))
    return Sample(_block_fields(told), facts={"approved": told["approved"], "refused": told["refused"]})


def journal_append(lab: Lab) -> Sample:
    """A tick record of 198 bytes into the journal; beside it the copy and the checksum of so many bytes."""
    told = Bench.journal_append(lab.folder, lab.count(1_000_000, 2_000))
    beside = {"copy_p50": told["copy"]["p50"], "checksum_p50": told["checksum"]["p50"]}
    return Sample(_block_fields(told["append"]), beside, {"file_system": file_system(lab.folder)})


def journal_sync(lab: Lab) -> Sample:
    """An intent made durable while 50,000 ticks/s flow; beside it a bare fdatasync of so many bytes."""
    told = Bench.journal_sync(lab.folder, lab.count(1_000, 5))
    late = told["late"]
    return Sample(
        fields={name: told["durable"][name] / _NS_PER_US for name in ("p50", "p99", "p999", "max")},
        beside={f"fdatasync_{name}": told["bare"][name] / _NS_PER_US for name in ("p50", "p99")},
        facts={
            "file_system": file_system(lab.folder),
            "intents": told["durable"]["count"],
            "ticks_late_p99_us": late["p99"] // _NS_PER_US,
            "ticks_late_max_us": late["max"] // _NS_PER_US,
            "undisturbed": int(late["p999"] < 1_000_000),
        },
    )


def replica(lab: Lab) -> Sample:
    """The journal of the hot path through a replica's kernel, without and with a look at each decision."""
    Bench.core_tick(lab.folder, _INSTRUMENTS, _GAP_MS, 0, lab.count(_TICKS))
    plain, verified = Bench.replica(lab.folder, verify=False), Bench.replica(lab.folder, verify=True)
    return Sample(
        fields={"ticks_per_s": _rate(plain, "ns"), "per_processor_s": _rate(plain, "processor_ns")},
        beside={"verifying_ticks_per_s": _rate(verified, "ns")},
        facts={"ticks": plain["ticks"], "records": plain["records"], "output_hash": plain["hash"]},
    )


def _block_fields(told: Mapping[str, Any]) -> dict[str, float]:
    return {name: told[name] for name in ("processor", "mean", "p50", "p99")}


def _stages(stages: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {f"stage_{name}_{at}": told[at] for name, told in stages.items() for at in ("p50", "p99")}


def _rate(told: Mapping[str, Any], clock: str) -> float:
    return float(told["ticks"] / max(1, told[clock]) * 1e9)
