"""What can be done to household, supply and time by the page's controls, and what the panel makes of it."""

import csv
import datetime
import io
import re
import time
import zipfile

import pytest
from hands import PHONE, panel, read_meters, speed, tab, turn_to
from served import serving

from host_tools.sim.homes import home as home_of

SEED = 1
EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture
def flat(tmp_path):
    """A home with electricity at one price, and no gas."""
    with serving(tmp_path / "run", "--home", "electricity-only") as served:
        yield served


@pytest.fixture
def credit(tmp_path):
    """A home with one price, whose meter says at once when that changes."""
    with serving(tmp_path / "run", "--home", "credit-flat") as served:
        yield served


@pytest.fixture
def emergency(tmp_path):
    """A home that pays first, and has little of its emergency credit left."""
    with serving(tmp_path / "run", "--home", "prepaid-in-emergency") as served:
        yield served


def choose(page, name, value):
    page.locator(f"[data-control={name}]").select_option(value)


def zigbee(utc):
    """Seconds since 2000 of a state's time."""
    return int((datetime.datetime.fromisoformat(utc) - EPOCH).total_seconds())


def shows(page, words):
    page.wait_for_function(
        "words => document.getElementById('panel').getAttribute('aria-label').includes(words)",
        arg=words,
        timeout=60_000,
    )


def test_each_tariff_can_be_chosen_and_is_on_the_panel(credit, browse):
    page = browse(credit.url)
    read_meters(page)
    speed(page, "10x")
    for value, label in (("agile", "Agile-like: a price for every half-hour"),
                         ("economy-7", "Economy 7: cheap at night"),
                         ("credit-flat", "Flat: one price")):  # fmt: skip
        choose(page, "tariff", label)
        # From the tariff's own table: the half-hour's that it is, before noon and its prices below nothing.
        price = home_of(value, SEED).tariff.window(zigbee(credit.state()["utc"])).price
        price = (price + 5) // 10
        shows(page, f"{price // 100}.{price % 100:02d}p/kWh")
        assert credit.state()["values"]["tariff"] == value
    speed(page, "60x")
    for label, words in (("Flat, with paid export", "Paid for sent out  15.00p/kWh"),
                         ("Prepaid", "Emergency credit  £10.00")):  # fmt: skip
        choose(page, "tariff", label)
        page.get_by_role("button", name="Reset the display").click()
        shows(page, "24.50p/kWh")
        turn_to(page, words)


def test_a_home_without_credit_is_cut_off_and_told_what_to_do(emergency, browse):
    page = browse(emergency.url)
    read_meters(page)
    for name in ("Oven", "Car charger", "Fan heater"):
        page.get_by_role("switch", name=name).click()
    page.get_by_text("The credit has run out").wait_for()
    speed(page, "10x")
    page.locator("#meters dd", has_text="off: no credit left").wait_for()
    shows(page, "Supply is off")
    # The main switch is another one, and gives no power.
    main = page.get_by_role("switch", name="Main switch")
    assert main.get_attribute("aria-checked") == "true"
    for _ in range(2):
        main.click()
    page.locator("#meters dd", has_text="0 W").wait_for()
    tab(page, "Changes")
    on = page.get_by_role("button", name="Switch the supply back on: go")
    on.click()
    page.locator("#refusal", has_text="the supply is not armed").wait_for()
    page.get_by_label("Top up", exact=True).fill("2000")
    page.get_by_role("button", name="Top up: go").click()
    page.get_by_text("There is credit again.").wait_for()
    shows(page, "Switch it on")
    on.click()
    page.get_by_text("The display reads your meters").wait_for()
    shows(page, "an hour")
    # The story tells the amount, under its own heading.
    page.locator("#story .what", has_text="A top-up code worth this many pence (2000)").wait_for()
    assert page.locator("#story h3").last.inner_text() == "Reading"


def test_a_refusal_is_in_sight(home, browse):
    page = browse(home.url, **PHONE)
    tab(page, "Changes")
    field = page.get_by_label("Power cut", exact=True)
    field.fill("5 minutes")
    field.press("Enter")
    refusal = page.locator("#refusal", has_text="'5 minutes' is not a whole number")
    refusal.wait_for()
    box = refusal.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["viewport"]["height"]


def test_a_gas_meter_is_fitted_later_and_the_meter_exchanged(flat, browse):
    page = browse(flat.url)
    read_meters(page)
    assert not any("Gas" in line for line in panel(flat))
    tab(page, "Changes")
    page.get_by_role("button", name="Gas meter fitted").click()
    page.locator("#meters dt", has_text="Gas").wait_for()
    page.locator("[data-speed='300']").click()
    shows(page, "Gas  ")
    # A second one is refused, in words.
    page.get_by_role("button", name="Gas meter fitted").click()
    page.locator("#refusal", has_text="this home already has a gas meter").wait_for()
    page.get_by_role("button", name="Meter exchanged").click()
    page.locator("#meters dd", has_text="21E0093388").wait_for()
    # Its own register, which begins at nothing; and the tariff is what this home began with.
    assert dict(flat.state()["meters"])["Electricity"].startswith("0.")
    tab(page, "House")
    assert page.locator("[data-control=tariff]").input_value() == "electricity-only"
    page.get_by_text("Compare the number on the panel").wait_for(timeout=60_000)
    shows(page, "093388")
    page.get_by_role("button", name="OK", exact=True).click()
    page.get_by_text("The display reads your meters").wait_for()
    # Its register begins at nothing.
    speed(page, "10x")
    turn_to(page, "Electricity  00000.")


def test_the_household_moves_and_takes_the_display(home, browse):
    page = browse(home.url)
    read_meters(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the supplier's website").click()
    site = opened.value
    site.get_by_role("button", name="Sign in").click()
    site.get_by_text("1200000000011").wait_for()
    tab(page, "Changes")
    page.get_by_label("House moved", exact=True).select_option("solar")
    page.get_by_role("button", name="House moved: go").click()
    # The page says what to do, and the supplier knows where they live now, and of no device there.
    page.get_by_text("You have moved house and taken the display with you").wait_for()
    site.get_by_text("2000000000033").wait_for()
    site.get_by_role("link", name="See my devices").click()
    site.get_by_text("None yet.").wait_for()
    page.locator("#meters dd", has_text="19L3127755").wait_for()
    shows(page, "Lost the meter network")
    page.get_by_role("button", name="Factory reset").click()
    page.get_by_text("The panel shows two codes.").wait_for()
    shows(page, "Install code")
    site.get_by_role("link", name="Add a device").first.click()
    assert site.locator("#mpan").input_value() == "2000000000033"
    site.get_by_role("button", name="Scan the code with your phone").click()
    site.locator("#scanned", has_text="The code has been read").wait_for()
    site.locator("#consent").check()
    site.get_by_role("button", name="Add this device").click()
    page.get_by_text("Compare the number on the panel").wait_for(timeout=60_000)
    shows(page, "127755")
    page.get_by_role("button", name="OK", exact=True).click()
    page.get_by_text("The display reads your meters").wait_for()
    held = home.until(lambda now: any(name == "Meter number" for name, _ in now["meters"]))
    assert dict(held["meters"])["Meter number"] == "19L3127755"
    turn_to(page, "Electricity  17302.")
    # Nothing of the old home's is left in it.
    speed(page, "max")
    home.until(lambda now: now["elapsed_s"] > held["elapsed_s"] + 2400, 60)
    packed = zipfile.ZipFile(io.BytesIO(home.get("/download/history.zip")[1]))
    moved = next(at for at, name, _ in home.replay()["steps"] if name == "change-house-moved") / 1e6
    rows = list(csv.DictReader(io.StringIO(packed.read("half-hours.csv").decode())))
    assert rows and min(row["utc_start"] for row in rows) >= f"2026-05-12T{_half_hour(10 * 3600 + 50 * 60 + moved)}Z"


def _half_hour(seconds):
    at = int(seconds) // 1800 * 1800
    return f"{at // 3600:02d}:{at % 3600 // 60:02d}"


@pytest.fixture
def early(tmp_path):
    """A winter's morning, before anybody is up."""
    with serving(tmp_path / "run", "--home", "credit-flat", "--start", "2027-01-12T06:20") as served:
        yield served


def test_a_day_of_sample_load_and_how_fast_it_goes(early, browse):
    page = browse(early.url)
    read_meters(page)
    says = page.locator("#in-sample-day-says")
    page.get_by_role("switch", name="Play a typical day").click()
    says.filter(has_text="of 24 h").wait_for()
    assert page.locator("[data-speed]").all_inner_texts() == [
        *(f"{times}{TIMES}" for times in (1, 10, 60, 300, 3600)), "max",
    ]  # fmt: skip
    # Slow enough for a machine that has other things to do.
    speed(page, "10x")
    page.locator("#pace", has_text=re.compile(rf"running at (9|10|11){TIMES}")).wait_for()
    before = early.state()
    speed(page, "3600x")
    # Whatever this machine can, the page says that and no more: no slower speed is called the one that was asked for.
    early.until(lambda now: now["elapsed_s"] > before["elapsed_s"] + 3600, 100)
    page.wait_for_function("() => /limited|running/.test(document.getElementById('pace').textContent)")
    first, since = early.state(), time.monotonic()
    time.sleep(4)
    second, took = early.state(), time.monotonic() - since
    rate, words = second["pace"], page.locator("#pace").inner_text()
    assert 0.5 < rate * took / (second["elapsed_s"] - first["elapsed_s"]) < 2
    assert words.startswith("limited to" if rate < 0.85 * 3600 else "running at"), (rate, words)
    # Shower, kettle, toaster, light and heating
    page.locator("#story summary", has_text="Shower on").wait_for()
    assert float(re.search(r"([\d.]+) kWh used", says.inner_text())[1]) > 1.1
    assert float(re.search(r"([\d.]+) m. of gas", says.inner_text())[1]) > 0.8
    page.get_by_role("switch", name="Play a typical day").click()
    says.filter(has_text="The day was stopped.").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.locator("#pace", has_text="paused").wait_for()


def test_a_home_begins_when_it_is_told_to(home, browse):
    page = browse(home.url)
    tab(page, "New home")
    page.get_by_label("Start on").select_option("A winter morning")
    assert page.get_by_label("Day", exact=True).input_value() == "2027-01-12"
    page.get_by_label("Day", exact=True).fill("2027-03-28")
    page.get_by_label("Time", exact=True).fill("01:30")
    page.get_by_role("button", name="Start this home").click()
    page.locator("#new-start-error", has_text="there is no 01:30").wait_for()
    assert page.get_by_label("Time", exact=True).get_attribute("aria-invalid") == "true"
    page.get_by_label("Day", exact=True).fill("1999-12-31")
    page.get_by_role("button", name="Start this home").click()
    page.locator("#new-start-error", has_text="from 1 January 2024 to 31 December 2033").wait_for()
    run = home.state()["run"]
    page.get_by_label("Start on").select_option("The night when the clocks go back")
    page.get_by_role("button", name="Start this home").click()
    page.locator("#date", has_text="24 Oct 2026").wait_for()
    page.locator("#clock", has_text="22:00").wait_for()
    assert home.state()["run"] != run
    # It is in the link that plays this run again, and in the form when it is opened anew.
    assert home.replay()["settings"]["start_us"] == 1_792_875_600_000_000
    tab(page, "House")
    tab(page, "New home")
    assert page.get_by_label("Start on").input_value() == "2026-10-24T22:00"
    home.do("replay", home.replay())
    home.until(lambda now: now["run"] != run and now["utc"].startswith("2026-10-24T21:00"))


@pytest.mark.parametrize("speed_", ["60x", "max"])
def test_a_click_is_a_click_at_any_speed(waiting, browse, speed_):
    page = browse(waiting.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    speed(page, speed_)
    page.get_by_role("button", name="OK", exact=True).click(delay=300)
    waiting.until(lambda now: now["speed"] == (None if speed_ == "max" else 60))
    speed(page, "1x")
    (down, _, first), (up, _, second) = waiting.replay()["steps"][-2:]
    assert (first["down"], second["down"]) == (True, False)
    assert 0.2 < (up - down) / 1e6 < 2


def test_the_code_opens_the_form_filled_in(waiting, browse):
    page = browse(waiting.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Scan the code with a phone").click()
    site = opened.value
    site.get_by_role("button", name="Sign in").click()
    site.locator("#scanned", has_text="The code has been read").wait_for()
    assert site.locator("#install_code").input_value().replace(" ", "") == waiting.code["install_code"]
    # The words of the code, as another camera gives them, do as well.
    site.locator("#install_code").fill("")
    site.locator("#eui64").fill(f"Z:{waiting.code['eui64'].lower()}$I:{waiting.code['install_code']}")
    for field in ("eui64", "install_code"):
        assert site.locator(f"#{field}").input_value().replace(" ", "") == waiting.code[field]


@pytest.mark.slow
def test_a_neighbours_hub_comes_and_goes(home, browse):
    page = browse(home.url, **PHONE)
    tab(page, "Air")
    lets_in = page.get_by_role("switch", name="Accepts any device")
    lets_in.tap()
    page.locator("#refusal", has_text="There is no neighbour's hub at the moment.").wait_for()
    assert lets_in.get_attribute("aria-checked") == "false"
    page.get_by_role("switch", name="Neighbour's hub").tap()
    home.until(lambda now: now["values"]["neighbour"])
    lets_in.tap()
    home.until(lambda now: now["values"]["neighbour-open"])
    speed(page, "10x")
    page.locator("#story summary", has_text="Beacon: open").first.wait_for()
