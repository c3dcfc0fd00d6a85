"""What the page calls Smart Energy attributes and commands, against Wireshark's own tables."""

import re
import subprocess

import pytest

from host_tools.sim.trace.attributes import NAMES
from host_tools.sim.trace.words import COMMANDS

CLUSTERS = {
    "price": 0x0700, "met": 0x0702, "msg": 0x0703, "pp": 0x0705, "calendar": 0x0707, "device_management": 0x0708,
    "events": 0x0709, "ke": 0x0800,
}  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    """{(field's last word, cluster): {number: name}} of what Wireshark calls things."""
    found = {}
    text = subprocess.run(["tshark", "-G", "values"], capture_output=True, text=True, check=True, timeout=60).stdout
    for line in text.splitlines():
        match = re.fullmatch(r"V\tzbee_zcl_se\.(\w+)\.(attr_id|cmd\.srv_[rt]x\.id)\t(\w+)\t(.*)", line)
        if match and match[1] in CLUSTERS:
            found.setdefault((match[2], CLUSTERS[match[1]]), {})[int(match[3], 0)] = match[4]
    return found


def plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


@pytest.mark.parametrize("cluster", NAMES)
def test_an_attribute_is_called_what_wireshark_calls_it(cluster, tables):
    theirs = tables["attr_id", cluster]
    for number, name in NAMES[cluster].items():
        assert plain(theirs[number]) == plain(name), (hex(cluster), hex(number))


@pytest.mark.parametrize("cluster", CLUSTERS.values())
def test_a_command_is_called_what_wireshark_calls_it(cluster, tables):
    ours = {(to_client, number): name for (of, to_client, number), (name, _) in COMMANDS.items() if of == cluster}
    assert ours
    for (to_client, number), name in ours.items():
        theirs = tables[f"cmd.srv_{'tx' if to_client else 'rx'}.id", cluster]
        assert plain(theirs[number]) == plain(name), (hex(cluster), to_client, number)
