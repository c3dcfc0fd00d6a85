"""Smart Energy's cluster commands as zigpy structures: what zigpy 2.4 lacks, field by field from SE 1.4, annex D.

Fields of the same octet are named together, high nibble first. Times are Zigbee UTC in seconds, 0 for now.
"""

from __future__ import annotations

import zigpy.types as t


def optional(kind):
    """A field that may be missing from the end of a command."""
    return t.StructField(type=kind, optional=True)


# Price 0x0700 (annex D.4)


class GetCurrentPrice(t.Struct):
    options: t.uint8_t


class GetScheduledPrices(t.Struct):
    start: t.UTCTime
    count: t.uint8_t


class PriceAcknowledgement(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    acknowledged: t.UTCTime
    control: t.uint8_t


class GetBlockPeriods(t.Struct):
    start: t.UTCTime
    count: t.uint8_t
    tariff_type: t.uint8_t = optional(t.uint8_t)


class GetSince(t.Struct):
    """Get Conversion Factor, Get Calorific Value; with the tariff type Get Tariff Information, Get CO2 Value, Get
    Billing Period and Get Consolidated Bill.
    """

    earliest: t.UTCTime
    minimum_event: t.uint32_t
    count: t.uint8_t
    tariff_type: t.uint8_t = optional(t.uint8_t)


class GetOfTariff(t.Struct):
    """Get Price Matrix, Get Block Thresholds, Get Tier Labels."""

    tariff_id: t.uint32_t


class PublishPrice(t.Struct):
    provider: t.uint32_t
    label: t.LVBytes
    event: t.uint32_t
    current_time: t.UTCTime
    unit_of_measure: t.uint8_t
    currency: t.uint16_t
    digits_and_tier: t.uint8_t
    tiers_and_register_tier: t.uint8_t
    start: t.UTCTime
    duration: t.uint16_t
    price: t.uint32_t
    price_ratio: t.uint8_t = optional(t.uint8_t)
    generation_price: t.uint32_t = optional(t.uint32_t)
    generation_price_ratio: t.uint8_t = optional(t.uint8_t)
    alternate_cost: t.uint32_t = optional(t.uint32_t)
    alternate_cost_unit: t.uint8_t = optional(t.uint8_t)
    alternate_cost_digits: t.uint8_t = optional(t.uint8_t)
    block_thresholds: t.uint8_t = optional(t.uint8_t)
    price_control: t.uint8_t = optional(t.uint8_t)
    generation_tiers: t.uint8_t = optional(t.uint8_t)
    generation_tier: t.uint8_t = optional(t.uint8_t)
    extended_tiers: t.uint8_t = optional(t.uint8_t)
    extended_tier: t.uint8_t = optional(t.uint8_t)
    extended_register_tier: t.uint8_t = optional(t.uint8_t)


class PublishBlockPeriod(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    start: t.UTCTime
    duration: t.uint24_t
    tiers_and_thresholds: t.uint8_t
    control: t.uint8_t
    duration_type: t.uint8_t
    tariff_type: t.uint8_t
    resolution: t.uint8_t


class PublishConversionFactor(t.Struct):
    event: t.uint32_t
    start: t.UTCTime
    factor: t.uint32_t
    digits: t.uint8_t


class PublishCalorificValue(t.Struct):
    event: t.uint32_t
    start: t.UTCTime
    value: t.uint32_t
    unit: t.uint8_t
    digits: t.uint8_t


class PublishTariffInformation(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    tariff_id: t.uint32_t
    start: t.UTCTime
    scheme_and_type: t.uint8_t
    label: t.LVBytes
    price_tiers: t.uint8_t
    block_thresholds: t.uint8_t
    unit_of_measure: t.uint8_t
    currency: t.uint16_t
    digits: t.uint8_t
    standing_charge: t.uint32_t
    tier_block_mode: t.uint8_t
    threshold_multiplier: t.uint24_t
    threshold_divisor: t.uint24_t


class PriceOf(t.Struct):
    identifier: t.uint8_t
    price: t.uint32_t


class PublishPriceMatrix(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    start: t.UTCTime
    tariff_id: t.uint32_t
    index: t.uint8_t
    total: t.uint8_t
    control: t.uint8_t
    prices: t.List[PriceOf]


class PublishBlockThresholds(t.Struct):
    """`tier_and_count` and as many thresholds: control bit 0 is set, they hold for every tier."""

    provider: t.uint32_t
    event: t.uint32_t
    start: t.UTCTime
    tariff_id: t.uint32_t
    index: t.uint8_t
    total: t.uint8_t
    control: t.uint8_t
    tier_and_count: t.uint8_t
    thresholds: t.List[t.uint48_t]


class PublishCO2Value(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    start: t.UTCTime
    tariff_type: t.uint8_t
    value: t.uint32_t
    unit: t.uint8_t
    digits: t.uint8_t


class TierLabel(t.Struct):
    tier: t.uint8_t
    label: t.LVBytes


class PublishTierLabels(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    tariff_id: t.uint32_t
    index: t.uint8_t
    total: t.uint8_t
    labels: t.LVList[TierLabel]


class PublishBillingPeriod(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    start: t.UTCTime
    duration: t.uint24_t
    duration_type: t.uint8_t
    tariff_type: t.uint8_t


class PublishConsolidatedBill(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    start: t.UTCTime
    duration: t.uint24_t
    duration_type: t.uint8_t
    tariff_type: t.uint8_t
    bill: t.uint32_t
    currency: t.uint16_t
    digits: t.uint8_t


# Messaging 0x0703 (annex D.5)


class DisplayMessage(t.Struct):
    identifier: t.uint32_t
    control: t.uint8_t
    start: t.UTCTime
    duration: t.uint16_t
    text: t.LVBytes
    extended_control: t.uint8_t = optional(t.uint8_t)


class CancelMessage(t.Struct):
    identifier: t.uint32_t
    control: t.uint8_t


class MessageConfirmation(t.Struct):
    identifier: t.uint32_t
    confirmed: t.UTCTime
    control: t.uint8_t = optional(t.uint8_t)
    response: t.LVBytes = optional(t.LVBytes)


class GetMessageCancellation(t.Struct):
    earliest: t.UTCTime


# Prepayment 0x0705 (annex D.7)


class GetPrepaySnapshot(t.Struct):
    earliest: t.UTCTime
    latest: t.UTCTime
    offset: t.uint8_t
    cause: t.uint32_t


class PublishPrepaySnapshot(t.Struct):
    """With the payload of type 0: the accounts' state at `time`."""

    identifier: t.uint32_t
    time: t.UTCTime
    found: t.uint8_t
    index: t.uint8_t
    total: t.uint8_t
    cause: t.uint32_t
    payload_type: t.uint8_t
    accumulated_debt: t.int32s
    debt_1: t.uint32_t
    debt_2: t.uint32_t
    debt_3: t.uint32_t
    emergency_credit_remaining: t.int32s
    credit_remaining: t.int32s


class GetTopUpLog(t.Struct):
    latest: t.UTCTime
    count: t.uint8_t


class TopUp(t.Struct):
    code: t.LVBytes
    amount: t.int32s
    time: t.UTCTime


class PublishTopUpLog(t.Struct):
    index: t.uint8_t
    total: t.uint8_t
    entries: t.List[TopUp]


class GetDebtRepaymentLog(t.Struct):
    latest: t.UTCTime
    count: t.uint8_t
    debt_type: t.uint8_t


class DebtPayment(t.Struct):
    time: t.UTCTime
    amount: t.uint32_t
    debt_type: t.uint8_t
    outstanding: t.uint32_t


class PublishDebtLog(t.Struct):
    index: t.uint8_t
    total: t.uint8_t
    entries: t.List[DebtPayment]


# Calendar 0x0707 (annex D.9)


class GetCalendar(t.Struct):
    earliest: t.UTCTime
    minimum_event: t.uint32_t
    count: t.uint8_t
    calendar_type: t.uint8_t
    provider: t.uint32_t


class GetDayProfiles(t.Struct):
    """Get Day Profiles and Get Week Profiles."""

    provider: t.uint32_t
    calendar_id: t.uint32_t
    first: t.uint8_t
    count: t.uint8_t


class GetSeasons(t.Struct):
    provider: t.uint32_t
    calendar_id: t.uint32_t


class GetSpecialDays(t.Struct):
    start: t.UTCTime
    count: t.uint8_t
    calendar_type: t.uint8_t
    provider: t.uint32_t
    calendar_id: t.uint32_t


class PublishCalendar(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    calendar_id: t.uint32_t
    start: t.UTCTime
    calendar_type: t.uint8_t
    time_reference: t.uint8_t
    name: t.LVBytes
    seasons: t.uint8_t
    week_profiles: t.uint8_t
    day_profiles: t.uint8_t


class DayEntry(t.Struct):
    """A rate switch: minutes after midnight and the tier from then on; in a friendly-credit calendar 1 or 0."""

    start: t.uint16_t
    tier: t.uint8_t


class PublishDayProfile(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    calendar_id: t.uint32_t
    day_id: t.uint8_t
    entries_in_all: t.uint8_t
    index: t.uint8_t
    total: t.uint8_t
    calendar_type: t.uint8_t
    entries: t.List[DayEntry]


class PublishWeekProfile(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    calendar_id: t.uint32_t
    week_id: t.uint8_t
    monday: t.uint8_t
    tuesday: t.uint8_t
    wednesday: t.uint8_t
    thursday: t.uint8_t
    friday: t.uint8_t
    saturday: t.uint8_t
    sunday: t.uint8_t


class Season(t.Struct):
    """The date is year less 1900, month, day of the month and of the week, each 0xFF for any."""

    year: t.uint8_t
    month: t.uint8_t
    day: t.uint8_t
    weekday: t.uint8_t
    week_id: t.uint8_t


class PublishSeasons(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    calendar_id: t.uint32_t
    index: t.uint8_t
    total: t.uint8_t
    entries: t.List[Season]


class SpecialDay(t.Struct):
    year: t.uint8_t
    month: t.uint8_t
    day: t.uint8_t
    weekday: t.uint8_t
    day_id: t.uint8_t


class PublishSpecialDays(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    calendar_id: t.uint32_t
    start: t.UTCTime
    calendar_type: t.uint8_t
    entries_in_all: t.uint8_t
    index: t.uint8_t
    total: t.uint8_t
    entries: t.List[SpecialDay]


# Device Management 0x0708 (annex D.10)


class PublishChangeOfTenancy(t.Struct):
    provider: t.uint32_t
    event: t.uint32_t
    tariff_type: t.uint8_t
    implementation: t.UTCTime
    control: t.uint32_t


class PublishChangeOfSupplier(t.Struct):
    current_provider: t.uint32_t
    event: t.uint32_t
    tariff_type: t.uint8_t
    proposed_provider: t.uint32_t
    implementation: t.UTCTime
    control: t.uint32_t
    name: t.LVBytes
    contact: t.LVBytes


class UpdateSiteId(t.Struct):
    event: t.uint32_t
    time: t.UTCTime
    provider: t.uint32_t
    site_id: t.LVBytes


class UpdateCustomerId(t.Struct):
    event: t.uint32_t
    time: t.UTCTime
    provider: t.uint32_t
    customer_id: t.LVBytes


# Events 0x0709 (annex D.11)


class GetEventLog(t.Struct):
    control_and_log: t.uint8_t
    event_id: t.uint16_t
    start: t.UTCTime
    end: t.UTCTime
    count: t.uint8_t
    offset: t.uint16_t


class PublishEvent(t.Struct):
    log_id: t.uint8_t
    event_id: t.uint16_t
    time: t.UTCTime
    control: t.uint8_t
    data: t.LVBytes


class LoggedEvent(t.Struct):
    log_id: t.uint8_t
    event_id: t.uint16_t
    time: t.UTCTime
    data: t.LVBytes


class PublishEventLog(t.Struct):
    """The control octet holds the number of this command's entries (high nibble) and the log (low)."""

    found: t.uint16_t
    index: t.uint8_t
    total: t.uint8_t
    count_and_log: t.uint8_t
    entries: t.List[LoggedEvent]


# Metering 0x0702 (annex D.3), where zigpy has a schema, its own is used


class GetProfile(t.Struct):
    channel: t.uint8_t
    end: t.UTCTime
    periods: t.uint8_t


class GetProfileResponse(t.Struct):
    end: t.UTCTime
    status: t.uint8_t
    interval: t.uint8_t
    intervals: t.LVList[t.uint24_t]


class GetSampledData(t.Struct):
    sample_id: t.uint16_t
    earliest: t.UTCTime
    sample_type: t.uint8_t
    count: t.uint16_t


class GetSampledDataResponse(t.Struct):
    sample_id: t.uint16_t
    start: t.UTCTime
    sample_type: t.uint8_t
    interval: t.uint16_t
    samples: t.LVList[t.uint24_t, t.uint16_t]
