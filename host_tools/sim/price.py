"""Price 0x0700 as a meter or mirror serves it: from the tariff in force and those to come (SE 1.4, annex D.4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from host_tools.sim import smart_energy as se
from host_tools.sim.metering import Now
from host_tools.sim.supply import Supply, month_start, to_us, to_utc
from host_tools.sim.tariff import POUNDS, TRAILING_DIGIT, Tariff, Window
from host_tools.sim.zcl_server import ABSENT, Answer, Answers, Attribute, Attributes, Getter, asked, in_parts

PRICE = 0x0700
ANY_TYPE, DELIVERED, RECEIVED = 2, 0, 1
_UNUSED_8, _UNUSED_32 = 0xFF, 0xFFFFFFFF
_TOU, _BLOCK = 0, 1
_ACKNOWLEDGE = 0x01
_MONTHS = 3  # duration type
_MONTHS_BEFORE = 3
_KG_A_KWH = 0x01
_GRAMS = 0x30  # digits
_MOST_PRICES = 96
_UNTIL_CHANGED = 0xFFFF


def unsigned(price: int) -> int:
    """A price as it is sent. The documents know none below nothing: one is sent as the two's complement that meters
    with signed tariff tables would hold, which nothing else uses but 0xFFFFFFFF.
    """
    return price & 0xFFFFFFFF


class PriceServer:
    """`supply` has the tariffs for what is used, `exported` for what is sent out, if that is paid for.

    `carbon` are grams of CO2 a kWh. `now` is the meter's clock in microseconds.
    """

    def __init__(
        self, supply: Supply, now: Now, longest: Callable[[], int], *, exported: Supply | None = None,
        carbon: int | None = None,
    ) -> None:  # fmt: skip
        self._supply = supply
        self._exported = exported
        self._now = now
        self._longest = longest
        self._carbon = carbon
        self.acknowledged: list[int] = []

    # Publish Price

    def _price(self, tariff: Tariff, window: Window, price: int, now_us: int, minutes: int) -> Answer:
        tiers = len(tariff.tier_prices) or (1 if tariff.half_hourly else 0)
        tier = window.tier
        label = b""
        if tier and tier <= len(tariff.tier_labels):
            label = tariff.tier_labels[tier - 1]
        beyond = tiers > 15
        command = se.PublishPrice(
            provider=tariff.provider, label=label or tariff.label[:12], event=window.start, current_time=to_utc(now_us),
            unit_of_measure=tariff.unit_of_measure, currency=POUNDS,
            digits_and_tier=TRAILING_DIGIT | min(tier, 15), tiers_and_register_tier=min(tiers, 15) << 4 | min(tier, 15),
            start=window.start, duration=minutes, price=unsigned(price),
        )  # fmt: skip
        if tariff.long_form or beyond or tariff.blocks:
            command.price_ratio = _UNUSED_8
            command.generation_price = _UNUSED_32
            command.generation_price_ratio = _UNUSED_8
            command.alternate_cost = _UNUSED_32
            command.alternate_cost_unit = command.alternate_cost_digits = _UNUSED_8
            command.block_thresholds = len(tariff.blocks) if tariff.blocks else _UNUSED_8
            command.price_control = (0x02 if beyond else 0x00) | (_ACKNOWLEDGE if tariff.acknowledged else 0x00)
            if beyond:
                command.generation_tiers = command.generation_tier = _UNUSED_8
                command.extended_tiers = tiers - 15
                command.extended_tier = command.extended_register_tier = max(0, tier - 15)
        return 0x00, command.serialize()

    def current(self) -> Answer | None:
        """Publish Price, as it is now."""
        now_us = self._now()
        if now_us is None:
            return None
        return next(iter(self._scheduled(self._supply, now_us, now_us, 1)), None)

    def _scheduled(self, supply: Supply, now_us: int, start_us: int, count: int) -> list[Answer]:
        # One for each window of a price, from that in force at start_us on.
        answers: list[Answer] = []
        tariff = supply.tariff(now_us)
        until = to_us(tariff.known_until(to_utc(now_us)) if tariff else to_utc(now_us))
        until = max([until] + [since + 1 for since, _ in supply.tariffs_from(now_us)])
        for start, end, tariff, window in supply.pieces(start_us, max(until, start_us + 1)):
            if tariff is None or window is None:
                continue
            if len(answers) >= min(count or _MOST_PRICES, _MOST_PRICES):
                break
            if tariff.half_hourly and start >= until:
                break
            price = supply.price(now_us) if tariff.blocks and start <= now_us < end else window.price
            whole = self._whole(supply, tariff, window, start)
            lasts = len(tariff.rates) == 1 and len(supply.tariffs_from(start)) == 1 and not tariff.half_hourly
            if lasts and not tariff.blocks:
                # As long as its tariff, which nobody has ended yet.
                whole = dataclasses.replace(whole, start=self._in_force(supply.tariffs_from(start)[0][0]))
            # Whole minutes, the last one begun: no second is without a price, and the next one begins when it does.
            minutes = _UNTIL_CHANGED if lasts or tariff.blocks else max(1, (whole.end - whole.start + 59) // 60)
            answers.append(self._price(tariff, whole, price or 0, now_us, minutes))
            if lasts:
                break
        return answers

    @staticmethod
    def _whole(supply: Supply, tariff: Tariff, window: Window, start: int) -> Window:
        # A window, less what lies before its tariff began or after another begins.
        changes = [to_utc(since) for since, _ in supply.tariffs_from(start)]
        since, ends = changes[0], changes[1:2]
        return Window(
            window.tier, window.price, max(window.start, since), min([window.end, *ends])
        )  # fmt: skip

    def get_current_price(self, payload: bytes, message) -> Answers:
        """Get Current Price 0x00."""
        asked(se.GetCurrentPrice, payload)
        return self.current()

    def get_scheduled_prices(self, payload: bytes, message) -> Answers:
        """Get Scheduled Prices 0x01."""
        request = asked(se.GetScheduledPrices, payload)
        now_us = self._now()
        if now_us is None:
            return None
        start = max(now_us, to_us(request.start)) if request.start else now_us
        return self._scheduled(self._supply, now_us, start, request.count) or None

    def _acknowledgement(self, payload: bytes, message) -> Answers:
        self.acknowledged.append(asked(se.PriceAcknowledgement, payload).event)
        return []

    # Tariff information, matrix and thresholds

    def _tariffs(self, tariff_type: int | None) -> list[tuple[int, Tariff]]:
        now_us = self._now()
        if now_us is None:
            return []
        found = self._supply.tariffs_from(now_us) if tariff_type in (None, DELIVERED, ANY_TYPE) else []
        if self._exported and tariff_type in (RECEIVED, ANY_TYPE):
            found = found + self._exported.tariffs_from(now_us)
        return found

    @staticmethod
    def _start(since: int) -> int:
        return max(0, to_utc(since)) if since else 0

    def _in_force(self, since: int) -> int:
        # A tariff that was there before the home began has its date, too.
        return to_utc(since or month_start(self._supply.start_us, _MONTHS_BEFORE))

    def information(self, since: int, tariff: Tariff) -> Answer:
        """Publish Tariff Information."""
        scheme = _BLOCK if tariff.blocks else _TOU
        command = se.PublishTariffInformation(
            provider=tariff.provider, event=self._start(since) or tariff.tariff_id, tariff_id=tariff.tariff_id,
            start=self._in_force(since), scheme_and_type=scheme << 4 | (RECEIVED if tariff.received else DELIVERED),
            label=tariff.label, price_tiers=0 if tariff.blocks else max(1, len(tariff.tier_prices)),
            block_thresholds=len(tariff.blocks), unit_of_measure=tariff.unit_of_measure, currency=POUNDS,
            digits=TRAILING_DIGIT, standing_charge=tariff.standing_charge,
            tier_block_mode=0 if tariff.blocks else _UNUSED_8, threshold_multiplier=1, threshold_divisor=1000,
        )  # fmt: skip
        return 0x04, command.serialize()

    def _get_information(self, payload: bytes, message) -> Answers:
        request = asked(se.GetSince, payload)
        found = self._tariffs(request.tariff_type)[: request.count or None]
        return [self.information(since, tariff) for since, tariff in found] or None

    def _by_id(self, payload: bytes) -> tuple[int, Tariff] | None:
        request = asked(se.GetOfTariff, payload)
        return next((one for one in self._tariffs(ANY_TYPE) if one[1].tariff_id == request.tariff_id), None)

    def matrix(self, since: int, tariff: Tariff) -> list[Answer]:
        """Publish Price Matrix: by tier, or by block of no tier."""
        prices = tariff.tier_prices or dict(enumerate(tariff.block_prices))
        items = [se.PriceOf(identifier=tier, price=unsigned(price)) for tier, price in prices.items()]
        parts = in_parts(items, 5, self._longest() - 3 - 19) if items else []
        return [
            (0x05, se.PublishPriceMatrix(
                provider=tariff.provider, event=self._start(since) or tariff.tariff_id, start=self._in_force(since),
                tariff_id=tariff.tariff_id, index=index, total=len(parts), control=0 if tariff.blocks else 1,
                prices=part,
            ).serialize())
            for index, part in enumerate(parts)
        ]  # fmt: skip

    def _get_matrix(self, payload: bytes, message) -> Answers:
        found = self._by_id(payload)
        return (found and self.matrix(*found)) or None

    def _get_thresholds(self, payload: bytes, message) -> Answers:
        found = self._by_id(payload)
        if not found or not found[1].blocks:
            return None
        since, tariff = found
        command = se.PublishBlockThresholds(
            provider=tariff.provider, event=self._start(since) or tariff.tariff_id, start=self._in_force(since),
            tariff_id=tariff.tariff_id, index=0, total=1, control=1, tier_and_count=len(tariff.blocks),
            thresholds=list(tariff.blocks),
        )  # fmt: skip
        return 0x06, command.serialize()

    def _get_labels(self, payload: bytes, message) -> Answers:
        found = self._by_id(payload)
        if not found or not found[1].tier_labels:
            return None
        since, tariff = found
        labels = [se.TierLabel(tier=tier, label=label) for tier, label in enumerate(tariff.tier_labels, 1)]
        parts = in_parts(labels, 14, self._longest() - 3 - 15)
        return [
            (0x08, se.PublishTierLabels(
                provider=tariff.provider, event=self._start(since) or tariff.tariff_id, tariff_id=tariff.tariff_id,
                index=index, total=len(parts), labels=part,
            ).serialize())
            for index, part in enumerate(parts)
        ]  # fmt: skip

    # Periods, factors, CO2, bills

    def _get_block_period(self, payload: bytes, message) -> Answers:
        asked(se.GetBlockPeriods, payload)
        now_us = self._now()
        tariff = None if now_us is None else self._supply.tariff(now_us)
        if now_us is None or tariff is None or not tariff.blocks:
            return None
        start = to_utc(month_start(now_us))
        command = se.PublishBlockPeriod(
            provider=tariff.provider, event=start, start=start, duration=1, tiers_and_thresholds=len(tariff.blocks),
            control=0, duration_type=_MONTHS, tariff_type=DELIVERED, resolution=0,
        )  # fmt: skip
        return 0x01, command.serialize()

    def _get_conversion_factor(self, payload: bytes, message) -> Answers:
        asked(se.GetSince, payload)
        if not self._supply.litres:
            return None
        since, factor, _ = self._supply.factor_changes[0]
        command = se.PublishConversionFactor(event=1, start=self._start(since), factor=factor, digits=TRAILING_DIGIT)
        return 0x02, command.serialize()

    def calorific_values(self) -> list[Answer]:
        """Publish Calorific Value: that in force and those to come."""
        now_us = self._now()
        changes = self._supply.factor_changes
        in_force = max((i for i, one in enumerate(changes) if now_us is not None and one[0] <= now_us), default=0)
        return [
            (0x03, se.PublishCalorificValue(
                event=self._start(since) or 1, start=self._start(since), value=value, unit=1, digits=0x10
            ).serialize())
            for since, _, value in changes[in_force:]
        ]  # fmt: skip

    def _get_calorific_value(self, payload: bytes, message) -> Answers:
        asked(se.GetSince, payload)
        return self.calorific_values() if self._supply.litres else None

    def _get_co2(self, payload: bytes, message) -> Answers:
        asked(se.GetSince, payload)
        if self._carbon is None:
            return None
        command = se.PublishCO2Value(
            provider=1, event=1, start=0, tariff_type=DELIVERED, value=self._carbon, unit=_KG_A_KWH, digits=_GRAMS
        )
        return 0x07, command.serialize()

    def _get_billing_period(self, payload: bytes, message) -> Answers:
        asked(se.GetSince, payload)
        now_us = self._now()
        if now_us is None or self._supply.tariff(now_us) is None:
            return None
        start = to_utc(month_start(now_us))
        command = se.PublishBillingPeriod(
            provider=1, event=start, start=start, duration=1, duration_type=_MONTHS, tariff_type=DELIVERED
        )
        return 0x09, command.serialize()

    def _last_bill(self) -> int | None:
        now_us = self._now()
        if now_us is None or self._supply.tariff(now_us) is None:
            return None
        return max(0, self._supply.cost(month_start(now_us, 1), month_start(now_us)) // 1000)

    def _get_bill(self, payload: bytes, message) -> Answers:
        asked(se.GetSince, payload)
        now_us, bill = self._now(), self._last_bill()
        if now_us is None or bill is None:
            return None
        start = to_utc(month_start(now_us, 1))
        command = se.PublishConsolidatedBill(
            provider=1, event=start, start=start, duration=1, duration_type=_MONTHS, tariff_type=DELIVERED, bill=bill,
            currency=POUNDS, digits=TRAILING_DIGIT,
        )  # fmt: skip
        return 0x0A, command.serialize()

    @property
    def commands(self) -> dict[tuple[int, int], Any]:
        """Handlers by (cluster, command)."""
        handlers = (
            self.get_current_price, self.get_scheduled_prices, self._acknowledgement, self._get_block_period,
            self._get_conversion_factor, self._get_calorific_value, self._get_information, self._get_matrix,
            self._get_thresholds, self._get_co2, self._get_labels, self._get_billing_period, self._get_bill,
        )  # fmt: skip
        return {(PRICE, number): handler for number, handler in enumerate(handlers)}

    # Attributes

    def _of(self, supply: Supply | None, value: Callable[[Tariff], Any]) -> Getter:
        def get() -> Any:
            now_us = self._now()
            tariff = supply.tariff(now_us) if supply and now_us is not None else None
            return ABSENT if tariff is None else value(tariff)

        return get

    def _prices(self, base: int, supply: Supply | None) -> Attributes:
        def tier(number: int) -> Getter:
            return self._of(
                supply, lambda one: unsigned(one.tier_prices[number]) if number in one.tier_prices else ABSENT
            )

        def block(index: int) -> Getter:
            return self._of(
                supply, lambda one: unsigned(one.block_prices[index]) if index < len(one.block_prices) else ABSENT
            )

        def label(index: int) -> Getter:
            return self._of(supply, lambda one: one.tier_labels[index] if index < len(one.tier_labels) else ABSENT)

        # Tiers above 15 continue after the sixteenth block of the fifteenth: 0x050F for tier 16 (table D-33).
        places = {number: 0x0400 + 0x10 * number if number <= 15 else 0x0500 + number - 1 for number in range(1, 49)}
        return {
            **{base + index: Attribute(0x41, label(index)) for index in range(48)},
            **{base + place: Attribute(0x23, tier(number)) for number, place in places.items()},
            **{base + 0x0400 + index: Attribute(0x23, block(index)) for index in range(4)},
            base + 0x0610: Attribute(0x41, self._of(supply, lambda one: one.label)),
            base + 0x0611: Attribute(0x20, self._of(supply, lambda one: max(1, len(one.tier_prices)))),
            base + 0x0612: Attribute(0x20, self._of(supply, lambda one: len(one.blocks))),
        }

    @property
    def attributes(self) -> Attributes:
        supply = self._supply

        def of(value: Callable[[Tariff], Any]) -> Getter:
            return self._of(supply, value)

        def in_blocks(value: Callable[[Tariff], Any]) -> Getter:
            return of(lambda one: value(one) if one.blocks else ABSENT)

        def threshold(index: int) -> Getter:
            return in_blocks(lambda one: one.blocks[index] if index < len(one.blocks) else ABSENT)

        def in_month(value: Callable[[int], int]) -> Callable[[Tariff], Any]:
            def get(_: Tariff) -> Any:
                now_us = self._now()
                return None if now_us is None else value(now_us)

            return get

        now_month = in_month(lambda now_us: to_utc(month_start(now_us)))
        last_month = in_month(lambda now_us: to_utc(month_start(now_us, 1)))
        found = {
            **self._prices(0x0000, supply),
            **{0x0100 + index: Attribute(0x25, threshold(index)) for index in range(3)},
            0x010F: Attribute(0x20, in_blocks(lambda one: len(one.blocks))),
            0x0200: Attribute(0xE2, in_blocks(now_month)),
            0x0201: Attribute(0x22, in_blocks(lambda one: 1)),
            0x0202: Attribute(0x22, in_blocks(lambda one: 1)),
            0x0203: Attribute(0x22, in_blocks(lambda one: 1000)),
            0x0204: Attribute(0x18, in_blocks(lambda one: _MONTHS)),
            0x0300: Attribute(0x30, 1 if supply.litres else 0),
            0x0301: Attribute(0x23, of(lambda one: one.standing_charge)),
            0x0615: Attribute(0x30, of(lambda one: one.unit_of_measure)),
            0x0616: Attribute(0x21, of(lambda one: POUNDS)),
            0x0617: Attribute(0x18, of(lambda one: TRAILING_DIGIT)),
            0x0700: Attribute(0xE2, of(now_month)),
            0x0701: Attribute(0x22, of(lambda one: 1)),
            0x0702: Attribute(0xE2, of(last_month)),
            0x0703: Attribute(0x22, of(lambda one: 1)),
            0x0704: Attribute(0x23, of(lambda one: self._last_bill())),
        }
        if supply.litres:
            found |= {
                0x0302: Attribute(0x23, lambda: self._factor(0)),
                0x0303: Attribute(0x18, TRAILING_DIGIT),
                0x0304: Attribute(0x23, lambda: self._factor(1)),
                0x0305: Attribute(0x30, 1),
                0x0306: Attribute(0x18, 0x10),
            }
        if self._carbon is not None:
            found |= {
                0x0620: Attribute(0x23, self._carbon),
                0x0621: Attribute(0x30, _KG_A_KWH),
                0x0622: Attribute(0x18, _GRAMS),
            }
        if self._exported:
            found |= self._prices(0x8000, self._exported)
        return found

    def _factor(self, which: int) -> int | None:
        now_us = self._now()
        return None if now_us is None else self._supply.factors(now_us)[which]
