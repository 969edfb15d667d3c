"""What can be set: the sections of the settings with their defaults and bounds."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from velox.secret import Secret

__all__ = [
    "AccountSettings",
    "CapitalRupees",
    "EngineSettings",
    "FeedSettings",
    "JournalSettings",
    "LatencyMs",
    "LevelLimits",
    "LimitSettings",
    "MarketSettings",
    "PaperSettings",
    "Section",
    "Settings",
    "SlippageTicks",
    "SmartapiSettings",
    "bounds",
]

# Above these bounds the kernel refuses the record that a setting becomes.
_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
CapitalRupees = Annotated[float, msgspec.Meta(ge=1, le=1e9)]
SlippageTicks = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
LatencyMs = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
_Rate = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
_SomeRate = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
_DayMs = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
_SomeDayMs = Annotated[int, msgspec.Meta(ge=1, le=86_400_000)]
_DayS = Annotated[int, msgspec.Meta(ge=0, le=86_400)]
_SomeDayS = Annotated[int, msgspec.Meta(ge=1, le=86_400)]
_Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
_SomePercent = Annotated[float, msgspec.Meta(gt=0, le=100)]
_Rupees = Annotated[float, msgspec.Meta(ge=0, le=1e9)]  # above it, rupees at 1e-8 no longer fit an i64 with room to sum
_SomeRupees = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
_SameInstrument = Literal["refuse", "wait", "net"]
_Filled = Annotated[str, msgspec.Meta(min_length=1)]


def bounds(kind: object) -> tuple[Any, Any]:
    """The least and the greatest number of one of these types."""
    meta = next(each for each in get_args(kind) if isinstance(each, msgspec.Meta))
    return meta.ge, meta.le


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that belong together."""


class EngineSettings(Section, frozen=True):
    """When data counts as old, late or missing, and how long a hook may take."""

    grace_ms: _DayMs = 1500
    gap_s: _SomeDayS = 15
    stale_s: _SomeDayS = 10
    ahead_s: _SomeDayS = 5
    late_s: _DayS = 30
    hook_budget_us: _AtLeastOne = 1000
    hook_limit_ms: _SomeDayMs = 500
    memory_headroom_mb: _AtLeastOne = 1024  # growth after the start at which a leaking strategy is quarantined


class SmartapiSettings(Section, frozen=True):
    """Angel One SMART API: who logs in, and where."""

    client_code: _Filled
    api_key: Secret
    pin: Secret
    totp_secret: Secret
    rest_url: str = "https://apiconnect.angelone.in"
    ws_url: str = "wss://smartapisocket.angelone.in/smart-stream"
    ca_file: Path | None = None


class FeedSettings(Section, frozen=True):
    """Where live ticks come from; without any, the simulator is used."""

    smartapi: SmartapiSettings | None = None


class PaperSettings(Section, frozen=True):
    """The paper account and how its orders are matched."""

    capital_rupees: CapitalRupees = 1_000_000.0
    mis_margin_pct: _SomePercent = 20.0
    # Of a future's value. SPAN and exposure are the exchange's and change several times a day: an assumption that is
    # above the 11 to 15 % of index futures and below that of some stock futures.
    fno_margin_pct: _SomePercent = 20.0
    slippage_ticks: SlippageTicks = 1
    latency_ms: LatencyMs = 0
    partial: bool = False
    # A second strategy on an instrument of the account is refused; or of two orders that would trade with each other
    # the later waits; or they trade inside the account, free of charges.
    same_instrument: _SameInstrument = "refuse"
    brokerage_rupees: Annotated[float, msgspec.Meta(ge=0, le=1e7)] = 20.0
    brokerage_pct: _Percent = 0.03


class LevelLimits(Section, frozen=True):
    """Limits of one strategy or one instrument besides the account's; 0: none. The tightest holds."""

    order_value_rupees: _Rupees = 0.0
    order_quantity: _Count = 0
    position_value_rupees: _Rupees = 0.0
    position_quantity: _Count = 0
    trade_risk_pct: _Percent = 0.0  # most that a trade may lose at its stop, of the capital
    open_orders: _Count = 0
    intents: _Rate = 0
    trades: _Count = 0
    daily_loss_pct: _Percent = 0.0
    drawdown_pct: _Percent = 0.0
    fat_finger_pct: _Percent = 0.0


class AccountSettings(Section, frozen=True):
    """A paper account besides `paper`; what it leaves out is that of [paper] and of [limits]."""

    capital_rupees: CapitalRupees | None = None
    mis_margin_pct: _SomePercent | None = None
    fno_margin_pct: _SomePercent | None = None
    slippage_ticks: SlippageTicks | None = None
    latency_ms: LatencyMs | None = None
    partial: bool | None = None
    same_instrument: _SameInstrument | None = None
    limits: LevelLimits = LevelLimits()  # in the place of those of [limits], where they are not 0


class LimitSettings(Section, frozen=True):
    """What risk allows; a 0 means no limit, and where there is a default none can be switched off by it."""

    order_value_rupees: _SomeRupees = 5_000_000.0
    position_value_rupees: _SomeRupees = 5_000_000.0
    order_quantity: _Count = 0  # 0: the instrument's freeze quantity alone
    position_quantity: _Count = 0
    trade_risk_pct: _Percent = 0.0
    instance_open_orders: _AtLeastOne = 10
    account_open_orders: _AtLeastOne = 50
    intents: _SomeRate = 2
    refusals: _SomeRate = 20
    sends: _SomeRate = 8
    trades: _AtLeastOne = 50
    account_trades: _Count = 0
    daily_loss_pct: _SomePercent = 3.0
    drawdown_pct: _SomePercent = 5.0
    fat_finger_pct: _SomePercent = 3.0
    duplicate_ms: _SomeDayMs = 1000
    strategies: dict[str, LevelLimits] = {}  # by the strategy's name
    instruments: dict[str, LevelLimits] = {}  # by the instrument's, as "NSE:RELIANCE"


class MarketSettings(Section, frozen=True):
    """What is known of the market besides the dated facts that come with Velox."""

    corporate_actions: Path | None = None  # splits, bonuses, dividends and renames, as docs/data.md writes them
    instrument_files: Path | None = None  # a folder of a broker's files, named by their days: lots of played days


class JournalSettings(Section, frozen=True):
    """Where the journal lies and how often it is synced and snapshotted."""

    dir: Path = Path("var/journal")
    sync_ms: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5
    sync_kb: _AtLeastOne = 256
    snapshot_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 5
    snapshot_records: _AtLeastOne = 2_000_000


class Settings(Section, frozen=True):
    """All settings of one start."""

    engine: EngineSettings = EngineSettings()
    feed: FeedSettings = FeedSettings()
    paper: PaperSettings = PaperSettings()
    limits: LimitSettings = LimitSettings()
    accounts: dict[str, AccountSettings] = {}  # by their names
    journal: JournalSettings = JournalSettings()
    market: MarketSettings = MarketSettings()
