"""Paying first: a meter's accounts as SMETS2 keeps them, and Prepayment 0x0705 (SE 1.4, annex D.7).

Money is in 1/100,000,000 of a pound inside, so that nothing is lost between two looks, and in 1/100,000 outside.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import Any

from host_tools.sim import smart_energy as se
from host_tools.sim.metering import Now, period, periods
from host_tools.sim.supply import Supply, day_start, to_utc
from host_tools.sim.tariff import POUNDS, TRAILING_DIGIT
from host_tools.sim.timetable import FriendlyHours
from host_tools.sim.zcl_server import ABSENT, Answers, Attribute, Attributes, Getter, asked, in_parts

PREPAYMENT = 0x0705
CREDIT_MODE, PREPAYMENT_MODE = 0x0C94, 0x0497
_FINE = 1000
_SCALE_5 = 0x01  # CurrencyScalingFactor: 10^-5
_DAILY = 1
_BY_TIME, _BY_TOP_UP = 0, 1
_CAUSE_GENERAL = 0x00000001
_KEYPAD = 2


class SupplyState(IntEnum):
    """Attribute SupplyStatus."""

    OFF = 0
    ARMED = 1
    ON = 2


class CreditStatus(IntFlag):
    """Attribute CreditStatus."""

    OK = 0x01
    LOW = 0x02
    EMERGENCY_ENABLED = 0x04
    EMERGENCY_AVAILABLE = 0x08
    EMERGENCY_SELECTED = 0x10
    EMERGENCY_IN_USE = 0x20
    EXHAUSTED = 0x40


class Refused(Exception):
    """What the meter's keypad would refuse; the message says why."""


@dataclasses.dataclass
class Debt:
    """One of three, in 1e-5 pounds. `daily` is collected each midnight UTC, `percent_of_100ths` of each top-up."""

    label: bytes
    amount: int
    daily: int = 0
    percent_of_100ths: int = 0
    start_utc: int = 0


@dataclasses.dataclass
class State:
    """The accounts at an instant, in 1/100,000,000 of a pound where it is money."""

    at_us: int
    credit: int
    emergency_used: int = 0
    emergency_selected: bool = False
    accumulated_debt: int = 0
    supply: SupplyState = SupplyState.ON
    debts: tuple[int, int, int] = (0, 0, 0)


@dataclasses.dataclass(frozen=True)
class Terms:
    """What the supplier has set, in 1/100,000 of a pound."""

    emergency_limit: int = 1_000_000
    emergency_threshold: int = 200_000
    low_credit: int = 200_000
    debt_cap: int = 1_000_000
    most_credit: int = 25_000_000
    most_top_up: int = 10_000_000
    cut_off: int = 0
    friendly: FriendlyHours = dataclasses.field(default_factory=FriendlyHours)


class Account:
    """The accounts of one meter. `cut` switches what it measures off and on; `on_event` hears of a change of supply."""

    def __init__(
        self, supply: Supply, now_us: int, credit: int, cut: Callable[[bool], None], *, terms: Terms | None = None,
        debts: tuple[Debt, ...] = (), on_event: Callable[[str], None] = lambda what: None,
    ) -> None:  # fmt: skip
        self.supply = supply
        self.terms = terms or Terms()
        self._cut = cut
        self._on_event = on_event
        self.debts = (*debts, *(Debt(b"", 0) for _ in range(3 - len(debts))))
        self.top_ups: list[se.TopUp] = []
        self.payments: list[se.DebtPayment] = []
        self.total_added = 0
        self._codes: set[bytes] = set()
        self._state = State(now_us, credit * _FINE, debts=tuple(debt.amount for debt in self.debts))  # type: ignore[arg-type]
        self._status = self.status(self._state)

    def inherit(self, old: Account, now_us: int) -> None:
        """Takes over what is on the meter that it replaces."""
        self._state = old.state(now_us)
        self.top_ups, self.payments = list(old.top_ups), list(old.payments)
        self.total_added, self._codes = old.total_added, set(old._codes)

    # What time does

    def state(self, now_us: int) -> State:
        """The accounts at `now_us`, a copy. They do not depend on who looks when."""
        self._settle(now_us)
        return dataclasses.replace(self._state)

    def _settle(self, now_us: int) -> None:
        state = self._state
        while state.at_us < now_us:
            # Midnight by midnight: what it takes comes first in its day.
            midnight = day_start(state.at_us)
            end = min(now_us, midnight + 24 * 3600 * 1_000_000)
            if state.at_us == midnight:
                self._collect(midnight)
            tariff = self.supply.tariff(state.at_us)
            cost = self.supply.cost(state.at_us, end)
            if state.at_us == midnight and tariff:
                cost -= tariff.standing_charge * _FINE
            self._spend(cost)
            state.at_us = end

    def _collect(self, midnight: int) -> None:
        # Standing charge and debts; without credit, and on emergency credit, they wait as accumulated debt.
        state = self._state
        tariff = self.supply.tariff(midnight)
        taken = tariff.standing_charge * _FINE if tariff else 0
        left = list(state.debts)
        for i, debt in enumerate(self.debts):
            part = min(debt.daily, left[i])
            if part:
                left[i] -= part
                taken += part * _FINE
                self.payments.append(
                    se.DebtPayment(time=to_utc(midnight), amount=part, debt_type=i, outstanding=left[i])
                )
        state.debts = (left[0], left[1], left[2])
        if state.credit > 0:
            state.credit -= taken
        else:
            state.accumulated_debt += taken

    def _spend(self, cost: int) -> None:
        state = self._state
        state.credit -= cost
        if state.credit < 0 and state.emergency_selected:
            part = min(-state.credit, self.terms.emergency_limit * _FINE - state.emergency_used)
            state.emergency_used += part
            state.credit += part

    def tick(self, now_us: int) -> None:
        """Looks whether the supply may stay on: each minute, as the meter itself does."""
        self._settle(now_us)
        state = self._state
        if state.supply is SupplyState.ON and state.credit <= self.terms.cut_off * _FINE:
            spare = state.emergency_selected and state.emergency_used < self.terms.emergency_limit * _FINE
            if not spare and not self.terms.friendly.holds(to_utc(now_us)):
                state.supply = SupplyState.OFF
                self._cut(False)
                self._on_event("supply disabled")
        self._notice()

    def _notice(self) -> None:
        # What the credit's state has become since it was last looked at.
        status = self.status(self._state)
        became = status & ~self._status
        for flag, what in (
            (CreditStatus.LOW, "low credit"),
            (CreditStatus.EMERGENCY_AVAILABLE, "emergency credit available"),
        ):
            if became & flag:
                self._on_event(what)
        if became & CreditStatus.EXHAUSTED and self._state.emergency_selected:
            self._on_event("emergency credit exhausted")
        self._status = status

    # What people do at the meter

    def top_up(self, now_us: int, amount: int, code: bytes) -> None:
        """A 20-digit code typed into the meter, worth so much (1e-5 pounds). Raises Refused."""
        self._settle(now_us)
        state, terms = self._state, self.terms
        if code in self._codes:
            raise Refused("this code has been used")
        if not 0 < amount <= terms.most_top_up:
            raise Refused("a top-up of this size is not taken")
        if state.credit // _FINE + amount > terms.most_credit:
            raise Refused("the meter takes no more credit")
        self._codes.add(code)
        self.total_added += amount
        self.top_ups.insert(0, se.TopUp(code=code, amount=amount, time=to_utc(now_us)))
        del self.top_ups[5:]
        left = amount * _FINE
        debts = list(state.debts)
        for i, debt in enumerate(self.debts):
            part = min(debts[i], amount * debt.percent_of_100ths // 10_000)
            if part:
                debts[i] -= part
                left -= part * _FINE
                self.payments.append(
                    se.DebtPayment(time=to_utc(now_us), amount=part, debt_type=i, outstanding=debts[i])
                )
        state.debts = (debts[0], debts[1], debts[2])
        for name in ("accumulated_debt", "emergency_used"):
            part = min(left, getattr(state, name))
            setattr(state, name, getattr(state, name) - part)
            left -= part
        state.credit += left
        self._on_event("credit added")
        if not state.emergency_used and state.credit > terms.emergency_threshold * _FINE:
            state.emergency_selected = False
        if state.supply is SupplyState.OFF and state.credit > terms.cut_off * _FINE:
            state.supply = SupplyState.ARMED
            self._on_event("supply armed")

    def select_emergency_credit(self, now_us: int) -> None:
        """The button at the meter. Raises Refused where it is not on offer."""
        self._settle(now_us)
        state = self._state
        if not self.status(state) & CreditStatus.EMERGENCY_AVAILABLE:
            raise Refused("emergency credit is not on offer")
        state.emergency_selected = True
        self._spend(0)
        self._on_event("emergency credit activated")
        if state.supply is SupplyState.OFF and state.credit >= 0:
            state.supply = SupplyState.ARMED
            self._on_event("supply armed")

    def arm(self, now_us: int) -> None:
        """The second press at the meter, after which the supply is on. Raises Refused where it may not be."""
        self._settle(now_us)
        if self._state.supply is not SupplyState.ARMED:
            raise Refused("the supply is not armed")
        self._state.supply = SupplyState.ON
        self._cut(True)
        self._on_event("supply enabled")

    def status(self, state: State) -> CreditStatus:
        """CreditStatus."""
        terms = self.terms
        left = terms.emergency_limit * _FINE - state.emergency_used
        found = CreditStatus.EMERGENCY_ENABLED
        if state.credit > terms.low_credit * _FINE:
            found |= CreditStatus.OK
        elif state.credit > terms.cut_off * _FINE:
            found |= CreditStatus.LOW
        if state.emergency_selected:
            found |= CreditStatus.EMERGENCY_SELECTED
            if state.emergency_used and left > 0:
                found |= CreditStatus.EMERGENCY_IN_USE
        elif state.credit <= terms.emergency_threshold * _FINE and left > 0:
            found |= CreditStatus.EMERGENCY_AVAILABLE
        if state.credit <= terms.cut_off * _FINE and (not state.emergency_selected or left <= 0):
            found |= CreditStatus.EXHAUSTED
        return found

    def clear(self, now_us: int) -> None:
        """Another tenant or supplier: no debts, no emergency credit used, no log."""
        self._settle(now_us)
        self._state = State(now_us, self._state.credit, supply=self._state.supply)
        self.top_ups.clear()
        self.payments.clear()


class PrepaymentServer:
    """`state` gives the accounts as the server knows them, `now` the instant of which that is; both None for not yet.
    Without an account the meter is in credit mode, and serves its costs. A `terse` one has no attributes for top-ups
    and friendly hours.
    """

    def __init__(
        self, supply: Supply, now: Now, longest: Callable[[], int], account: Account | None,
        state: Callable[[], State | None], exported: Supply | None = None, *, terse: bool = False,
    ) -> None:  # fmt: skip
        self._supply = supply
        self._now = now
        self._longest = longest
        self._account = account
        self._state = state
        self._exported = exported
        self._terse = terse

    def _costs(self, base: int, supply: Supply | None) -> Attributes:
        def cost(offset: int) -> Getter:
            def get() -> Any:
                now_us = self._now()
                if supply is None or now_us is None or supply.tariff(now_us) is None:
                    return ABSENT
                start, end = period(now_us, offset)
                start = max(start, supply.oldest_us)
                return max(0, supply.cost(start, end) // _FINE) if start < end else None

            return get

        # Today and yesterday are 0x051C and 0x051E, the days before follow from 0x0520 on.
        return {
            base + {0x01: 0x1C, 0x03: 0x1E}.get(offset, offset): Attribute(0x25, cost(offset))
            for offset, _, _ in periods(0)
        }

    @property
    def attributes(self) -> Attributes:
        account = self._account
        found = {
            0x0000: Attribute(0x19, PREPAYMENT_MODE if account else CREDIT_MODE),
            0x0001: Attribute(0x2B, self._balance),
            0x0500: Attribute(0x18, TRAILING_DIGIT),
            0x0501: Attribute(0x30, 0),
            0x0502: Attribute(0x30, _SCALE_5),
            0x0503: Attribute(0x21, POUNDS),
            **self._costs(0x0500, self._supply),
        }
        if self._exported:
            found |= self._costs(0x0501, self._exported)
        return found | (self._accounts(account) if account else {})

    def _balance(self) -> int | None:
        state = self._state()
        if self._account is None:
            return 0
        return None if state is None else state.credit // _FINE

    def _of(self, value: Callable[[State], Any]) -> Getter:
        def get() -> Any:
            state = self._state()
            return None if state is None else value(state)

        return get

    def _accounts(self, account: Account) -> Attributes:
        terms, of = account.terms, self._of
        limit = terms.emergency_limit * _FINE
        found = {
            0x0002: Attribute(0x2B, of(lambda state: (limit - state.emergency_used) // _FINE)),
            0x0003: Attribute(0x18, of(lambda state: int(account.status(state)))),
            0x0004: Attribute(0xE2, of(lambda state: to_utc(state.at_us))),
            0x0005: Attribute(0x2B, of(lambda state: state.accumulated_debt // _FINE)),
            0x0006: Attribute(0x2B, terms.debt_cap),
            0x0010: Attribute(0x23, terms.emergency_limit),
            0x0011: Attribute(0x23, terms.emergency_threshold),
            0x0020: Attribute(0x25, lambda: account.total_added),
            0x0021: Attribute(0x23, terms.most_credit),
            0x0022: Attribute(0x23, terms.most_top_up),
            0x0030: Attribute(0x20, 30),
            0x0031: Attribute(0x23, terms.low_credit),
            0x0034: Attribute(0x21, of(self._friendly_minutes)),
            0x0035: Attribute(0xE2, of(lambda state: terms.friendly.next_switch(to_utc(state.at_us), True))),
            0x0040: Attribute(0x2B, terms.cut_off),
            0x0400: Attribute(0x19, of(self._alarms)),
        }
        if self._terse:
            del found[0x0034], found[0x0035]
        else:
            for number in range(5):
                found |= self._top_up(account, number)
        for number in range(3):
            found |= self._debt(account, number)
        return found

    def _friendly_minutes(self, state: State) -> int:
        assert self._account
        friendly, utc = self._account.terms.friendly, to_utc(state.at_us)
        if not friendly.holds(utc):
            return 0
        end = friendly.next_switch(utc, False)
        return 0xFFFE if end is None else min(0xFFFE, (end - utc) // 60)

    def _alarms(self, state: State) -> int:
        # Bits of table D-122: low credit, friendly hours in use, emergency credit on offer, off for want of credit.
        assert self._account
        status = self._account.status(state)
        in_use = state.credit <= 0 and state.supply is SupplyState.ON and self._account.terms.friendly.holds(
            to_utc(state.at_us)
        )  # fmt: skip
        return (
            bool(status & CreditStatus.LOW) << 0 | in_use << 4 | bool(status & CreditStatus.EMERGENCY_AVAILABLE) << 6
            | (state.supply is not SupplyState.ON) << 8
        )  # fmt: skip

    def _top_up(self, account: Account, number: int) -> Attributes:
        def of(value: Callable[[se.TopUp], Any]) -> Getter:
            return lambda: value(account.top_ups[number]) if number < len(account.top_ups) else ABSENT

        base = 0x0100 + 0x10 * number
        return {
            base: Attribute(0xE2, of(lambda one: one.time)),
            base + 1: Attribute(0x2B, of(lambda one: one.amount)),
            base + 2: Attribute(0x30, of(lambda one: _KEYPAD)),
            base + 3: Attribute(0x41, of(lambda one: bytes(one.code))),
        }

    def _debt(self, account: Account, number: int) -> Attributes:
        debt = account.debts[number]
        base = 0x0210 + 0x10 * number
        method = _BY_TOP_UP if debt.percent_of_100ths else _BY_TIME
        return {
            base: Attribute(0x41, debt.label),
            base + 1: Attribute(0x23, self._of(lambda state: state.debts[number])),
            base + 2: Attribute(0x30, method),
            base + 3: Attribute(0xE2, debt.start_utc),
            base + 4: Attribute(0x21, 0),
            base + 6: Attribute(0x30, _DAILY),
            base + 7: Attribute(0x23, debt.daily),
            base + 9: Attribute(0x21, debt.percent_of_100ths),
        }

    # Commands

    def _get_snapshot(self, payload: bytes, message) -> Answers:
        asked(se.GetPrepaySnapshot, payload)
        account, state = self._account, self._state()
        if account is None or state is None:
            return None
        command = se.PublishPrepaySnapshot(
            identifier=1, time=to_utc(state.at_us), found=1, index=0, total=1, cause=_CAUSE_GENERAL, payload_type=0,
            accumulated_debt=state.accumulated_debt // _FINE, debt_1=state.debts[0], debt_2=state.debts[1],
            debt_3=state.debts[2], credit_remaining=state.credit // _FINE,
            emergency_credit_remaining=account.terms.emergency_limit - state.emergency_used // _FINE,
        )  # fmt: skip
        return 0x01, command.serialize()

    def _get_top_ups(self, payload: bytes, message) -> Answers:
        request = asked(se.GetTopUpLog, payload)
        found = [] if self._account is None else self._account.top_ups
        found = [one for one in found if not request.latest or one.time <= request.latest][: request.count or None]
        if not found:
            return None
        parts = in_parts(found, 30, self._longest() - 3 - 2)
        return [
            (0x05, se.PublishTopUpLog(index=index, total=len(parts), entries=part).serialize())
            for index, part in enumerate(parts)
        ]

    def _get_debts(self, payload: bytes, message) -> Answers:
        request = asked(se.GetDebtRepaymentLog, payload)
        found = [] if self._account is None else self._account.payments[::-1]
        found = [
            one for one in found
            if (not request.latest or one.time <= request.latest) and request.debt_type in (0xFF, one.debt_type)
        ][: request.count or None]  # fmt: skip
        if not found:
            return None
        parts = in_parts(found, 13, self._longest() - 3 - 2)
        return [
            (0x06, se.PublishDebtLog(index=index, total=len(parts), entries=part).serialize())
            for index, part in enumerate(parts)
        ]

    @property
    def commands(self) -> dict[tuple[int, int], Any]:
        """Handlers by (cluster, command)."""
        return {
            (PREPAYMENT, 0x07): self._get_snapshot,
            (PREPAYMENT, 0x08): self._get_top_ups,
            (PREPAYMENT, 0x0A): self._get_debts,
        }
