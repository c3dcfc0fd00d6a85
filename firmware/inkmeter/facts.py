"""What else a meter, its tariff or its supplier may say, by number: `home.put(fact, value, now)`.

Most homes have few of these, so each costs the heap nothing until it is heard. A fact of the gas side is the same
number with GAS_SIDE added. The lowest two bits say how long a fact is live: 3 minutes, 65 minutes, 26 hours, or
until it is put again. Public numbers of this firmware cost nothing either: the build writes them in where they are
used.

Money is in 1/100,000 of the currency unit, times are seconds since 2000-01-01 UTC, energy and volume are the meter's
raw numbers (scale them by the Meter's multiplier and divisor). Sources: Smart Energy 1.4 annex D, GBCS.
"""

from micropython import const

GAS_SIDE = const(4)

# Metering 0x0702
METER_STATUS = const(0x09)  # MeterStatus, bits
AMBIENT = const(0x10)  # AmbientConsumptionIndicator: 0 low, 1 medium, 2 high
SUPPLY_STATUS = const(0x19)  # SupplyStatus: 0 off, 1 off but armed, 2 on
ACTIVE_TIER = const(0x21)  # ActiveRegisterTierDelivered: 1 and up
LOW_MEDIUM_W = const(0x2A)  # LowMediumThreshold
MEDIUM_HIGH_W = const(0x32)  # MediumHighThreshold
TODAY = const(0x39)  # CurrentDayConsumptionDelivered; of gas the mirror's AlternativeCurrentDay..., in kWh
THIS_WEEK = const(0x41)
THIS_MONTH = const(0x49)
TODAY_SENT = const(0x51)  # CurrentDayConsumptionReceived
SITE_ID = const(0x5B)  # MPAN or MPRN, text: shown only when the household asks
CALORIFIC_VALUE = const(0x63)  # MJ/m3 * 1,000
CONVERSION_FACTOR = const(0x6B)  # * 100,000
TIER_REGISTER = const(0x403)  # + 8 * (tier - 1): CurrentTierNSummationDelivered
BLOCK_REGISTER = const(0x603)  # + 8 * (block - 1): CurrentBlockNSummationDelivered without tiers
BLOCK_USED = const(0x169)  # CurrentBlockPeriodConsumptionDelivered
BATTERY_DAYS = const(0x173)  # RemainingBatteryLifeInDays: the gas meter's
SENT_THIS_WEEK = const(0x179)
SENT_THIS_MONTH = const(0x181)

# Price 0x0700
STANDING_CHARGE = const(0x72)  # a day
NEXT_RATE = const(0x7B)  # a kWh, from NEXT_RATE_AT on
NEXT_RATE_AT = const(0x83)
RATE_UNTIL = const(0x8B)  # when the price in force ends; None for "until changed"
CO2 = const(0x92)  # g/kWh
BLOCK = const(0x99)  # the block in force, 1 and up; 0 for none
BLOCK_LEFT = const(0xA1)  # raw units until the next block; None in the last one
EXPORT_RATE = const(0xAA)  # paid for a kWh sent out
TARIFF_LABEL = const(0x18A)  # text
TIERS = const(0x192)  # NumberOfPriceTiersInUse
BLOCK_THRESHOLD = const(0x703)  # + 8 * (n - 1): raw units at which block n ends, n 1 to 15
BLOCK_RATE = const(0x783)  # + 8 * (block - 1): its price a kWh, 1 to 16
TARIFF_FROM = const(0x203)  # since when the rates by tier hold; None where nobody says
PRICE_DIGITS = const(0x19B)  # PriceTrailingDigit, digits to the right of the point

# Prepayment 0x0705
PREPAID = const(0xB2)  # PaymentControlConfiguration, whether it says prepayment; 0: pays afterwards
CREDIT_REMAINING = const(0xB9)
CREDIT_STATUS = const(0xC1)  # bits
EMERGENCY_CREDIT = const(0xC9)  # what is left of it
EMERGENCY_LIMIT = const(0xD2)
LOW_CREDIT = const(0xDA)  # LowCreditWarningLevel
DEBT = const(0xE2)  # all debts together
DEBT_RATE = const(0xEA)  # recovered a week
LAST_TOP_UP = const(0xF2)
LAST_TOP_UP_AT = const(0xFA)
FRIENDLY_UNTIL = const(0x103)  # non-disconnection period in force until; None or 0: none
BILL_TO_DATE = const(0x10A)  # the meter's own cost since its last bill
COST_TODAY = const(0x111)  # the meter's own cost of the day
COST_WEEK = const(0x119)
COST_MONTH = const(0x121)
BILL_AT = const(0x1A2)  # until when BILL_TO_DATE counts
CREDIT_AT = const(0x1A9)  # CreditRemainingTimeStamp
ACCUMULATED_DEBT = const(0x1B1)  # what the meter is owed since emergency credit or standing charges ran unpaid
EMERGENCY_THRESHOLD = const(0x1BA)  # the credit below which emergency credit may be had
CUT_OFF = const(0x1C2)  # CutOffValue: the credit at which the supply goes off
CREDIT_ALARMS = const(0x1C9)  # PrepaymentAlarmStatus, bits
MOST_CREDIT = const(0x1D2)  # MaxCreditLimit
MOST_TOP_UP = const(0x1DA)  # MaxCreditPerTopUp
FRIENDLY_FROM = const(0x1E2)  # NextFriendlyCreditPeriod
TOP_UP = const(0x802)  # + 8 * n: the last but n top-up, n 0 to 4; LAST_TOP_UP is the same as n 0
TOP_UP_AT = const(0x82A)  # + 8 * n

# Device Management 0x0708, Messaging 0x0703
SUPPLIER_NAME = const(0x12B)  # text
SUPPLIER_CONTACT = const(0x133)  # text
MESSAGE = const(0x13B)  # text; None when there is none, or it was cancelled or is over
MESSAGE_ID = const(0x143)
MESSAGE_FLAGS = const(0x14B)  # MessageControl; and bit 8: for the account holder's eyes (PIN), bit 9: confirmed
MESSAGE_UNTIL = const(0x153)
MESSAGE_PRESSED = const(0x1EB)  # whoever hears the OK button puts the MESSAGE_ID that the household confirmed
FORGOTTEN_AT = const(0x1FB)  # when the ledger forgot a household for the supplier: what was counted from before is void
WAN_STATUS = const(0x1F1)  # WANStatus: 1 the hub reaches the supplier, 0 it does not
