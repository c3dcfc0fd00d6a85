"""Names of Smart Energy attributes that zigpy's tables lack (SE 1.4, annexes D.3 Metering, D.4 Price, D.7 Prepayment
and D.10 Device Management; annex C.3 Key Establishment), as {cluster: {id: name}}.
"""

from __future__ import annotations

from collections.abc import Iterator


def _metering() -> Iterator[tuple[int, str]]:
    for tier in range(16, 49):
        for odd, way in enumerate(("delivered", "received")):
            yield 0x0100 + 2 * (tier - 1) + odd, f"current_tier{tier}_summation_{way}"
    for tier in range(16):
        for block in range(1, 17):
            of_tier = f"tier{tier}" if tier else "no_tier"
            yield 0x0700 + 0x10 * tier + block - 1, f"current_{of_tier}_block{block}_summation_delivered"
    yield 0x0A04, "bill_delivered_trailing_digit"
    for offset, what in ((0x0400, "consumption"), (0x0C00, "alternative_consumption")):
        for at, name in _periods(what, 0x01, 0x03):
            yield offset + at, name
    yield 0x0C00, "alternative_instantaneous_demand"


def _periods(what: str, today: int, yesterday: int) -> Iterator[tuple[int, str]]:
    # Days, weeks and months, as the historical sets of Metering and of Prepayment order them.
    for odd, way in enumerate(("delivered", "received")):
        yield today + odd, f"current_day_{what}_{way}"
        yield yesterday + odd, f"previous_day_{what}_{way}"
        for back in range(2, 9):
            yield 0x20 + 2 * (back - 2) + odd, f"previous_day{back}_{what}_{way}"
        for start, period, count in ((0x30, "week", 5), (0x40, "month", 13)):
            yield start + odd, f"current_{period}_{what}_{way}"
            for back in range(1, count + 1):
                yield start + 2 * back + odd, f"previous_{period}{back if back > 1 else ''}_{what}_{way}"


_PRICE = {
    0x010F: "block_threshold_count", 0x0200: "start_of_block_period", 0x0201: "block_period_duration",
    0x0202: "threshold_multiplier", 0x0203: "threshold_divisor", 0x0204: "block_period_duration_type",
    0x0300: "commodity_type", 0x0301: "standing_charge", 0x0302: "conversion_factor",
    0x0303: "conversion_factor_trailing_digit", 0x0304: "calorific_value", 0x0305: "calorific_value_unit",
    0x0306: "calorific_value_trailing_digit", 0x0610: "tariff_label", 0x0611: "number_of_price_tiers_in_use",
    0x0612: "number_of_block_thresholds_in_use", 0x0613: "tier_block_mode", 0x0615: "unit_of_measure",
    0x0616: "currency", 0x0617: "price_trailing_digit", 0x0619: "tariff_resolution_period", 0x0620: "co2",
    0x0621: "co2_unit", 0x0622: "co2_trailing_digit", 0x0700: "current_billing_period_start",
    0x0701: "current_billing_period_duration", 0x0702: "last_billing_period_start",
    0x0703: "last_billing_period_duration", 0x0704: "last_billing_period_consolidated_bill",
}  # fmt: skip
_PRICE_RECEIVED = {
    0x8200: "received_start_of_block_period", 0x8201: "received_block_period_duration",
    0x8202: "received_threshold_multiplier", 0x8203: "received_threshold_divisor", 0x8610: "received_tariff_label",
    0x8611: "received_number_of_tariff_tiers_in_use", 0x8612: "received_number_of_block_thresholds_in_use",
    0x8613: "received_tier_block_mode", 0x8615: "received_tariff_resolution_period",
    0x8700: "received_current_billing_period_start", 0x8701: "received_current_billing_period_duration",
    0x8702: "received_last_billing_period_start", 0x8704: "received_last_billing_period_consolidated_bill",
}  # fmt: skip


def _price() -> Iterator[tuple[int, str]]:
    yield from _PRICE.items()
    yield from _PRICE_RECEIVED.items()
    for base, long, short in ((0, "", ""), (0x8000, "received_", "rx_")):
        for tier in range(1, 49):
            yield base + tier - 1, f"{long}tier{tier}_price_label"
        for block in range(1, 16):
            yield base + 0x0100 + block - 1, f"{long}block{block}_threshold"
        for block in range(1, 17):
            yield base + 0x0400 + block - 1, f"{short}no_tier_block{block}_price"
            for tier in range(1, 16):
                yield base + 0x0400 + 0x10 * tier + block - 1, f"{short}tier{tier}_block{block}_price"
        for tier in range(16, 49):
            yield base + 0x0500 + tier - 1, f"{long}price_tier{tier}"


_PREPAYMENT = {
    0x0000: "payment_control_configuration", 0x0001: "credit_remaining", 0x0002: "emergency_credit_remaining",
    0x0003: "credit_status", 0x0004: "credit_remaining_time_stamp", 0x0005: "accumulated_debt",
    0x0006: "overall_debt_cap", 0x0010: "emergency_credit_limit_allowance", 0x0011: "emergency_credit_threshold",
    0x0020: "total_credit_added", 0x0021: "max_credit_limit", 0x0022: "max_credit_per_top_up",
    0x0030: "friendly_credit_warning", 0x0031: "low_credit_warning", 0x0032: "ihd_low_credit_warning",
    0x0033: "interrupt_suspend_time", 0x0034: "remaining_friendly_credit_time", 0x0035: "next_friendly_credit_period",
    0x0040: "cut_off_value", 0x0080: "token_carrier_id", 0x0400: "prepayment_alarm_status",
    0x0500: "historical_cost_consumption_formatting", 0x0501: "consumption_unit_of_measurement",
    0x0502: "currency_scaling_factor", 0x0503: "currency", 0x055C: "historical_freeze_time",
}  # fmt: skip
_TOP_UP = ("top_up_date_time", "top_up_amount", "originating_device", "top_up_code")
_DEBT = {
    0: "label", 1: "amount", 2: "recovery_method", 3: "recovery_start_time", 4: "recovery_collection_time",
    6: "recovery_frequency", 7: "recovery_amount", 9: "recovery_top_up_percentage",
}  # fmt: skip


def _prepayment() -> Iterator[tuple[int, str]]:
    yield from _PREPAYMENT.items()
    for number in range(1, 6):
        for field, name in enumerate(_TOP_UP):
            yield 0x0100 + 0x10 * (number - 1) + field, f"{name}{number}"
    for number in range(1, 4):
        for field, name in _DEBT.items():
            yield 0x0200 + 0x10 * number + field, f"debt_{name}{number}"
    for at, name in _periods("cost_consumption", 0x1C, 0x1E):
        yield 0x0500 + at, name


_DEVICE_MANAGEMENT = {
    0x0100: "provider_id", 0x0101: "provider_name", 0x0102: "provider_contact_details",
    0x0110: "proposed_provider_id", 0x0111: "proposed_provider_name",
    0x0112: "proposed_provider_change_date_time", 0x0113: "proposed_provider_change_control",
    0x0114: "proposed_provider_contact_details", 0x0200: "change_of_tenancy_update_date_time",
    0x0201: "proposed_tenancy_change_control", 0x0300: "wan_status", 0x0400: "low_medium_threshold",
    0x0401: "medium_high_threshold",
}  # fmt: skip

NAMES: dict[int, dict[int, str]] = {
    0x0700: dict(_price()), 0x0702: dict(_metering()), 0x0705: dict(_prepayment()), 0x0708: _DEVICE_MANAGEMENT,
    0x0800: {0x0000: "supported_key_establishment_suites"},
}  # fmt: skip
