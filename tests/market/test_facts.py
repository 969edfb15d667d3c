"""Sessions are resolved for their date, on both sides of each change, and refused where nothing is known."""

import datetime as dt
import hashlib
import subprocess
import sys

import msgspec
import pytest

from velox.errors import Refused
from velox.market import calendar, dated, facts, sessions
from velox.market.records import FactsLoaded, Phase

D = dt.date


def phases(day: dt.date, group: str) -> list[tuple[str, str]]:
    """The phases of a group as words, less the midnight one."""
    found = facts.load(day).group(group).phases
    return [(f"{sessions.ist_time(start):%H:%M}", Phase(phase).name) for start, phase in found[1:]]


OPENING = [("09:00", "PRE_OPEN"), ("09:15", "CONTINUOUS")]
PLAIN = [*OPENING, ("15:30", "TRANSITION"), ("15:40", "POST"), ("16:00", "CLOSED")]
PLAIN_LATER = [*OPENING, ("15:30", "TRANSITION"), ("15:50", "POST"), ("16:00", "CLOSED")]
WITH_AUCTION = [
    *OPENING,
    ("15:15", "TRANSITION"),
    ("15:20", "AUCTION"),
    ("15:35", "TRANSITION"),
    ("15:50", "POST"),
    ("16:00", "CLOSED"),
]


@pytest.mark.parametrize(
    ("day", "group", "expected"),
    [
        (D(2021, 4, 26), "cash", PLAIN),
        (D(2021, 4, 26), "cash-cas", PLAIN),
        (D(2021, 4, 26), "index", PLAIN),
        (D(2026, 7, 31), "cash-cas", PLAIN),
        (D(2026, 8, 3), "cash-cas", WITH_AUCTION),
        (D(2026, 8, 3), "cash", PLAIN_LATER),
        (D(2026, 8, 3), "index", PLAIN_LATER),
        (D(2026, 7, 31), "options", [("09:15", "CONTINUOUS"), ("15:30", "CLOSED")]),
        (D(2026, 8, 3), "options", [("09:15", "CONTINUOUS"), ("15:40", "CLOSED")]),
        (D(2026, 8, 3), "futures", [*OPENING, ("15:40", "CLOSED")]),
        (D(2021, 4, 26), "futures", [("09:15", "CONTINUOUS"), ("15:30", "CLOSED")]),
    ],
)
def test_phases_follow_the_rules_of_the_day(day: dt.date, group: str, expected: list[tuple[str, str]]) -> None:
    assert phases(day, group) == expected


def test_futures_have_a_pre_open_since_december_2025() -> None:
    before, since = (sessions.phase_group("futures", day, day) for day in (D(2025, 12, 5), D(2025, 12, 8)))
    at_nine = dt.time(9, 0)
    assert sessions.phase_at(before, calendar.ist_ns(D(2025, 12, 5), at_nine)) is Phase.CLOSED
    assert sessions.phase_at(since, calendar.ist_ns(D(2025, 12, 8), at_nine)) is Phase.PRE_OPEN


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (dt.time(0, 0), Phase.CLOSED),
        (dt.time(8, 59, 59, 999_999), Phase.CLOSED),
        (dt.time(9, 0), Phase.PRE_OPEN),
        (dt.time(9, 14, 59, 999_999), Phase.PRE_OPEN),
        (dt.time(9, 15), Phase.CONTINUOUS),
        (dt.time(15, 14, 59, 999_999), Phase.CONTINUOUS),
        (dt.time(15, 15), Phase.TRANSITION),
        (dt.time(15, 20), Phase.AUCTION),
        (dt.time(15, 34, 59, 999_999), Phase.AUCTION),
        (dt.time(15, 50), Phase.POST),
        (dt.time(16, 0), Phase.CLOSED),
    ],
)
def test_a_phase_holds_from_its_start_until_the_next(at: dt.time, expected: Phase) -> None:
    day = D(2026, 8, 3)
    assert sessions.phase_at(facts.load(day).group("cash-cas"), calendar.ist_ns(day, at)) is expected


def test_before_the_day_everything_is_closed() -> None:
    day = D(2026, 8, 3)
    assert sessions.phase_at(facts.load(day).group("cash"), calendar.ist_ns(day) - 1) is Phase.CLOSED


def test_the_day_is_placed_in_utc() -> None:
    loaded = facts.load(D(2021, 4, 26)).loaded
    midnight = int(dt.datetime(2021, 4, 25, 18, 30, tzinfo=dt.UTC).timestamp()) * 10**9
    assert loaded.session_date == 20210426
    assert loaded.day_start_ns == midnight
    assert loaded.open_ns == midnight + (9 * 60 + 15) * 60 * 10**9
    assert loaded.end_ns == midnight + 16 * 3600 * 10**9


@pytest.mark.parametrize(
    ("day", "group", "flat"),
    [
        (D(2021, 4, 26), "cash", dt.time(15, 15)),
        (D(2026, 7, 31), "cash-cas", dt.time(15, 15)),
        (D(2026, 8, 3), "cash-cas", dt.time(15, 3)),
        (D(2026, 8, 3), "cash", dt.time(15, 15)),
        (D(2026, 8, 3), 2, dt.time(15, 3)),
        (D(2026, 7, 31), "futures", dt.time(15, 20)),
        (D(2026, 8, 3), "options", dt.time(15, 20)),
    ],
)
def test_auto_flat_is_five_minutes_before_the_cutoff(day: dt.date, group: str | int, flat: dt.time) -> None:
    assert facts.load(day).latest_flat(group) == flat


def test_flat_never_reaches_past_continuous_trading() -> None:
    for day in (D(2021, 4, 26), D(2026, 7, 31), D(2026, 8, 3)):
        loaded = facts.load(day)
        for name in sessions.LOADED_GROUPS:
            group = loaded.group(name)
            assert sessions.phase_at(group, group.flat_auto_ns) is Phase.CONTINUOUS
            assert group.flat_auto_ns < group.mis_cutoff_ns


def test_groups_keep_their_numbers() -> None:
    names = ["index", "cash", "cash-cas", "futures", "options"]
    for day in (D(2021, 4, 26), D(2026, 8, 3)):
        assert [group.name for group in facts.load(day).loaded.groups] == names


def test_charges_name_the_products_known_on_the_date() -> None:
    assert [rates.name for rates in facts.load(D(2021, 4, 26)).loaded.charges] == ["cash-intraday", "cash-delivery"]
    later = facts.load(D(2026, 7, 15))
    assert [rates.name for rates in later.loaded.charges] == ["cash-intraday", "cash-delivery", "futures", "options"]
    assert later.charges_index("cash-intraday") == 0


def test_approximate_facts_are_named() -> None:
    assert facts.load(D(2021, 4, 26)).loaded.notes == ["charges of 2021 are approximate"]
    assert facts.load(D(2026, 7, 15)).loaded.notes == []


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (D(2023, 3, 1), ["2023-03-01", "2021-04-01 to 2021-06-30", "2026-01-01 to 2026-08-31", "--facts-as-of"]),
        (D(2026, 9, 1), ["2026-09-01", "2026-01-01 to 2026-08-31"]),
        (D(2021, 3, 31), ["2021-03-31"]),
        (D(2026, 1, 26), ["2026-01-26", "Republic Day"]),
        (D(2021, 4, 21), ["2021-04-21", "Ram Navami"]),
        (D(2026, 7, 18), ["2026-07-18", "Saturday"]),
        (D(2026, 7, 19), ["Sunday"]),
    ],
)
def test_a_day_without_facts_or_trading_is_refused_in_a_sentence(day: dt.date, words: list[str]) -> None:
    with pytest.raises(Refused) as refusal:
        facts.load(day)
    for word in words:
        assert word in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_facts_of_another_day_can_stand_in_and_are_named() -> None:
    stand_in = facts.load(D(2026, 12, 7), as_of=D(2026, 8, 3))
    assert stand_in.loaded.session_date == 20261207
    assert stand_in.rules_date == D(2026, 8, 3)
    assert stand_in.loaded.notes == ["the facts of 2026-12-07 are not known; those of 2026-08-03 are used"]
    assert stand_in.latest_flat("cash-cas") == dt.time(15, 3)
    assert facts.load(D(2023, 3, 1), as_of=D(2021, 4, 26)).latest_flat("cash-cas") == dt.time(15, 15)


def test_a_stand_in_must_itself_be_covered() -> None:
    with pytest.raises(calendar.NotCovered, match="2022-01-03"):
        facts.load(D(2026, 12, 7), as_of=D(2022, 1, 3))


def test_a_covered_day_keeps_its_own_facts() -> None:
    assert facts.load(D(2026, 8, 3), as_of=D(2021, 4, 26)) == facts.load(D(2026, 8, 3))


@pytest.mark.parametrize("day", [D(2026, 9, 14), D(2026, 12, 6), D(2026, 11, 8)])
def test_a_closed_day_stays_closed_with_borrowed_facts(day: dt.date) -> None:
    with pytest.raises(calendar.NotATradingDay, match=str(day)):
        facts.load(day, as_of=D(2026, 8, 3))


def test_the_digest_is_of_the_files_and_the_same_in_every_process() -> None:
    total = hashlib.sha256()
    for name in sorted(dated.data_files()):
        content = dated.data_files()[name]
        total.update(f"{name} {len(content)}\n".encode() + content)
    code = "from velox.market import dated; print(dated.digest())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert dated.digest() == total.hexdigest() == other
    assert facts.load(D(2021, 4, 26)).loaded.digest == facts.load(D(2026, 8, 3)).loaded.digest == other


def test_facts_travel_as_arrays_in_field_order() -> None:
    loaded = facts.load(D(2026, 8, 3)).loaded
    packed = msgspec.msgpack.encode(loaded)
    plain = msgspec.msgpack.decode(packed)
    assert plain[0] == 20260803
    assert plain[5][2][0] == "cash-cas"
    assert plain[6][0] == ["cash-intraday", 0, 2_500_000, 307_000, 10_000, 300_000, 1_800_000_000, 3_000_000, 2 * 10**9]
    assert msgspec.msgpack.decode(packed, type=FactsLoaded) == msgspec.structs.replace(
        loaded, groups=[msgspec.structs.replace(group, phases=[*group.phases]) for group in loaded.groups]
    )


def test_the_pre_open_changes_in_september_2026() -> None:
    def words(day: dt.date) -> list[str]:
        windows = sessions.auction_windows("cash", day)
        return [f"{w.start:%H:%M} {w.end:%H:%M} {w.name} {w.random_close_minutes}" for w in windows]

    assert words(D(2026, 9, 6)) == ["09:00 09:08 order entry 1", "09:08 09:12 match 0", "09:12 09:15 buffer 0"]
    assert words(D(2026, 9, 7)) == [
        "09:00 09:05 order entry 0",
        "09:05 09:10 limit orders only 2",
        "09:10 09:12 match 0",
        "09:12 09:15 buffer 0",
    ]


def test_the_closing_auction_has_its_windows_from_august_2026() -> None:
    assert sessions.auction_windows("cash-cas", D(2026, 8, 2))[-1].name == "buffer"
    closing = [w for w in sessions.auction_windows("cash-cas", D(2026, 8, 3)) if w.start >= dt.time(15, 15)]
    assert [w.name for w in closing] == ["reference price", "order entry", "limit orders only", "match"]
    assert sessions.auction_windows("cash", D(2026, 8, 3))[-1].name == "buffer"


def test_every_covered_trading_day_resolves() -> None:
    for span in calendar.covered_ranges():
        for day in calendar.trading_days(span.since, span.until):
            loaded = facts.load(day).loaded
            for group in loaded.groups:
                starts = [start for start, _ in group.phases]
                assert starts == sorted(set(starts))
                assert group.phases[0] == (loaded.day_start_ns, Phase.CLOSED)
                assert group.phases[-1][1] == Phase.CLOSED
