"""What messages mean, in a sentence each, and the commands that zigpy's tables lack (SE 1.4, annexes C and D)."""

from __future__ import annotations

import zigpy.types as t

from host_tools.sim import smart_energy as se


class Stage:
    """The stages of the road, as a person would name them."""

    RADIO = "Waking the radio"
    LOOK = "Looking for the hub"
    JOIN = "Joining"
    KEYS = "Proving who is who"
    FIND = "Finding the meters"
    READ = "Reading"
    LIFE = "Life on the network"
    QUIET = ""


_LOOK, _JOIN, _KEYS, _FIND, _READ, _LIFE, _QUIET = (
    Stage.LOOK, Stage.JOIN, Stage.KEYS, Stage.FIND, Stage.READ, Stage.LIFE, Stage.QUIET,
)  # fmt: skip

# Messages on the air by name: the stage they belong to, and what they are for.
ABOUT: dict[str, tuple[str, str]] = {
    "Beacon Request": (_LOOK, "The display asks on this channel which networks there are."),
    "Beacon": (_LOOK, "A network answers with its name, and says whether it lets new devices in just now."),
    "Association Request": (_JOIN, "The display asks this network for a place. It has shown no key yet."),
    "Association Response": (
        _JOIN,
        "The hub gives it a short address. It has no key yet, so it can read nothing.",
    ),
    "Transport Key: link key for two devices": (
        _KEYS,
        "The hub sends the display and the meter a key to share, sealed for each with the key that it has agreed with "
        "that one.",
    ),
    "Transport Key: network key": (
        _JOIN,
        "The hub sends the network's key, sealed with another that only the two of "
        "them have: for a new device, one made from its install code. A wrong code "
        "ends here.",
    ),
    "Transport Key: new network key": (
        _LIFE,
        "The hub hands out the network's next key. It takes effect when the hub says so.",
    ),
    "Device_annce": (_JOIN, "The display tells everyone that it is here, and at which address."),
    "Update Device": (_JOIN, "A router tells the hub that a device has arrived."),
    "Initiate Key Establishment Request": (
        _KEYS,
        "The display hands over its certificate and asks to agree on a key of their own.",
    ),
    "Initiate Key Establishment Response": (
        _KEYS,
        "The hub hands over its own certificate. Each can now check who vouches for the other.",
    ),
    "Ephemeral Data Request": (_KEYS, "The display sends a public number made for this exchange alone."),
    "Ephemeral Data Response": (
        _KEYS,
        "The hub sends its own. From the four of them both work out the same key, which never goes over the air.",
    ),
    "Confirm Key Data Request": (_KEYS, "The display proves that it has worked out the key, without saying it."),
    "Confirm Key Data Response": (_KEYS, "The hub proves the same. From now on the two trust each other."),
    "Terminate Key Establishment": (_KEYS, "One side ends the exchange, and says why."),
    "Request Key": (_KEYS, "The display asks the hub for a key to talk with a meter."),
    "Switch Key": (_LIFE, "The hub says: use the new network key from now on."),
    "Remove Device": (_LIFE, "The hub takes a device off its network."),
    "Leave": (_LIFE, "A device leaves the network, or is told to."),
    "Rejoin request": (_LIFE, "A device that was here before asks to come back."),
    "Rejoin response": (_LIFE, "The hub takes it back, perhaps under another address."),
    "Match_Desc_req": (_FIND, "The display asks which devices offer this service."),
    "Match_Desc_rsp": (_FIND, "A device that offers it."),
    "Active_EP_req": (_FIND, "The display asks which endpoints this device has."),
    "Active_EP_rsp": (_FIND, "Its endpoints, by number."),
    "Simple_Desc_req": (_FIND, "The display asks what this endpoint is and can do."),
    "Simple_Desc_rsp": (_FIND, "What it is (a meter, a hub, a gas mirror) and what it offers."),
    "Node_Desc_req": (_FIND, "The display asks what kind of device this is."),
    "Node_Desc_rsp": (_FIND, "Its kind."),
    "IEEE_addr_req": (_FIND, "The display asks for the full address behind a short one."),
    "IEEE_addr_rsp": (_FIND, "The full address."),
    "NWK_addr_req": (_FIND, "The display asks for the short address behind a full one."),
    "NWK_addr_rsp": (_FIND, "Its short address."),
    "MAC acknowledgement": (_QUIET, "Heard."),
    "APS acknowledgement": (_QUIET, "The whole message has arrived, through every hop."),
    "Data Request": (_QUIET, "The display asks whether anything is waiting for it."),
    "Read Attributes": (_QUIET, "The display asks a meter for all the values that it wants, in one question."),
    "Read Attributes Response": (_QUIET, "The values, or why they cannot be had."),
    "Report Attributes": (_QUIET, "The gas meter wakes every half-hour and leaves its values with the hub."),
    "End device timeout request": (_QUIET, "The display says that it is still here."),
    "End device timeout response": (_QUIET, "The hub has noticed."),
    "Cannot be opened": (_QUIET, "Secured with a key that this page does not have."),
}

# EZSP commands and callbacks that belong to the story.
EZSP_STORY: dict[str, tuple[str, str]] = {
    "version": (Stage.RADIO, "The display's firmware and its radio module agree on how to talk."),
    "networkInit": (Stage.RADIO, "Does the radio module remember a network?"),
    "startScan": (_LOOK, "The firmware tells the radio module to listen on the channels that smart meters use."),
    "networkFoundHandler": (_LOOK, "The radio module has heard a network."),
    "setInitialSecurityState": (_JOIN, "The firmware says how to join: with the key made from the install code."),
    "joinNetwork": (_JOIN, "The firmware has chosen a network, and tells the radio module to join it."),
    "stackStatusHandler": (_LIFE, "The radio module reports the state of the network: up, down or refused."),
    "generateCbkeKeys": (
        _KEYS,
        "The radio module makes the numbers for this exchange. Its private key never leaves it.",
    ),
    "generateCbkeKeys283k1": (
        _KEYS,
        "The radio module makes the numbers for this exchange. Its private key stays in it.",
    ),
    "generateCbkeKeysHandler": (_KEYS, "The numbers are ready."),
    "generateCbkeKeysHandler283k1": (_KEYS, "The numbers are ready."),
    "calculateSmacs": (_KEYS, "The radio module works out the shared key, and the proofs that both sides have it."),
    "calculateSmacs283k1": (_KEYS, "The radio module works out the shared key, and both sides' proofs."),
    "calculateSmacsHandler": (_KEYS, "The proofs are ready; the firmware compares the hub's with them."),
    "calculateSmacsHandler283k1": (_KEYS, "The proofs are ready; the firmware compares the hub's with them."),
    "clearTemporaryDataMaybeStoreLinkKey": (_KEYS, "The proofs agree: the radio module keeps the key."),
    "clearTemporaryDataMaybeStoreLinkKey283k1": (_KEYS, "The proofs agree: the radio module keeps the key."),
    "findAndRejoinNetwork": (_LIFE, "The link is lost: the firmware tells its radio module to look for the network."),
    "leaveNetwork": (_LIFE, "The firmware gives up its place on the network."),
}

# (cluster, to the client, command): a Smart Energy command's name, and its fields where it has any.
COMMANDS: dict[tuple[int, bool, int], tuple[str, type[t.Struct] | None]] = {
    # Price
    (0x0700, False, 0x00): ("Get Current Price", se.GetCurrentPrice),
    (0x0700, False, 0x01): ("Get Scheduled Prices", se.GetScheduledPrices),
    (0x0700, False, 0x02): ("Price Acknowledgement", se.PriceAcknowledgement),
    (0x0700, False, 0x03): ("Get Block Periods", se.GetBlockPeriods),
    (0x0700, False, 0x04): ("Get Conversion Factor", se.GetSince),
    (0x0700, False, 0x05): ("Get Calorific Value", se.GetSince),
    (0x0700, False, 0x06): ("Get Tariff Information", se.GetSince),
    (0x0700, False, 0x07): ("Get Price Matrix", se.GetOfTariff),
    (0x0700, False, 0x08): ("Get Block Thresholds", se.GetOfTariff),
    (0x0700, False, 0x09): ("Get CO2 Value", se.GetSince),
    (0x0700, False, 0x0A): ("Get Tier Labels", se.GetOfTariff),
    (0x0700, False, 0x0B): ("Get Billing Period", se.GetSince),
    (0x0700, False, 0x0C): ("Get Consolidated Bill", se.GetSince),
    (0x0700, True, 0x00): ("Publish Price", se.PublishPrice),
    (0x0700, True, 0x01): ("Publish Block Period", se.PublishBlockPeriod),
    (0x0700, True, 0x02): ("Publish Conversion Factor", se.PublishConversionFactor),
    (0x0700, True, 0x03): ("Publish Calorific Value", se.PublishCalorificValue),
    (0x0700, True, 0x04): ("Publish Tariff Information", se.PublishTariffInformation),
    (0x0700, True, 0x05): ("Publish Price Matrix", se.PublishPriceMatrix),
    (0x0700, True, 0x06): ("Publish Block Thresholds", se.PublishBlockThresholds),
    (0x0700, True, 0x07): ("Publish CO2 Value", se.PublishCO2Value),
    (0x0700, True, 0x08): ("Publish Tier Labels", se.PublishTierLabels),
    (0x0700, True, 0x09): ("Publish Billing Period", se.PublishBillingPeriod),
    (0x0700, True, 0x0A): ("Publish Consolidated Bill", se.PublishConsolidatedBill),
    # Metering
    (0x0702, False, 0x00): ("Get Profile", se.GetProfile),
    (0x0702, False, 0x08): ("Get Sampled Data", se.GetSampledData),
    (0x0702, True, 0x00): ("Get Profile Response", se.GetProfileResponse),
    (0x0702, True, 0x07): ("Get Sampled Data Response", se.GetSampledDataResponse),
    # Messaging
    (0x0703, False, 0x00): ("Get Last Message", None),
    (0x0703, False, 0x01): ("Message Confirmation", se.MessageConfirmation),
    (0x0703, False, 0x02): ("Get Message Cancellation", se.GetMessageCancellation),
    (0x0703, True, 0x00): ("Display Message", se.DisplayMessage),
    (0x0703, True, 0x01): ("Cancel Message", se.CancelMessage),
    (0x0703, True, 0x02): ("Display Protected Message", se.DisplayMessage),
    # Prepayment
    (0x0705, False, 0x07): ("Get Prepay Snapshot", se.GetPrepaySnapshot),
    (0x0705, False, 0x08): ("Get Top Up Log", se.GetTopUpLog),
    (0x0705, False, 0x0A): ("Get Debt Repayment Log", se.GetDebtRepaymentLog),
    (0x0705, True, 0x01): ("Publish Prepay Snapshot", se.PublishPrepaySnapshot),
    (0x0705, True, 0x05): ("Publish Top Up Log", se.PublishTopUpLog),
    (0x0705, True, 0x06): ("Publish Debt Log", se.PublishDebtLog),
    # Calendar
    (0x0707, False, 0x00): ("Get Calendar", se.GetCalendar),
    (0x0707, False, 0x01): ("Get Day Profiles", se.GetDayProfiles),
    (0x0707, False, 0x02): ("Get Week Profiles", se.GetDayProfiles),
    (0x0707, False, 0x03): ("Get Seasons", se.GetSeasons),
    (0x0707, False, 0x04): ("Get Special Days", se.GetSpecialDays),
    (0x0707, True, 0x00): ("Publish Calendar", se.PublishCalendar),
    (0x0707, True, 0x01): ("Publish Day Profile", se.PublishDayProfile),
    (0x0707, True, 0x02): ("Publish Week Profile", se.PublishWeekProfile),
    (0x0707, True, 0x03): ("Publish Seasons", se.PublishSeasons),
    (0x0707, True, 0x04): ("Publish Special Days", se.PublishSpecialDays),
    # Device Management
    (0x0708, False, 0x00): ("Get Change of Tenancy", None),
    (0x0708, False, 0x01): ("Get Change of Supplier", None),
    (0x0708, False, 0x03): ("Get Site ID", None),
    (0x0708, False, 0x05): ("Get CIN", None),
    (0x0708, True, 0x00): ("Publish Change of Tenancy", se.PublishChangeOfTenancy),
    (0x0708, True, 0x01): ("Publish Change of Supplier", se.PublishChangeOfSupplier),
    (0x0708, True, 0x03): ("Update Site ID", se.UpdateSiteId),
    (0x0708, True, 0x06): ("Update CIN", se.UpdateCustomerId),
    # Events
    (0x0709, False, 0x00): ("Get Event Log", se.GetEventLog),
    (0x0709, True, 0x00): ("Publish Event", se.PublishEvent),
    (0x0709, True, 0x01): ("Publish Event Log", se.PublishEventLog),
    # Key Establishment, whose octets are not shown
    (0x0800, False, 0x00): ("Initiate Key Establishment Request", None),
    (0x0800, False, 0x01): ("Ephemeral Data Request", None),
    (0x0800, False, 0x02): ("Confirm Key Data Request", None),
    (0x0800, False, 0x03): ("Terminate Key Establishment", None),
    (0x0800, True, 0x00): ("Initiate Key Establishment Response", None),
    (0x0800, True, 0x01): ("Ephemeral Data Response", None),
    (0x0800, True, 0x02): ("Confirm Key Data Response", None),
    (0x0800, True, 0x03): ("Terminate Key Establishment", None),
}
